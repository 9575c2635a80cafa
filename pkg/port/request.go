package port

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/url"

	"github.com/codecov-port/codecov-port/internal/httpclient"
)

// Request is a request that changes something in Port, as data: it tells what would be sent.
type Request struct {
	Method string          `json:"method"`
	Path   string          `json:"path"` // below the base address, escaped: /v1/blueprints
	Body   json.RawMessage `json:"body"`
}

func newRequest(method string, body json.RawMessage, segments ...string) Request {
	path := ""
	for _, segment := range segments {
		path += "/" + url.PathEscape(segment)
	}
	return Request{Method: method, Path: path, Body: body}
}

// send makes the request and decodes the answer.
func (c *Client) send(ctx context.Context, r Request, answer any) error {
	_, err := c.call(ctx, httpclient.Request{Method: r.Method, URL: c.base.JoinPath(r.Path), Body: r.Body}, answer)
	return err
}

// read gets what is at an address and decodes it.
func (c *Client) read(ctx context.Context, answer any, segments ...string) error {
	_, err := c.call(ctx, httpclient.Request{Method: http.MethodGet, URL: c.address(nil, segments...)}, answer)
	return err
}

// encode writes JSON as a person would: with <, > and & as they are.
func encode(value any) (json.RawMessage, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(text.Bytes(), []byte("\n")), nil
}
