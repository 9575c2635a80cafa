package setup

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// declarations are the parts of a blueprint that something can be added to, each by its identifier and as Port has it.
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

// blueprintLacks tells what of a wanted blueprint Port's does not declare, and gives the patch that adds it; nil where
// there is nothing to add. A property whose identifier is taken by one of another kind is not lacking. The patch names
// each part that it adds to as a whole, as it will be: so nothing is lost, whether Port merges or replaces it.
func blueprintLacks(held, wanted json.RawMessage) (lacks []string, patch json.RawMessage, err error) {
	var have, want declarations
	if err := json.Unmarshal(held, &have); err != nil {
		return nil, nil, fmt.Errorf("read what Port has: %w", err)
	}
	if err := json.Unmarshal(wanted, &want); err != nil {
		return nil, nil, fmt.Errorf("read the built-in: %w", err)
	}
	properties := []named{have.Schema.Properties, have.Mirrors, have.Calculations, have.Aggregations}
	parts := make(map[string]any)
	add := func(part, what string, have, want named, taken ...named) {
		missing := want.missing(taken...)
		if len(missing) == 0 {
			return
		}
		whole := make(named, len(have)+len(missing))
		maps.Copy(whole, have)
		for _, name := range missing {
			lacks = append(lacks, what+" "+name)
			whole[name] = want[name]
		}
		parts[part] = whole
	}
	add("schema", "property", have.Schema.Properties, want.Schema.Properties, properties...)
	add("calculationProperties", "calculation property", have.Calculations, want.Calculations, properties...)
	add("aggregationProperties", "aggregation property", have.Aggregations, want.Aggregations, properties...)
	add("relations", "relation", have.Relations, want.Relations, have.Relations)
	if whole, ok := parts["schema"]; ok {
		parts["schema"] = map[string]any{"properties": whole, "required": append([]string{}, have.Schema.Required...)}
	}
	if len(parts) == 0 {
		return nil, nil, nil
	}
	patch, err = encode(parts, "")
	return lacks, patch, err
}

// missing lists the names, sorted, that none of the others has.
func (n named) missing(others ...named) []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(n)), func(name string) bool {
		return slices.ContainsFunc(others, func(other named) bool {
			_, taken := other[name]
			return taken
		})
	})
}
