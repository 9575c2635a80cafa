package setup

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/rogpeppe/go-internal/diff"

	"github.com/codecov-port/codecov-port/pkg/port"
)

func diffBlueprints(existing, wanted json.RawMessage) (string, error) {
	return unifiedDiff(existing, wanted, "title", "icon", "schema", "mirrorProperties", "calculationProperties", "aggregationProperties", "relations")
}

func diffWebhooks(existing, wanted port.Webhook) (string, error) {
	text, err := json.Marshal(existing)
	if err != nil {
		return "", err
	}
	wantedText, err := json.Marshal(wanted)
	if err != nil {
		return "", err
	}
	return unifiedDiff(text, wantedText, "title", "description", "icon", "enabled", "mappings")
}

// unifiedDiff compares some fields of two JSON objects, with sorted keys. It returns "" if they mean the same.
func unifiedDiff(existing, wanted json.RawMessage, fields ...string) (string, error) {
	old, err := normalize(existing, fields)
	if err != nil {
		return "", fmt.Errorf("read it: %w", err)
	}
	built, err := normalize(wanted, fields)
	if err != nil {
		return "", fmt.Errorf("read the built-in: %w", err)
	}
	text := string(diff.Diff("in Port", old, "built-in", built))
	_, lines, _ := strings.Cut(text, "\n") // the first one repeats both names
	return lines, nil
}

// normalize writes the fields so that objects with one meaning have one text.
func normalize(document json.RawMessage, fields []string) ([]byte, error) {
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

// dropDefaults drops values that Port assumes for a missing field.
func dropDefaults(part map[string]any) {
	mappings, _ := part["mappings"].([]any)
	for _, item := range mappings {
		entry, _ := item.(map[string]any)
		if entry["filter"] == "true" {
			delete(entry, "filter")
		}
		if operation(entry["operation"]) == "create" {
			delete(entry, "operation")
		}
	}
	aggregations, _ := part["aggregationProperties"].(map[string]any)
	for _, item := range aggregations {
		if aggregation, _ := item.(map[string]any); aggregation["type"] == "number" {
			delete(aggregation, "type")
		}
	}
}

// withoutEmpty drops null and empty values from objects: they mean the same as a missing field.
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

// encode writes JSON with <, > and & as they are.
func encode(value any, indent string) ([]byte, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", indent)
	err := encoder.Encode(value)
	return text.Bytes(), err
}
