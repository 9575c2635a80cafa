package port

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
)

// Blueprint reads a blueprint. The error is ErrNotFound where there is none of that identifier.
func (c *Client) Blueprint(ctx context.Context, identifier string) (Blueprint, error) {
	var answer struct {
		Blueprint Blueprint `json:"blueprint"`
	}
	err := c.read(ctx, &answer, "v1", "blueprints", identifier)
	if err == nil && answer.Blueprint.Identifier != identifier {
		err = errors.New("the answer holds another blueprint, or none")
	}
	return answer.Blueprint, err
}

// RawBlueprint reads a blueprint with all that Port tells of it. The error is ErrNotFound where there is none of that
// identifier.
func (c *Client) RawBlueprint(ctx context.Context, identifier string) (json.RawMessage, error) {
	var answer struct {
		Blueprint json.RawMessage `json:"blueprint"`
	}
	err := c.read(ctx, &answer, "v1", "blueprints", identifier)
	return answer.Blueprint, err
}

// CreateBlueprint creates a blueprint, whose relations' and aggregations' targets must exist. The error is ErrExists
// where one of that identifier is there already; that one is left as it is.
func (c *Client) CreateBlueprint(ctx context.Context, blueprint Blueprint) error {
	request, err := createBlueprintRequest(blueprint)
	if err != nil {
		return err
	}
	return c.send(ctx, request, new(json.RawMessage))
}

// PatchBlueprint changes what the patch, a JSON object, names of a blueprint. No source tells whether Port merges the
// objects below the first level or replaces them: name them whole. The error is ErrNotFound where there is no
// blueprint of that identifier.
func (c *Client) PatchBlueprint(ctx context.Context, identifier string, patch json.RawMessage) error {
	return c.send(ctx, PatchBlueprintRequest(identifier, patch), new(json.RawMessage))
}

// PatchBlueprintRequest tells what PatchBlueprint sends.
func PatchBlueprintRequest(identifier string, patch json.RawMessage) Request {
	return newRequest(http.MethodPatch, patch, "v1", "blueprints", identifier)
}

func createBlueprintRequest(blueprint Blueprint) (Request, error) {
	body, err := encode(blueprint)
	if err != nil {
		return Request{}, fmt.Errorf("encode blueprint %s: %w", blueprint.Identifier, err)
	}
	return newRequest(http.MethodPost, body, "v1", "blueprints"), nil
}
