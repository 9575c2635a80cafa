package setup

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	"github.com/codecov-port/codecov-port/pkg/mapper"
	"github.com/codecov-port/codecov-port/pkg/port"
)

// builtinWebhook returns the webhook of Port's Codecov guide, with the built-in mapping.
func builtinWebhook() port.Webhook {
	return port.Webhook{
		Identifier:  mapper.WebhookIdentifier,
		Title:       "Codecov Mapper",
		Description: "A webhook configuration to map Codecov coverage to Port",
		Icon:        "Git",
		Enabled:     true,
		Mappings:    mapper.BuiltinMappingJSON(),
	}
}

// LiveExtendsHistory reports whether payloads that arrive at the webhook add entities to mapper.HistoryBlueprint.
func LiveExtendsHistory(webhook port.Webhook) bool {
	entries, err := readEntries(webhook.Mappings)
	return err == nil && webhook.Enabled && writes(entries, mapper.HistoryBlueprint)
}

// readEntries reads the entries of a webhook's mapping as they are: they are the user's, and may be invalid.
func readEntries(mappings json.RawMessage) ([]object, error) {
	if len(mappings) == 0 {
		return nil, nil
	}
	entries, err := decode[[]object](mappings)
	if err != nil {
		return nil, fmt.Errorf("read its mapping: %w", err)
	}
	return entries, nil
}

func deletes(entry object) bool {
	return entry["operation"] == "delete" || child(entry, "operation")["type"] == "delete"
}

func writes(entries []object, blueprint string) bool {
	return slices.ContainsFunc(entries, func(e object) bool { return e["blueprint"] == blueprint && !deletes(e) })
}

// addToMapping returns the entries with what the options add: missing entries with Update, relations with RelateLive. It
// also returns what is still missing of the built-in.
func (p *plan) addToMapping(mappings json.RawMessage) (entries []object, added, missing []string, err error) {
	if entries, err = readEntries(mappings); err != nil {
		return nil, nil, nil, err
	}
	for _, e := range must(readEntries(mapper.BuiltinMappingJSON())) {
		if writes(entries, e["blueprint"].(string)) {
			continue
		}
		if title := fmt.Sprintf("entry for %s", e["blueprint"]); p.options.Update {
			entries, added = append(entries, e), append(added, title)
		} else {
			missing = append(missing, title)
		}
	}
	for i, e := range entries {
		if !p.options.RelateLive || e["blueprint"] != mapper.CurrentBlueprint || deletes(e) {
			continue
		}
		entity := child(e, "entity")
		relations := child(entity, "relations")
		for _, relation := range p.options.Relate {
			if _, exists := relations[relation.name()]; !exists {
				relations[relation.name()] = relation.Identifier
				entity["relations"], e["entity"] = relations, entity
				added = append(added, fmt.Sprintf("relation %s in entry %d", relation.name(), i+1))
			}
		}
	}
	return entries, added, missing, nil
}

const notification = `coverage:
  notify:
    webhook:
      default:
        only_pulls: false
        url: `

// YAML returns what Codecov's global YAML needs to post new coverage to the webhook, limited to some branches if any are
// named. only_pulls: false includes builds of branches without a pull request. Every escape of Go is one of YAML, too.
func YAML(webhookURL string, branches []string) string {
	text := notification + strconv.Quote(webhookURL) + "\n"
	if len(branches) > 0 {
		text += "        branches:\n"
	}
	for _, branch := range branches {
		text += "          - " + strconv.Quote(branch) + "\n"
	}
	return text
}
