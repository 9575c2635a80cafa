package port

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/codecov-port/codecov-port/internal/fake/contract"
)

// declaration is what a blueprint says about its entities, and what it needs of other blueprints.
type declaration struct {
	Identifier string `json:"identifier"`
	Schema     struct {
		Properties map[string]*property `json:"properties"`
		Required   []string             `json:"required"`
	} `json:"schema"`
	Relations        map[string]relation `json:"relations"`
	MirrorProperties map[string]struct {
		Path string `json:"path"`
	} `json:"mirrorProperties"`
	CalculationProperties map[string]struct {
		Type string `json:"type"`
	} `json:"calculationProperties"`
	AggregationProperties map[string]aggregation `json:"aggregationProperties"`
}

type relation struct {
	Target   string `json:"target"`
	Required bool   `json:"required"`
	Many     bool   `json:"many"`
}

type aggregation struct {
	Target          string `json:"target"`
	CalculationSpec struct {
		Property string `json:"property"`
	} `json:"calculationSpec"`
}

// declare reads a blueprint's document, which the contract has passed.
func declare(document map[string]any) (*declaration, error) {
	encoded, err := json.Marshal(document)
	if err != nil {
		return nil, err
	}
	var d declaration
	if err := json.Unmarshal(encoded, &d); err != nil {
		return nil, err
	}
	properties, _ := document["schema"].(map[string]any)["properties"].(map[string]any)
	for name, p := range d.Schema.Properties {
		if p.schema, err = contract.Compile(properties[name]); err != nil {
			return nil, fmt.Errorf("body/schema/properties/%s: %w", name, err)
		}
	}
	return &d, nil
}

// check describes what does not hold together, within the blueprint and between it and the others.
func (d *declaration) check(others map[string]*blueprint) *failure {
	for _, name := range d.Schema.Required {
		if d.Schema.Properties[name] == nil {
			return invalidf("body/schema/required: property '%s' is not declared", name)
		}
	}
	known := func(identifier string) *declaration {
		if identifier == d.Identifier {
			return d
		}
		if other := others[identifier]; other != nil {
			return other.declaration
		}
		return nil
	}
	for _, name := range slices.Sorted(maps.Keys(d.Relations)) {
		if target := d.Relations[name].Target; known(target) == nil {
			return invalidf("body/relations/%s: target blueprint '%s' does not exist", name, target)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(d.MirrorProperties)) {
		relation, _, _ := strings.Cut(d.MirrorProperties[name].Path, ".")
		if _, ok := d.Relations[relation]; !ok {
			return invalidf("body/mirrorProperties/%s: path must begin with a relation", name)
		}
	}
	return d.checkAggregations(known)
}

func (d *declaration) checkAggregations(known func(string) *declaration) *failure {
	for _, name := range slices.Sorted(maps.Keys(d.AggregationProperties)) {
		a := d.AggregationProperties[name]
		target := known(a.Target)
		if target == nil {
			return invalidf("body/aggregationProperties/%s: target blueprint '%s' does not exist", name, a.Target)
		}
		if property := a.CalculationSpec.Property; property != "" && !target.isNumber(property) {
			return invalidf("body/aggregationProperties/%s: '%s' is not a number property of '%s'", name, property, a.Target)
		}
	}
	return nil
}

func (d *declaration) isNumber(name string) bool {
	if p := d.Schema.Properties[name]; p != nil {
		return p.Type == "number"
	}
	_, aggregated := d.AggregationProperties[name]
	return aggregated || d.CalculationProperties[name].Type == "number"
}

// metaProperties are those that every entity has; an answer holds them beside its properties.
var metaProperties = []string{"$identifier", "$title", "$icon", "$team"}

// names reports whether an entity can be asked for that property or relation.
func (d *declaration) names(name string) bool {
	_, related := d.Relations[name]
	_, mirrored := d.MirrorProperties[name]
	_, calculated := d.CalculationProperties[name]
	_, aggregated := d.AggregationProperties[name]
	return related || mirrored || calculated || aggregated ||
		d.Schema.Properties[name] != nil || slices.Contains(metaProperties, name)
}
