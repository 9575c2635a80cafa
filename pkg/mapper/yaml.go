package mapper

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"go.yaml.in/yaml/v3"
)

// jsonOf returns a mapping's document as JSON, converted if it is YAML. A bare word or number in YAML is an expression:
// filter: true is the expression "true".
func jsonOf(data []byte) ([]byte, error) {
	if text := bytes.TrimSpace(data); len(text) == 0 || strings.IndexByte(`[{"`, text[0]) >= 0 {
		return data, nil
	}
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var document any
	if err := decoder.Decode(&document); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("neither JSON nor YAML: %w", err)
	}
	if err := decoder.Decode(new(any)); !errors.Is(err, io.EOF) {
		return nil, errors.New("there is more than one YAML document")
	}
	return json.Marshal(textual(document))
}

// textual converts the keys and scalars of a decoded YAML value to strings; null stays null.
func textual(value any) any {
	switch v := value.(type) {
	case nil, string:
		return v
	case []any:
		for i, item := range v {
			v[i] = textual(item)
		}
		return v
	case map[string]any:
		for key, inner := range v {
			v[key] = textual(inner)
		}
		return v
	case map[any]any:
		object := make(map[string]any, len(v))
		for key, inner := range v {
			object[fmt.Sprint(key)] = textual(inner)
		}
		return object
	default:
		return fmt.Sprint(v)
	}
}
