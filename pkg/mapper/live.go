package mapper

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
)

// ParsePayload reads a payload as Codecov's webhook sends it, or as Port keeps it, with "body" around it. What comes
// out has the "body", and values of the types that Map takes. The error tells the line where the JSON is broken.
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
		object[name] = plain(value)
	}
	if _, wrapped := object["body"]; !wrapped {
		object = map[string]any{"body": object}
	}
	return object, nil
}

// Live gives the mapping for payloads that Codecov's webhook has sent: in them nothing is unknown, and what is not
// there is null, as it is for Port.
func (m *Mapping) Live() *Mapping {
	live := &Mapping{timeout: m.timeout, entries: slices.Clone(m.entries)}
	for i := range live.entries {
		live.entries[i] = live.entries[i].live()
	}
	return live
}

func (e entry) live() entry {
	for _, x := range []**expression{&e.filter, &e.items, &e.identifier, &e.title, &e.icon, &e.team} {
		*x = (*x).live()
	}
	e.properties, e.relations = liveFields(e.properties), liveFields(e.relations)
	e.traits = traits{perCommit: e.traits.perCommit}
	return e
}

func liveFields(fields []field) []field {
	fields = slices.Clone(fields)
	for i := range fields {
		fields[i].expression = fields[i].live()
	}
	return fields
}

func (x *expression) live() *expression {
	if x == nil {
		return nil
	}
	known := *x
	known.unknown = false
	return &known
}
