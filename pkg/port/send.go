package port

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/codecov-port/codecov-port/internal/httpclient"
)

// Send sends a request that one of the …Request functions returned. The error is an *APIError if Port refuses it.
func (c *Client) Send(ctx context.Context, r Request) error {
	path, query, _ := strings.Cut(r.Path, "?")
	address := c.base.JoinPath(path)
	address.RawQuery = query
	_, err := c.call(ctx, httpclient.Request{Method: r.Method, URL: address, Body: r.Body}, new(json.RawMessage))
	return err
}
