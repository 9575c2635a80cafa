package setup

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// declarations are the parts of a blueprint that can be added to, by identifier and as Port writes them.
type declarations struct {
	Schema struct {
		Properties named    `json:"properties"`
		Required   []string `json:"required"`
	} `json:"schema"`
	Mirrors      named `json:"mirrorProperties"`
	Calculations named `json:"calculationProperties"`
	Aggregations named `json:"aggregationProperties"`
	Relations    named `json:"relations"`
}

type named map[string]json.RawMessage

// compareBlueprints returns what the existing blueprint doesn't declare of the wanted one, and the patch that adds it.
// A property is not missing if its identifier is used by one of another kind. The patch holds each changed part whole,
// so that nothing is lost whether Port merges or replaces it.
func compareBlueprints(existing, wanted json.RawMessage) (missing []string, patch json.RawMessage, err error) {
	var have, want declarations
	if err := json.Unmarshal(existing, &have); err != nil {
		return nil, nil, fmt.Errorf("read it: %w", err)
	}
	if err := json.Unmarshal(wanted, &want); err != nil {
		return nil, nil, fmt.Errorf("read the built-in: %w", err)
	}
	properties := []named{have.Schema.Properties, have.Mirrors, have.Calculations, have.Aggregations}
	parts := make(map[string]any)
	for _, part := range []struct {
		field, title string
		have, want   named
		used         []named
	}{
		{"schema", "property", have.Schema.Properties, want.Schema.Properties, properties},
		{"calculationProperties", "calculation property", have.Calculations, want.Calculations, properties},
		{"aggregationProperties", "aggregation property", have.Aggregations, want.Aggregations, properties},
		{"relations", "relation", have.Relations, want.Relations, []named{have.Relations}},
	} {
		names := part.want.without(part.used)
		if len(names) == 0 {
			continue
		}
		whole := make(named)
		maps.Copy(whole, part.have)
		for _, name := range names {
			missing = append(missing, part.title+" "+name)
			whole[name] = part.want[name]
		}
		parts[part.field] = whole
	}
	if properties, ok := parts["schema"]; ok {
		parts["schema"] = map[string]any{"properties": properties, "required": append([]string{}, have.Schema.Required...)}
	}
	patch, err = encode(parts, "")
	return missing, patch, err
}

// without returns the sorted names that none of the others has.
func (n named) without(others []named) []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(n)), func(name string) bool {
		return slices.ContainsFunc(others, func(other named) bool {
			_, used := other[name]
			return used
		})
	})
}
