package port

import (
	"context"
	"encoding/json"
)

// Send sends a request that one of the …Request functions returned. The error is an *APIError if Port refuses it.
func (c *Client) Send(ctx context.Context, r Request) error {
	return c.send(ctx, r, new(json.RawMessage))
}
