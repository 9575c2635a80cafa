package port

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
)

// Request is a request that changes something in Port, as data: what a call would send.
type Request struct {
	Method string          `json:"method"`
	Path   string          `json:"path"` // below the base address, escaped: /v1/blueprints
	Body   json.RawMessage `json:"body"`
}

// path returns an escaped path below /v1.
func path(segments ...string) string {
	path := "/v1"
	for _, segment := range segments {
		path += "/" + url.PathEscape(segment)
	}
	return path
}

// send sends a request and decodes the answer.
func (c *Client) send(ctx context.Context, r Request, answer any) error {
	_, err := c.call(ctx, r, nil, "", answer)
	return err
}

// read requests a path and decodes the answer.
func (c *Client) read(ctx context.Context, path string, answer any) error {
	return c.send(ctx, Request{Method: http.MethodGet, Path: path}, answer)
}

// encode returns the JSON of a value, without escaping <, > and &.
func encode(value any) (json.RawMessage, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(text.Bytes(), []byte("\n")), nil
}
