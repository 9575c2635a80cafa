package setup

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/diff"

	"github.com/codecov-port/codecov-port/pkg/port"
)

// diffBlueprints gives the lines in which a blueprint of Port differs from a wanted one.
func diffBlueprints(held, wanted json.RawMessage) (string, error) {
	return difference(held, wanted, "title", "icon", "schema", "mirrorProperties", "calculationProperties", "aggregationProperties", "relations")
}

// diffWebhooks gives the lines in which a webhook of Port differs from a wanted one.
func diffWebhooks(held, wanted port.Webhook) (string, error) {
	text, err := json.Marshal(held)
	if err != nil {
		return "", err
	}
	wantedText, err := json.Marshal(wanted)
	if err != nil {
		return "", err
	}
	return difference(text, wantedText, "title", "description", "icon", "enabled", "mappings")
}

// difference compares some of the fields of two JSON objects, written with sorted keys.
func difference(held, wanted json.RawMessage, fields ...string) (string, error) {
	heldText, err := legible(held, fields)
	if err != nil {
		return "", fmt.Errorf("read what Port has: %w", err)
	}
	wantedText, err := legible(wanted, fields)
	if err != nil {
		return "", fmt.Errorf("read the built-in: %w", err)
	}
	text := string(diff.Diff("in Port", heldText, "built-in", wantedText))
	_, lines, _ := strings.Cut(text, "\n") // the first one names both again
	return lines, nil
}

// legible writes the fields so that what means the same reads the same.
func legible(document json.RawMessage, fields []string) ([]byte, error) {
	var whole map[string]any
	if err := json.Unmarshal(document, &whole); err != nil {
		return nil, err
	}
	part := make(map[string]any)
	for _, field := range fields {
		part[field] = whole[field]
	}
	dropDefaults(part)
	return encode(withoutEmpty(part), "  ")
}

// dropDefaults drops what Port takes a field for where it is left out.
func dropDefaults(part map[string]any) {
	for _, entry := range objects(part["mappings"]) {
		if entry["filter"] == "true" {
			delete(entry, "filter")
		}
		if operation, _ := entry["operation"].(map[string]any); operation["type"] == "create" || entry["operation"] == "create" {
			delete(entry, "operation")
		}
	}
	for _, aggregation := range objects(part["aggregationProperties"]) {
		if aggregation["type"] == "number" {
			delete(aggregation, "type")
		}
	}
}

// objects gives the objects among the items of an array or the values of an object.
func objects(value any) []map[string]any {
	items, _ := value.([]any)
	if object, ok := value.(map[string]any); ok {
		items = slices.Collect(maps.Values(object))
	}
	var found []map[string]any
	for _, item := range items {
		if object, ok := item.(map[string]any); ok {
			found = append(found, object)
		}
	}
	return found
}

// withoutEmpty drops from objects what is null or empty: it means the same as leaving it out.
func withoutEmpty(value any) any {
	switch value := value.(type) {
	case map[string]any:
		kept := make(map[string]any)
		for name, inner := range value {
			if inner = withoutEmpty(inner); !isEmpty(inner) {
				kept[name] = inner
			}
		}
		return kept
	case []any:
		for i, item := range value {
			value[i] = withoutEmpty(item)
		}
	}
	return value
}

func isEmpty(value any) bool {
	switch value := value.(type) {
	case nil:
		return true
	case string:
		return value == ""
	case []any:
		return len(value) == 0
	case map[string]any:
		return len(value) == 0
	}
	return false
}

// encode writes JSON as a person would: with <, > and & as they are.
func encode(value any, indent string) ([]byte, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", indent)
	err := encoder.Encode(value)
	return text.Bytes(), err
}
