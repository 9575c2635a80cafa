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

// compareWebhooks returns the entries of the built-in mapping for whose blueprint the webhook has none, and the patch
// that appends them.
func compareWebhooks(existing port.Webhook) (missing []string, patch json.RawMessage, err error) {
	entries, err := readEntries(existing.Mappings)
	if err != nil {
		return nil, nil, err
	}
	builtin, err := readEntries(mapper.BuiltinMappingJSON())
	if err != nil {
		return nil, nil, err
	}
	var whole []json.RawMessage
	for _, e := range entries {
		whole = append(whole, e.document)
	}
	for _, e := range builtin {
		if !writes(entries, e.blueprint) {
			missing = append(missing, "entry for "+e.blueprint)
			whole = append(whole, e.document)
		}
	}
	patch, err = encode(map[string]any{"mappings": whole}, "")
	return missing, patch, err
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
