package setup

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/diff"
)

// object is a decoded JSON object. Numbers are json.Number, so that what is the user's is written as it was read.
type object = map[string]any

// decode reads one JSON value.
func decode[T any](document []byte) (value T, err error) {
	decoder := json.NewDecoder(bytes.NewReader(document))
	decoder.UseNumber()
	err = decoder.Decode(&value)
	return value, err
}

// toObject converts a value to the object that it is in JSON.
func toObject(value any) (object, error) {
	document, err := json.Marshal(value)
	if err != nil {
		return nil, err
	}
	return decode[object](document)
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

// child returns an object within an object, or an empty one.
func child(o object, names ...string) object {
	for _, name := range names {
		o, _ = o[name].(object)
	}
	if o == nil {
		return object{}
	}
	return o
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// unifiedDiff compares some fields of two objects, with sorted keys. It returns "" if they mean the same.
func unifiedDiff(existing, wanted object, fields ...string) (string, error) {
	var texts [2][]byte
	for i, o := range []object{existing, wanted} {
		part := make(object)
		for _, field := range fields {
			part[field] = o[field]
		}
		var err error
		if texts[i], err = encode(normalize(part, ""), "  "); err != nil {
			return "", err
		}
	}
	text := string(diff.Diff("in Port", texts[0], "built-in", texts[1]))
	_, lines, _ := strings.Cut(text, "\n") // the first one repeats both names
	return lines, nil
}

// meansTheSame compares two values of a field of a blueprint or webhook.
func meansTheSame(field string, a, b any) bool {
	difference, err := unifiedDiff(object{field: a}, object{field: b}, field)
	return difference == "" && err == nil
}

// normalize drops from objects what means the same as a missing field: null and empty values, and Port's defaults. parent
// is the name of the field that holds the value.
func normalize(value any, parent string) any {
	switch value := value.(type) {
	case object:
		kept := make(object)
		for name, inner := range value {
			if parent == "aggregationProperties" {
				inner = withoutDefaults(inner, "type", "number")
			}
			if inner = normalize(inner, name); !isEmpty(inner) {
				kept[name] = inner
			}
		}
		return kept
	case []any:
		kept := make([]any, len(value))
		for i, item := range value {
			if parent == "mappings" {
				item = withoutDefaults(withoutDefaults(item, "filter", "true"), "operation", "create")
			}
			kept[i] = normalize(item, "")
		}
		return kept
	}
	return value
}

// withoutDefaults drops a field of an object if it has this value, or is an object with this type.
func withoutDefaults(value any, field, standard string) any {
	o, ok := value.(object)
	if !ok || o[field] != standard && child(o, field)["type"] != standard {
		return value
	}
	o = maps.Clone(o)
	delete(o, field)
	return o
}

func isEmpty(value any) bool {
	switch value := value.(type) {
	case nil:
		return true
	case string:
		return value == ""
	case []any:
		return len(value) == 0
	case object:
		return len(value) == 0
	}
	return false
}

// contains reports whether a value has everything that another one has: Port adds fields of its own. Arrays must have the
// same length.
func contains(value, other any) bool {
	switch other := other.(type) {
	case object:
		o, ok := value.(object)
		for name, inner := range other {
			ok = ok && contains(o[name], inner)
		}
		return ok
	case []any:
		array, ok := value.([]any)
		ok = ok && len(array) == len(other)
		for i := 0; ok && i < len(other); i++ {
			ok = contains(array[i], other[i])
		}
		return ok
	case json.Number:
		number, _ := value.(json.Number)
		a, err := number.Float64()
		b, _ := other.Float64()
		return err == nil && a == b
	}
	return value == other
}
