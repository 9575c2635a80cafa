package port

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
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
	exists := func(target string) (bool, error) {
		if slices.ContainsFunc(set, func(b Blueprint) bool { return b.Identifier == target }) {
			return true, nil
		}
		_, err := c.Blueprint(ctx, target)
		if errors.Is(err, ErrNotFound) {
			return false, nil
		}
		return err == nil, err
	}
	for _, blueprint := range ours {
		request, err := aggregationsRequest(blueprint, exists)
		if err == nil && request.Body != nil {
			err = c.Send(ctx, request)
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
		creation, err := createRequest(blueprint)
		if err != nil {
			return nil, err
		}
		creations = append(creations, creation)
		addition, err := aggregationsRequest(blueprint, func(string) (bool, error) { return true, nil })
		if err != nil {
			return nil, err
		}
		if addition.Body != nil {
			additions = append(additions, addition)
		}
	}
	return append(creations, additions...), nil
}

// createRequest returns the request that creates a blueprint without aggregations.
func createRequest(blueprint Blueprint) (Request, error) {
	body, err := encode(bare(blueprint))
	if err != nil {
		return Request{}, fmt.Errorf("encode blueprint %s: %w", blueprint.Identifier, err)
	}
	return newRequest(http.MethodPost, body, "blueprints"), nil
}

// createBare creates a blueprint without aggregations. It reports whether the blueprint that exists now is this one.
func (c *Client) createBare(ctx context.Context, blueprint Blueprint) (ours bool, err error) {
	request, err := createRequest(blueprint)
	if err != nil {
		return false, err
	}
	if err = c.Send(ctx, request); !errors.Is(err, ErrExists) {
		return err == nil, err
	}
	existing, err := c.Blueprint(ctx, blueprint.Identifier)
	return err == nil && reflect.DeepEqual(declarations(existing), declarations(bare(blueprint))), err
}

// aggregationsRequest returns the request that adds the aggregations of a blueprint whose target exists. It has no body
// if there are none.
func aggregationsRequest(blueprint Blueprint, exists func(target string) (bool, error)) (Request, error) {
	aggregations, declared := map[string]json.RawMessage{}, map[string]struct{ Target string }{}
	if text := blueprint.AggregationProperties; len(text) > 0 {
		if err := errors.Join(json.Unmarshal(text, &aggregations), json.Unmarshal(text, &declared)); err != nil {
			return Request{}, fmt.Errorf("decode aggregations of blueprint %s: %w", blueprint.Identifier, err)
		}
	}
	for name, aggregation := range declared {
		found, err := exists(aggregation.Target)
		if err != nil {
			return Request{}, err
		}
		if !found {
			delete(aggregations, name)
		}
	}
	if len(aggregations) == 0 {
		return Request{}, nil
	}
	patch, err := encode(map[string]any{"aggregationProperties": aggregations})
	return PatchBlueprintRequest(blueprint.Identifier, patch), err
}

// targetsFirst sorts blueprints so that each comes after the targets of its relations, as far as they are in the set.
func targetsFirst(set []Blueprint) (sorted []Blueprint) {
	for left := slices.Clone(set); len(left) > 0; {
		next := slices.IndexFunc(left, func(b Blueprint) bool {
			targets := slices.Collect(maps.Values(b.Relations))
			return !slices.ContainsFunc(left, func(other Blueprint) bool {
				return other.Identifier != b.Identifier && slices.ContainsFunc(targets, func(r Relation) bool { return r.Target == other.Identifier })
			})
		})
		next = max(next, 0) // -1 if they relate to each other
		sorted, left = append(sorted, left[next]), slices.Delete(left, next, next+1)
	}
	return sorted
}

// bare returns the blueprint without aggregations.
func bare(blueprint Blueprint) Blueprint {
	blueprint.AggregationProperties = json.RawMessage("{}")
	return blueprint
}

// declarations returns the fields of a blueprint, without empty ones.
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
