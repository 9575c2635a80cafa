package setup

import (
	"bytes"
	"encoding/json"
	"maps"
	"reflect"
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

// toObject converts a value of this program to the object that it is in JSON.
func toObject(value any) object {
	return must(decode[object](encode(value, "")))
}

// must returns a value of this program that always decodes.
func must[T any](value T, err error) T {
	if err != nil {
		panic(err) // the tests fail first
	}
	return value
}

// encode writes JSON with <, > and & as they are. It panics on a value that is no JSON: decoded JSON always is.
func encode(value any, indent string) []byte {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", indent)
	if err := encoder.Encode(value); err != nil {
		panic(err)
	}
	return text.Bytes()
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

// compared are the fields of which Run sets some and the user the others.
var compared = map[Kind][]string{
	Blueprint: {"title", "icon", "schema", "mirrorProperties", "calculationProperties", "aggregationProperties", "relations"},
	Webhook:   {"title", "description", "icon", "enabled", "mappings"},
}

// difference compares what Port has with what Run makes, as a unified diff with sorted keys. It returns "" if both mean the
// same. What Run doesn't set is ignored, except in blueprints and webhooks.
func difference(kind Kind, existing, wanted object) string {
	fields := compared[kind]
	if fields == nil {
		existing, fields = restrict(existing, wanted).(object), sortedKeys(wanted)
	}
	return unifiedDiff(existing, wanted, fields...)
}

// restrict returns a value without what Port adds to the wanted one.
func restrict(value, wanted any) any {
	switch existing := value.(type) {
	case object:
		kept := make(object)
		fields, _ := wanted.(object)
		for name, inner := range fields {
			if found, exists := existing[name]; exists {
				kept[name] = restrict(found, inner)
			}
		}
		return kept
	case []any:
		items, _ := wanted.([]any)
		kept := slices.Clone(existing)
		for i := range min(len(kept), len(items)) {
			kept[i] = restrict(kept[i], items[i])
		}
		return kept
	}
	return value
}

// unifiedDiff compares some fields of two objects.
func unifiedDiff(existing, wanted object, fields ...string) string {
	var texts [2][]byte
	for i, o := range []object{existing, wanted} {
		part := make(object)
		for _, field := range fields {
			part[field] = o[field]
		}
		texts[i] = encode(normalize(part, nil, nil), "  ")
	}
	text := string(diff.Diff("in Port", texts[0], "built-in", texts[1]))
	_, lines, _ := strings.Cut(text, "\n") // the first one repeats both names
	return lines
}

// meansTheSame compares two values of a field of a blueprint or webhook.
func meansTheSame(field string, a, b any) bool {
	return unifiedDiff(object{field: a}, object{field: b}, field) == ""
}

// portDefaults are fields that mean the same as missing ones, by the field that holds the objects with them. The value may
// also be the type of an object.
var portDefaults = map[string]object{
	"aggregationProperties": {"type": "number"},
	"mappings":              {"filter": "true", "operation": "create"},
}

// normalize drops from objects what means the same as a missing field: null and empty values, and Port's defaults.
// defaults are those of the value, and inner those of the values in it.
func normalize(value any, defaults, inner object) any {
	switch value := value.(type) {
	case object:
		kept := make(object)
		for name, field := range value {
			standard, known := defaults[name]
			isDefault := known && (field == standard || child(value, name)["type"] == standard)
			if field = normalize(field, inner, portDefaults[name]); !isDefault && !isEmpty(field) {
				kept[name] = field
			}
		}
		return kept
	case []any:
		kept := make([]any, len(value))
		for i, item := range value {
			kept[i] = normalize(item, inner, nil)
		}
		return kept
	case json.Number:
		if number, err := value.Float64(); err == nil {
			return number
		}
	}
	return value
}

func isEmpty(value any) bool {
	v := reflect.ValueOf(value)
	switch v.Kind() {
	case reflect.String, reflect.Slice, reflect.Map:
		return v.Len() == 0
	}
	return value == nil
}
