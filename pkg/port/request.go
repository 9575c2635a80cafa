package port

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"

	"github.com/codecov-port/codecov-port/internal/httpclient"
)

// Request is a request that changes something in Port, as data: what Send sends.
type Request struct {
	Method string          `json:"method"`
	Path   string          `json:"path"` // below the base address, escaped, with the query: /v1/blueprints
	Body   json.RawMessage `json:"body"`
}

// Send sends a request that one of the …Request functions returned. The error is an *APIError if Port refuses it.
func (c *Client) Send(ctx context.Context, r Request) error {
	return c.send(ctx, r, new(json.RawMessage))
}

// send sends a request and decodes the answer.
func (c *Client) send(ctx context.Context, r Request, answer any) error {
	_, err := c.call(ctx, r, "", answer)
	return err
}

// read requests a path and decodes the answer.
func (c *Client) read(ctx context.Context, path string, answer any) error {
	return c.send(ctx, Request{Method: http.MethodGet, Path: path}, answer)
}

// call sends a request, decodes the answer and returns Port's id of the request.
func (c *Client) call(ctx context.Context, r Request, class string, answer any) (traceID string, err error) {
	response, failure := c.http.Do(ctx, httpclient.Request{
		Method: r.Method, URL: httpclient.AddressBelow(c.base, r.Path), Body: r.Body, Class: class,
		Decode: func(body []byte) error { return decode(body, answer) },
	})
	if failure == nil {
		return requestID(response), nil
	}
	if signIn := (*APIError)(nil); errors.As(failure.Err, &signIn) {
		return "", signIn
	}
	return "", newAPIError(failure, response)
}

// decode decodes a whole answer. Numbers in fields of type any become json.Number, since float64 does not hold whole
// numbers beyond 2^53.
func decode(body []byte, answer any) error {
	if !json.Valid(body) {
		return httpclient.ErrNotJSON
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	return decoder.Decode(answer)
}

// path returns an escaped path below /v1.
func path(segments ...string) string {
	path := "/v1"
	for _, segment := range segments {
		path += "/" + url.PathEscape(segment)
	}
	return path
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
