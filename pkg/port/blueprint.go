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
	var answer struct {
		Blueprints []Blueprint `json:"blueprints"`
	}
	err := c.read(ctx, path("blueprints"), &answer)
	return answer.Blueprints, err
}

// Blueprint returns a blueprint, or ErrNotFound if it does not exist.
func (c *Client) Blueprint(ctx context.Context, identifier string) (Blueprint, error) {
	var answer struct {
		Blueprint Blueprint `json:"blueprint"`
	}
	err := c.read(ctx, path("blueprints", identifier), &answer)
	if err == nil && answer.Blueprint.Identifier != identifier {
		err = fmt.Errorf("read blueprint %s: the answer holds another blueprint or none", identifier)
	}
	return answer.Blueprint, err
}

// RawBlueprint returns a blueprint as Port wrote it, or ErrNotFound if it does not exist.
func (c *Client) RawBlueprint(ctx context.Context, identifier string) (json.RawMessage, error) {
	var answer struct {
		Blueprint json.RawMessage `json:"blueprint"`
	}
	err := c.read(ctx, path("blueprints", identifier), &answer)
	return answer.Blueprint, err
}

// CreateBlueprint creates a blueprint. The targets of its relations and aggregations must exist. It returns ErrExists,
// without changing anything, if a blueprint of that identifier exists.
func (c *Client) CreateBlueprint(ctx context.Context, blueprint Blueprint) error {
	request, err := createBlueprintRequest(blueprint)
	if err != nil {
		return err
	}
	return c.Send(ctx, request)
}

func createBlueprintRequest(blueprint Blueprint) (Request, error) {
	body, err := encode(blueprint)
	if err != nil {
		return Request{}, fmt.Errorf("encode blueprint %s: %w", blueprint.Identifier, err)
	}
	return Request{Method: http.MethodPost, Path: path("blueprints"), Body: body}, nil
}

// PatchBlueprint changes the fields of a blueprint that patch, a JSON object, names. Name objects below the first level
// whole: it is unknown whether Port merges or replaces them. It returns ErrNotFound if the blueprint does not exist.
func (c *Client) PatchBlueprint(ctx context.Context, identifier string, patch json.RawMessage) error {
	return c.Send(ctx, PatchBlueprintRequest(identifier, patch))
}

// PatchBlueprintRequest returns what PatchBlueprint sends.
func PatchBlueprintRequest(identifier string, patch json.RawMessage) Request {
	return Request{Method: http.MethodPatch, Path: path("blueprints", identifier), Body: patch}
}

// PutBlueprintRequest returns the request that replaces a blueprint by a document. Unlike a patch, it can remove
// properties.
func PutBlueprintRequest(identifier string, document json.RawMessage) Request {
	return Request{Method: http.MethodPut, Path: path("blueprints", identifier), Body: document}
}

// DeleteBlueprintRequest returns the request that deletes a blueprint with all its entities.
func DeleteBlueprintRequest(identifier string) Request {
	return Request{Method: http.MethodDelete, Path: path("blueprints", identifier, "all-entities") + "?delete_blueprint=true"}
}
