package port

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
)

// CreateBlueprints creates blueprints whose relations and aggregation properties may point to each other: first each
// blueprint without aggregations, targets of relations first, then the aggregations. Aggregations whose target Port
// does not have are left out.
//
// It returns the identifiers of the blueprints that it created, also with an error. A blueprint that exists is not
// changed. One that exists exactly as it was to be created is reported as created: the answer of an attempt was lost.
func (c *Client) CreateBlueprints(ctx context.Context, set []Blueprint) (created []string, err error) {
	var ours []Blueprint
	for _, blueprint := range targetsFirst(set) {
		isOurs, err := c.createBare(ctx, blueprint)
		if err != nil {
			return created, fmt.Errorf("create blueprint %s: %w", blueprint.Identifier, err)
		}
		if isOurs {
			created, ours = append(created, blueprint.Identifier), append(ours, blueprint)
		}
	}
	for _, blueprint := range ours {
		request, err := aggregationsRequest(blueprint, func(target string) (bool, error) {
			if slices.ContainsFunc(set, func(b Blueprint) bool { return b.Identifier == target }) {
				return true, nil
			}
			_, err := c.Blueprint(ctx, target)
			if errors.Is(err, ErrNotFound) {
				return false, nil
			}
			return err == nil, err
		})
		if err == nil && request != nil {
			err = c.Send(ctx, *request)
		}
		if err != nil {
			return created, fmt.Errorf("add the aggregations of blueprint %s: %w", blueprint.Identifier, err)
		}
	}
	return created, nil
}

// CreateBlueprintsRequests returns what CreateBlueprints sends if every target exists.
func CreateBlueprintsRequests(set []Blueprint) ([]Request, error) {
	var creations, additions []Request
	for _, blueprint := range targetsFirst(set) {
		creation, err := createBlueprintRequest(bare(blueprint))
		if err != nil {
			return nil, err
		}
		creations = append(creations, creation)
		addition, err := aggregationsRequest(blueprint, func(string) (bool, error) { return true, nil })
		if err != nil {
			return nil, err
		}
		if addition != nil {
			additions = append(additions, *addition)
		}
	}
	return append(creations, additions...), nil
}

// createBare creates a blueprint without aggregations. It reports whether the blueprint that exists now is this one.
func (c *Client) createBare(ctx context.Context, blueprint Blueprint) (ours bool, err error) {
	blueprint = bare(blueprint)
	err = c.CreateBlueprint(ctx, blueprint)
	if !errors.Is(err, ErrExists) {
		return err == nil, err
	}
	existing, err := c.Blueprint(ctx, blueprint.Identifier)
	return err == nil && equal(existing, blueprint), err
}

// aggregationsRequest returns the request that adds the aggregations of a blueprint whose target exists, nil if there
// are none.
func aggregationsRequest(blueprint Blueprint, exists func(target string) (bool, error)) (*Request, error) {
	if len(blueprint.AggregationProperties) == 0 {
		return nil, nil
	}
	var aggregations map[string]json.RawMessage
	if err := json.Unmarshal(blueprint.AggregationProperties, &aggregations); err != nil {
		return nil, fmt.Errorf("decode aggregations of blueprint %s: %w", blueprint.Identifier, err)
	}
	for name, aggregation := range aggregations {
		var declared struct {
			Target string `json:"target"`
		}
		if err := json.Unmarshal(aggregation, &declared); err != nil {
			return nil, fmt.Errorf("decode aggregation %s of blueprint %s: %w", name, blueprint.Identifier, err)
		}
		switch found, err := exists(declared.Target); {
		case err != nil:
			return nil, err
		case !found:
			delete(aggregations, name)
		}
	}
	if len(aggregations) == 0 {
		return nil, nil
	}
	patch, err := encode(map[string]any{"aggregationProperties": aggregations})
	request := PatchBlueprintRequest(blueprint.Identifier, patch)
	return &request, err
}

// targetsFirst sorts blueprints so that each comes after the targets of its relations, as far as they are in the set.
func targetsFirst(set []Blueprint) []Blueprint {
	byIdentifier := make(map[string]Blueprint, len(set))
	for _, blueprint := range set {
		byIdentifier[blueprint.Identifier] = blueprint
	}
	var sorted []Blueprint
	seen := make(map[string]bool)
	var visit func(identifier string)
	visit = func(identifier string) {
		blueprint, inSet := byIdentifier[identifier]
		if !inSet || seen[identifier] {
			return
		}
		seen[identifier] = true
		for _, name := range slices.Sorted(maps.Keys(blueprint.Relations)) {
			visit(blueprint.Relations[name].Target)
		}
		sorted = append(sorted, blueprint)
	}
	for _, blueprint := range set {
		visit(blueprint.Identifier)
	}
	return sorted
}

// bare returns the blueprint without aggregations.
func bare(blueprint Blueprint) Blueprint {
	blueprint.AggregationProperties = json.RawMessage("{}")
	return blueprint
}

// equal reports whether two blueprints declare the same. Missing and empty declarations are equal.
func equal(a, b Blueprint) bool { return reflect.DeepEqual(declarations(a), declarations(b)) }

func declarations(blueprint Blueprint) map[string]any {
	text, err := encode(blueprint)
	if err != nil {
		return nil
	}
	var fields map[string]any
	_ = json.Unmarshal(text, &fields) // it was just encoded
	maps.DeleteFunc(fields, func(_ string, value any) bool {
		object, ok := value.(map[string]any)
		return ok && len(object) == 0
	})
	return fields
}
