package port

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
)

// Blueprint reads a blueprint. The error is ErrNotFound where there is none of that identifier.
func (c *Client) Blueprint(ctx context.Context, identifier string) (Blueprint, error) {
	var answer struct {
		Blueprint Blueprint `json:"blueprint"`
	}
	_, err := c.call(ctx, http.MethodGet, c.address(nil, "v1", "blueprints", identifier), nil, &answer)
	return answer.Blueprint, err
}

// CreateBlueprint creates a blueprint, whose relations' targets must exist. The error is ErrExists where one of
// that identifier is there already; that one is left as it is.
func (c *Client) CreateBlueprint(ctx context.Context, blueprint Blueprint) error {
	body, err := json.Marshal(blueprint)
	if err != nil {
		return fmt.Errorf("encode blueprint %s: %w", blueprint.Identifier, err)
	}
	var answer json.RawMessage
	_, err = c.call(ctx, http.MethodPost, c.address(nil, "v1", "blueprints"), body, &answer)
	return err
}
