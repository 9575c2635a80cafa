package setup

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/codecov-port/codecov-port/pkg/mapper"
	"github.com/codecov-port/codecov-port/pkg/port"
)

// builtinWebhook is the one of Port's guide, with the built-in mapping.
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

// LiveExtendsHistory tells whether what comes in by the webhook adds entities to mapper.HistoryBlueprint.
func LiveExtendsHistory(webhook port.Webhook) bool {
	entries, err := readEntries(webhook.Mappings)
	return err == nil && webhook.Enabled && writes(entries, mapper.HistoryBlueprint)
}

// webhookLacks tells for which blueprints of the built-in mapping the webhook has no entry, and gives the patch that
// adds them behind its own; nil where there is nothing to add.
func webhookLacks(held port.Webhook) (lacks []string, patch json.RawMessage, err error) {
	entries, err := readEntries(held.Mappings)
	if err != nil {
		return nil, nil, err
	}
	builtin, err := readEntries(mapper.BuiltinMappingJSON())
	if err != nil {
		return nil, nil, err
	}
	whole := entries
	for _, e := range builtin {
		if !writes(entries, e.blueprint) {
			lacks = append(lacks, "entry for "+e.blueprint)
			whole = append(whole, e)
		}
	}
	if len(lacks) == 0 {
		return nil, nil, nil
	}
	patch, err = encode(map[string]any{"mappings": whole}, "")
	return lacks, patch, err
}

// entry is an entry of a webhook's mapping: as Port has it, and what it writes.
type entry struct {
	json.RawMessage
	blueprint string
	deletes   bool
}

// readEntries reads no more of a mapping than is needed: what else it holds is the user's.
func readEntries(mappings json.RawMessage) ([]entry, error) {
	var rows []json.RawMessage
	if len(mappings) > 0 {
		if err := json.Unmarshal(mappings, &rows); err != nil {
			return nil, fmt.Errorf("read its mapping: %w", err)
		}
	}
	entries := make([]entry, len(rows))
	for i, row := range rows {
		var fields struct {
			Blueprint string    `json:"blueprint"`
			Operation operation `json:"operation"`
		}
		if err := json.Unmarshal(row, &fields); err != nil {
			return nil, fmt.Errorf("read entry %d of its mapping: %w", i+1, err)
		}
		entries[i] = entry{row, fields.Blueprint, fields.Operation == "delete"}
	}
	return entries, nil
}

// operation is written as a string or as {"type": …}.
type operation string

// UnmarshalJSON reads both.
func (o *operation) UnmarshalJSON(data []byte) error {
	var advanced struct {
		Type string `json:"type"`
	}
	if json.Unmarshal(data, &advanced) == nil {
		*o = operation(advanced.Type)
		return nil
	}
	return json.Unmarshal(data, (*string)(o))
}

func writes(entries []entry, blueprint string) bool {
	return slices.ContainsFunc(entries, func(e entry) bool { return e.blueprint == blueprint && !e.deletes })
}
