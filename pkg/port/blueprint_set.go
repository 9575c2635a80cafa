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

// CreateBlueprints creates a set of blueprints whose relations and aggregation properties may point to each other:
// first each without its aggregations, relations' targets first, then the aggregations. Those with a target that
// Port does not have are left out.
//
// It gives the identifiers of those that were created, also where the error is not nil. One that exists already is
// left alone, unless it is just as it was to be created: then an answer was lost, and it counts as created.
func (c *Client) CreateBlueprints(ctx context.Context, set []Blueprint) (created []string, err error) {
	present := make(map[string]bool)
	var ours []Blueprint
	for _, blueprint := range targetsFirst(set) {
		isOurs, err := c.createBare(ctx, blueprint)
		if err != nil {
			return created, fmt.Errorf("create blueprint %s: %w", blueprint.Identifier, err)
		}
		present[blueprint.Identifier] = true
		if isOurs {
			created, ours = append(created, blueprint.Identifier), append(ours, blueprint)
		}
	}
	for _, blueprint := range ours {
		if err := c.addAggregations(ctx, blueprint, present); err != nil {
			return created, fmt.Errorf("add the aggregations of blueprint %s: %w", blueprint.Identifier, err)
		}
	}
	return created, nil
}

// createBare creates the blueprint without its aggregations, and tells whether the one that is there now is ours.
func (c *Client) createBare(ctx context.Context, blueprint Blueprint) (ours bool, err error) {
	blueprint = bare(blueprint)
	err = c.CreateBlueprint(ctx, blueprint)
	if !errors.Is(err, ErrExists) {
		return err == nil, err
	}
	held, err := c.Blueprint(ctx, blueprint.Identifier)
	return err == nil && same(held, blueprint), err
}

// addAggregations adds those whose target is present or found in Port.
func (c *Client) addAggregations(ctx context.Context, blueprint Blueprint, present map[string]bool) error {
	aggregations, err := aggregationsOf(blueprint)
	if err != nil {
		return err
	}
	for name, aggregation := range aggregations {
		target := aggregation.target
		if _, known := present[target]; !known {
			_, err := c.Blueprint(ctx, target)
			if err != nil && !errors.Is(err, ErrNotFound) {
				return err
			}
			present[target] = err == nil
		}
		if !present[target] {
			delete(aggregations, name)
		}
	}
	if len(aggregations) == 0 {
		return nil
	}
	request, err := aggregationsRequest(blueprint.Identifier, aggregations)
	if err != nil {
		return err
	}
	return c.send(ctx, request, new(json.RawMessage))
}

// CreateBlueprintsRequests tells what CreateBlueprints sends where every target exists.
func CreateBlueprintsRequests(set []Blueprint) ([]Request, error) {
	var requests, later []Request
	for _, blueprint := range targetsFirst(set) {
		creation, err := createBlueprintRequest(bare(blueprint))
		if err != nil {
			return nil, err
		}
		requests = append(requests, creation)
		aggregations, err := aggregationsOf(blueprint)
		if err != nil {
			return nil, err
		}
		if len(aggregations) == 0 {
			continue
		}
		addition, err := aggregationsRequest(blueprint.Identifier, aggregations)
		if err != nil {
			return nil, err
		}
		later = append(later, addition)
	}
	return append(requests, later...), nil
}

// targetsFirst orders a set so that the targets of relations within it come before what relates to them.
func targetsFirst(set []Blueprint) []Blueprint {
	byIdentifier := make(map[string]Blueprint, len(set))
	for _, blueprint := range set {
		byIdentifier[blueprint.Identifier] = blueprint
	}
	var ordered []Blueprint
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
		ordered = append(ordered, blueprint)
	}
	for _, blueprint := range set {
		visit(blueprint.Identifier)
	}
	return ordered
}

func aggregationsRequest(identifier string, aggregations map[string]aggregation) (Request, error) {
	body, err := encode(map[string]any{"aggregationProperties": aggregations})
	return PatchBlueprintRequest(identifier, body), err
}

// aggregation is an aggregation property: as it is written, and the blueprint that it points to.
type aggregation struct {
	json.RawMessage
	target string
}

func aggregationsOf(blueprint Blueprint) (map[string]aggregation, error) {
	var written map[string]json.RawMessage
	if len(blueprint.AggregationProperties) > 0 {
		if err := json.Unmarshal(blueprint.AggregationProperties, &written); err != nil {
			return nil, fmt.Errorf("read the aggregations of blueprint %s: %w", blueprint.Identifier, err)
		}
	}
	aggregations := make(map[string]aggregation, len(written))
	for name, text := range written {
		var pointer struct {
			Target string `json:"target"`
		}
		if err := json.Unmarshal(text, &pointer); err != nil {
			return nil, fmt.Errorf("read aggregation %s of blueprint %s: %w", name, blueprint.Identifier, err)
		}
		aggregations[name] = aggregation{text, pointer.Target}
	}
	return aggregations, nil
}

// bare gives the blueprint without aggregations.
func bare(blueprint Blueprint) Blueprint {
	blueprint.AggregationProperties = json.RawMessage("{}")
	return blueprint
}

// same tells whether two blueprints declare the same.
func same(a, b Blueprint) bool { return reflect.DeepEqual(document(a), document(b)) }

// document gives a blueprint as JSON would be read, with nothing where a declaration is empty. It is nil for one that
// cannot be written.
func document(blueprint Blueprint) map[string]any {
	encoded, err := encode(blueprint)
	if err != nil {
		return nil
	}
	var document map[string]any
	if json.Unmarshal(encoded, &document) != nil {
		return nil
	}
	for name, value := range document {
		if object, ok := value.(map[string]any); ok && len(object) == 0 {
			delete(document, name)
		}
	}
	return document
}
