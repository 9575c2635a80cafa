package port

import (
	"context"
	"encoding/json"
	"net/http"
)

// Scorecard reads a scorecard of a blueprint. The error is ErrNotFound if there is none of that identifier.
func (c *Client) Scorecard(ctx context.Context, blueprint, identifier string) (json.RawMessage, error) {
	return read[json.RawMessage](ctx, c, "scorecard", "blueprints", blueprint, "scorecards", identifier)
}

// Scorecards reads all scorecards of a blueprint, as a JSON array.
func (c *Client) Scorecards(ctx context.Context, blueprint string) (json.RawMessage, error) {
	return read[json.RawMessage](ctx, c, "scorecards", "blueprints", blueprint, "scorecards")
}

// CreateScorecardRequest returns the request that creates a scorecard of a blueprint.
func CreateScorecardRequest(blueprint string, body json.RawMessage) Request {
	return newRequest(http.MethodPost, body, "blueprints", blueprint, "scorecards")
}

// DeleteScorecardRequest returns the request that deletes a scorecard of a blueprint.
func DeleteScorecardRequest(blueprint, identifier string) Request {
	return newRequest(http.MethodDelete, nil, "blueprints", blueprint, "scorecards", identifier)
}

// Page reads a page. The error is ErrNotFound if there is none of that identifier.
func (c *Client) Page(ctx context.Context, identifier string) (json.RawMessage, error) {
	return read[json.RawMessage](ctx, c, "page", "pages", identifier)
}

// CreatePageRequest returns the request that creates a page.
func CreatePageRequest(body json.RawMessage) Request {
	return newRequest(http.MethodPost, body, "pages")
}

// DeletePageRequest returns the request that deletes a page.
func DeletePageRequest(identifier string) Request {
	return newRequest(http.MethodDelete, nil, "pages", identifier)
}
