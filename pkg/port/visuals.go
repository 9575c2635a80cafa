package port

import (
	"context"
	"encoding/json"
	"net/http"
)

// Scorecard reads a scorecard of a blueprint. The error is ErrNotFound if there is none of that identifier.
func (c *Client) Scorecard(ctx context.Context, blueprint, identifier string) (json.RawMessage, error) {
	return c.readInside(ctx, "scorecard", "blueprints", blueprint, "scorecards", identifier)
}

// Scorecards reads all scorecards of a blueprint, as a JSON array.
func (c *Client) Scorecards(ctx context.Context, blueprint string) (json.RawMessage, error) {
	return c.readInside(ctx, "scorecards", "blueprints", blueprint, "scorecards")
}

// Page reads a page. The error is ErrNotFound if there is none of that identifier.
func (c *Client) Page(ctx context.Context, identifier string) (json.RawMessage, error) {
	return c.readInside(ctx, "page", "pages", identifier)
}

// readInside reads the value under a key of a response. Port's contract describes none of these responses; if the key is
// missing, the whole response is returned.
func (c *Client) readInside(ctx context.Context, key string, segments ...string) (json.RawMessage, error) {
	var answer json.RawMessage
	if err := c.read(ctx, path(segments...), &answer); err != nil {
		return nil, err
	}
	var object map[string]json.RawMessage
	if err := json.Unmarshal(answer, &object); err != nil {
		return nil, err
	}
	if inside, ok := object[key]; ok {
		return inside, nil
	}
	return answer, nil
}

// CreateScorecardRequest returns the request that creates a scorecard of a blueprint.
func CreateScorecardRequest(blueprint string, body json.RawMessage) Request {
	return Request{Method: http.MethodPost, Path: path("blueprints", blueprint, "scorecards"), Body: body}
}

// DeleteScorecardRequest returns the request that deletes a scorecard of a blueprint.
func DeleteScorecardRequest(blueprint, identifier string) Request {
	return Request{Method: http.MethodDelete, Path: path("blueprints", blueprint, "scorecards", identifier)}
}

// CreatePageRequest returns the request that creates a page.
func CreatePageRequest(body json.RawMessage) Request {
	return Request{Method: http.MethodPost, Path: path("pages"), Body: body}
}

// DeletePageRequest returns the request that deletes a page.
func DeletePageRequest(identifier string) Request {
	return Request{Method: http.MethodDelete, Path: path("pages", identifier)}
}
