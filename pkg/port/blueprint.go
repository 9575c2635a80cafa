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

// Blueprint declares a kind of entity: its properties with their types, and its relations. Computed properties are
// JSON as Port writes it. Client.Read returns what this type leaves out.
type Blueprint struct {
	Identifier            string              `json:"identifier"`
	Title                 string              `json:"title,omitempty"`
	Icon                  string              `json:"icon,omitempty"`
	Description           string              `json:"description,omitempty"`
	Schema                Schema              `json:"schema"`
	MirrorProperties      json.RawMessage     `json:"mirrorProperties,omitempty"`
	CalculationProperties json.RawMessage     `json:"calculationProperties,omitempty"`
	AggregationProperties json.RawMessage     `json:"aggregationProperties,omitempty"`
	Relations             map[string]Relation `json:"relations,omitzero"`
}

// Schema holds the properties of a blueprint by identifier.
type Schema struct {
	Properties map[string]Property `json:"properties"`
	Required   []string            `json:"required"`
}

// MarshalJSON writes nil fields as empty ones, since Port does not accept null.
func (s Schema) MarshalJSON() ([]byte, error) {
	type plain Schema
	if s.Properties == nil {
		s.Properties = map[string]Property{}
	}
	if s.Required == nil {
		s.Required = []string{}
	}
	return json.Marshal(plain(s))
}

// Property declares a property. Type is string, number, boolean, object or array; Format narrows it, for example to
// date-time, url or markdown. A nil bound is no bound.
type Property struct {
	Title       string    `json:"title,omitempty"`
	Description string    `json:"description,omitempty"`
	Icon        string    `json:"icon,omitempty"`
	Type        string    `json:"type"`
	Format      string    `json:"format,omitempty"`
	Enum        []any     `json:"enum,omitempty"`
	Items       *Property `json:"items,omitempty"`
	MinLength   *int      `json:"minLength,omitempty"`
	MaxLength   *int      `json:"maxLength,omitempty"`
	Pattern     string    `json:"pattern,omitempty"`
	Minimum     *float64  `json:"minimum,omitempty"`
	Maximum     *float64  `json:"maximum,omitempty"`
	MinItems    *int      `json:"minItems,omitempty"`
	MaxItems    *int      `json:"maxItems,omitempty"`
}

// Relation declares a relation to entities of another blueprint.
type Relation struct {
	Title       string `json:"title,omitempty"`
	Description string `json:"description,omitempty"`
	Target      string `json:"target"`
	Required    bool   `json:"required"`
	Many        bool   `json:"many"`
}

// Blueprints reads all blueprints.
func (c *Client) Blueprints(ctx context.Context) ([]Blueprint, error) {
	return read[[]Blueprint](ctx, c, "blueprints", "blueprints")
}

// Blueprint returns a blueprint, or ErrNotFound if it does not exist.
func (c *Client) Blueprint(ctx context.Context, identifier string) (Blueprint, error) {
	blueprint, err := read[Blueprint](ctx, c, "blueprint", "blueprints", identifier)
	if err == nil && blueprint.Identifier != identifier {
		err = fmt.Errorf("read blueprint %s: the answer holds another blueprint or none", identifier)
	}
	return blueprint, err
}

// CreateBlueprints creates blueprints whose relations and aggregation properties may point to each other: first each
// blueprint without aggregations, then the aggregations. A target of relations comes before what relates to it.
// Aggregations whose target Port does not have are left out.
//
// It returns the identifiers of the blueprints that it created, also with an error. A blueprint that exists is not
// changed. One that exists exactly as it was to be created is reported as created: the answer of an attempt was lost.
func (c *Client) CreateBlueprints(ctx context.Context, set []Blueprint) (created []string, err error) {
	var ours []Blueprint
	for _, blueprint := range set {
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
	for _, blueprint := range set {
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
	blueprint.AggregationProperties = json.RawMessage("{}")
	body, err := encode(blueprint)
	if err != nil {
		return Request{}, fmt.Errorf("encode blueprint %s: %w", blueprint.Identifier, err)
	}
	return NewRequest(http.MethodPost, body, "blueprints"), nil
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
	blueprint.AggregationProperties = nil
	existing, err := c.Blueprint(ctx, blueprint.Identifier)
	return err == nil && reflect.DeepEqual(declarations(existing), declarations(blueprint)), err
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
	return NewRequest(http.MethodPatch, patch, "blueprints", blueprint.Identifier), err
}

// declarations returns the fields of a blueprint, without empty ones.
func declarations(blueprint Blueprint) map[string]any {
	var fields map[string]any
	text, _ := encode(blueprint) // it was encoded or decoded before
	_ = json.Unmarshal(text, &fields)
	maps.DeleteFunc(fields, func(_ string, value any) bool {
		object, ok := value.(map[string]any)
		return ok && len(object) == 0
	})
	return fields
}
