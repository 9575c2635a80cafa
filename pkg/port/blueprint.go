package port

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
)

// Blueprint declares a kind of entity: its properties with their types, and its relations. Computed properties are
// JSON as Port writes it. RawBlueprint has what this type leaves out.
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

// RawBlueprint returns a blueprint as Port wrote it, or ErrNotFound if it does not exist.
func (c *Client) RawBlueprint(ctx context.Context, identifier string) (json.RawMessage, error) {
	return read[json.RawMessage](ctx, c, "blueprint", "blueprints", identifier)
}

// PatchBlueprintRequest returns the request that changes the fields of a blueprint that patch, a JSON object, names.
// Name objects below the first level whole: it is unknown whether Port merges or replaces them.
func PatchBlueprintRequest(identifier string, patch json.RawMessage) Request {
	return newRequest(http.MethodPatch, patch, "blueprints", identifier)
}

// PutBlueprintRequest returns the request that replaces a blueprint by a document. Unlike a patch, it can remove
// properties.
func PutBlueprintRequest(identifier string, document json.RawMessage) Request {
	return newRequest(http.MethodPut, document, "blueprints", identifier)
}

// DeleteBlueprintRequest returns the request that deletes a blueprint with all its entities.
func DeleteBlueprintRequest(identifier string) Request {
	request := newRequest(http.MethodDelete, nil, "blueprints", identifier, "all-entities")
	request.Path += "?delete_blueprint=true"
	return request
}
