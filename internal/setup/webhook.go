package setup

import (
	"encoding/json"
	"fmt"
	"slices"

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

// missingEntries returns the blueprints of the built-in mapping that the mappings have no entry for.
func missingEntries(mappings json.RawMessage) ([]string, error) {
	entries, err := readEntries(mappings)
	if err != nil {
		return nil, err
	}
	var missing []string
	for _, e := range mapper.BuiltinMapping() {
		if !writes(entries, e.Blueprint) {
			missing = append(missing, "entry for "+e.Blueprint)
		}
	}
	return missing, nil
}

// addToMapping returns the mappings with what the options add: missing entries with Update, relations with RelateLive.
func (p *plan) addToMapping(mappings json.RawMessage) (added []string, patched json.RawMessage, err error) {
	entries, err := readEntries(mappings)
	if err != nil {
		return nil, nil, err
	}
	builtin, err := readEntries(mapper.BuiltinMappingJSON())
	if err != nil {
		return nil, nil, err
	}
	for _, e := range builtin {
		if p.options.Update && !writes(entries, e.blueprint) {
			added = append(added, "entry for "+e.blueprint)
			entries = append(entries, e)
		}
	}
	documents := make([]json.RawMessage, len(entries))
	for i, e := range entries {
		documents[i] = e.document
		if !p.options.RelateLive || e.blueprint != mapper.CurrentBlueprint || e.deletes {
			continue
		}
		for _, relation := range p.options.Relate {
			changed, err := withRelation(documents[i], relation.name(), relation.Identifier)
			if err != nil {
				return nil, nil, fmt.Errorf("entry %d: %w", i+1, err)
			}
			if changed != nil {
				added, documents[i] = append(added, fmt.Sprintf("relation %s in entry %d", relation.name(), i+1)), changed
			}
		}
	}
	patched, err = encode(documents, "")
	return added, patched, err
}

// withRelation returns an entry with a relation, or nil if it has one of this name.
func withRelation(document json.RawMessage, name, expression string) (json.RawMessage, error) {
	return changeRelations(document, func(relations map[string]json.RawMessage) (bool, error) {
		if _, exists := relations[name]; exists {
			return false, nil
		}
		text, err := encode(expression, "")
		relations[name] = text
		return true, err
	})
}

// changeRelations returns an entry after change has changed its relations, or nil if change reports false.
func changeRelations(document json.RawMessage, change func(map[string]json.RawMessage) (bool, error)) (json.RawMessage, error) {
	var entry, entity map[string]json.RawMessage
	relations := make(map[string]json.RawMessage)
	if err := json.Unmarshal(document, &entry); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(entry["entity"], &entity); err != nil {
		return nil, err
	}
	if len(entity["relations"]) > 0 {
		if err := json.Unmarshal(entity["relations"], &relations); err != nil {
			return nil, err
		}
	}
	changed, err := change(relations)
	if !changed || err != nil {
		return nil, err
	}
	if delete(entity, "relations"); len(relations) > 0 {
		if entity["relations"], err = encode(relations, ""); err != nil {
			return nil, err
		}
	}
	if entry["entity"], err = encode(entity, ""); err != nil {
		return nil, err
	}
	return encode(entry, "")
}

// entry is an entry of a webhook's mapping.
type entry struct {
	document  json.RawMessage // as Port has it
	blueprint string
	deletes   bool
}

// readEntries reads only what it needs of a mapping: the rest is the user's, and may be invalid.
func readEntries(mappings json.RawMessage) ([]entry, error) {
	var documents []json.RawMessage
	if len(mappings) > 0 {
		if err := json.Unmarshal(mappings, &documents); err != nil {
			return nil, fmt.Errorf("read its mapping: %w", err)
		}
	}
	entries := make([]entry, len(documents))
	for i, document := range documents {
		var fields struct {
			Blueprint string `json:"blueprint"`
			Operation any    `json:"operation"` // a string, or {"type": …}
		}
		if err := json.Unmarshal(document, &fields); err != nil {
			return nil, fmt.Errorf("read entry %d of its mapping: %w", i+1, err)
		}
		entries[i] = entry{document, fields.Blueprint, operation(fields.Operation) == "delete"}
	}
	return entries, nil
}

// operation returns the type of an entry's operation.
func operation(value any) any {
	if object, ok := value.(map[string]any); ok {
		return object["type"]
	}
	return value
}

func writes(entries []entry, blueprint string) bool {
	return slices.ContainsFunc(entries, func(e entry) bool { return e.blueprint == blueprint && !e.deletes })
}
