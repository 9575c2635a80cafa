package mapper

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/codecov-port/codecov-port/pkg/mapper/jq"
)

// ParsePayload parses a payload as Codecov's webhook sends it, or as Port stores it, below "body". The result has the
// "body", and values for Map. The error names the line if the JSON is invalid.
func ParsePayload(data []byte) (map[string]any, error) {
	var document json.RawMessage
	if err := decodeWhole(data, &document); err != nil {
		return nil, fmt.Errorf("payload: %w", err)
	}
	if found := kind(document); found != "an object" {
		return nil, fmt.Errorf("payload: expected an object, found %s", found)
	}
	decoder := json.NewDecoder(bytes.NewReader(document))
	decoder.UseNumber()
	var object map[string]any
	if err := decoder.Decode(&object); err != nil {
		return nil, fmt.Errorf("payload: %w", err)
	}
	for name, value := range object {
		object[name] = jq.Plain(value)
	}
	if _, wrapped := object["body"]; !wrapped {
		object = map[string]any{"body": object}
	}
	return object, nil
}
