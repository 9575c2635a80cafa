package port

import (
	"context"
	"encoding/json"
	"net/url"
	"strings"
)

// Send sends a request that one of the …Request functions returned. The error is an *APIError if Port refuses it.
func (c *Client) Send(ctx context.Context, r Request) error {
	address, text, _ := strings.Cut(r.Path, "?")
	query, err := url.ParseQuery(text)
	if err != nil {
		return err
	}
	r.Path = address
	_, err = c.call(ctx, r, query, "", new(json.RawMessage))
	return err
}
