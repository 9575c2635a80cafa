package mapper

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"go.yaml.in/yaml/v3"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"

	"github.com/codecov-port/codecov-port/pkg/mapper/jq"
)

// ParsePayload parses a payload as Codecov's webhook sends it, or as Port stores it, below "body". The result has the
// "body", and values for Map. The error names the line if the JSON is invalid.
func ParsePayload(data []byte) (map[string]any, error) {
	data, err := asUTF8(data)
	if err != nil {
		return nil, fmt.Errorf("payload: %w", err)
	}
	document, err := decodeJSON(data)
	if err != nil {
		return nil, fmt.Errorf("payload: %w", err)
	}
	object, ok := jq.Input(document).(map[string]any)
	if !ok {
		return nil, fmt.Errorf("payload: expected an object, found %s", kind(document))
	}
	if _, wrapped := object["body"]; !wrapped {
		object = map[string]any{"body": object}
	}
	return object, nil
}

// decodeMapping decodes JSON or YAML. A bare word or number in YAML is an expression: filter: true is the expression
// "true".
func decodeMapping(data []byte) (any, error) {
	data, err := asUTF8(data)
	if err != nil {
		return nil, err
	}
	if text := bytes.TrimSpace(data); len(text) == 0 || strings.IndexByte(`[{"`, text[0]) >= 0 {
		return decodeJSON(data)
	}
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var document any
	if err := decoder.Decode(&document); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("neither JSON nor YAML: %w", err)
	}
	if err := decoder.Decode(new(any)); !errors.Is(err, io.EOF) {
		return nil, errors.New("there is more than one YAML document")
	}
	return withTexts(document), nil
}

// asUTF8 removes a byte order mark, as editors on Windows write it, and converts UTF-16 with one.
func asUTF8(data []byte) ([]byte, error) {
	text, _, err := transform.Bytes(unicode.BOMOverride(encoding.Nop.NewDecoder()), data)
	return text, err
}

func decodeJSON(data []byte) (document any, err error) {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	if err := decoder.Decode(&document); err != nil {
		return nil, jsonError(data, err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("unexpected data after the JSON value")
	}
	return document, nil
}

// jsonError adds the line of a syntax error.
func jsonError(data []byte, err error) error {
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &syntax):
		before := data[:min(int(syntax.Offset), len(data))]
		return fmt.Errorf("line %d: %w", 1+bytes.Count(before, []byte("\n")), err)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("unexpected end of the JSON")
	default:
		return err
	}
}

// withTexts converts the keys and scalars of a decoded YAML value to strings; null stays null.
func withTexts(value any) any {
	switch v := value.(type) {
	case nil, string:
		return v
	case []any:
		for i, item := range v {
			v[i] = withTexts(item)
		}
		return v
	case map[string]any:
		for key, inner := range v {
			v[key] = withTexts(inner)
		}
		return v
	case map[any]any:
		object := make(map[string]any, len(v))
		for key, inner := range v {
			object[fmt.Sprint(key)] = withTexts(inner)
		}
		return object
	default:
		return fmt.Sprint(v)
	}
}

// kind names the type of a decoded JSON value.
func kind(value any) string {
	switch value.(type) {
	case nil:
		return "null"
	case map[string]any:
		return "an object"
	case []any:
		return "an array"
	case string:
		return "a string"
	case bool:
		return "a boolean"
	default:
		return "a number"
	}
}
