package port

import (
	"context"
	"encoding/json"
	"net/http"
)

// Scorecard reads a scorecard of a blueprint. The error is ErrNotFound if there is none of that identifier.
func (c *Client) Scorecard(ctx context.Context, blueprint, identifier string) (json.RawMessage, error) {
	return c.readInside(ctx, "scorecard", "v1", "blueprints", blueprint, "scorecards", identifier)
}

// Scorecards reads all scorecards of a blueprint, as a JSON array.
func (c *Client) Scorecards(ctx context.Context, blueprint string) (json.RawMessage, error) {
	return c.readInside(ctx, "scorecards", "v1", "blueprints", blueprint, "scorecards")
}

// Page reads a page. The error is ErrNotFound if there is none of that identifier.
func (c *Client) Page(ctx context.Context, identifier string) (json.RawMessage, error) {
	return c.readInside(ctx, "page", "v1", "pages", identifier)
}

// readInside reads the value under a key of a response. Port's contract describes none of these responses; if the key is
// missing, the whole response is returned.
func (c *Client) readInside(ctx context.Context, key string, segments ...string) (json.RawMessage, error) {
	var answer json.RawMessage
	if err := c.read(ctx, &answer, segments...); err != nil {
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
	return newRequest(http.MethodPost, body, "v1", "blueprints", blueprint, "scorecards")
}

// DeleteScorecardRequest returns the request that deletes a scorecard of a blueprint.
func DeleteScorecardRequest(blueprint, identifier string) Request {
	return newRequest(http.MethodDelete, nil, "v1", "blueprints", blueprint, "scorecards", identifier)
}

// CreatePageRequest returns the request that creates a page.
func CreatePageRequest(body json.RawMessage) Request {
	return newRequest(http.MethodPost, body, "v1", "pages")
}

// DeletePageRequest returns the request that deletes a page.
func DeletePageRequest(identifier string) Request {
	return newRequest(http.MethodDelete, nil, "v1", "pages", identifier)
}
