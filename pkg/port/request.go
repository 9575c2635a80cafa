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

// NewRequest returns a request for a path below /v1, which it escapes: POST blueprints, PATCH blueprints service. In a
// PATCH, name objects below the first level whole: it is unknown whether Port merges or replaces them. The mappings of a
// webhook are replaced. Only a PUT can remove properties of a blueprint.
func NewRequest(method string, body json.RawMessage, segments ...string) Request {
	path := "/v1"
	for _, segment := range segments {
		path += "/" + url.PathEscape(segment)
	}
	return Request{Method: method, Path: path, Body: body}
}

// Send sends a request. The error is an *APIError if Port refuses it, and ErrExists if what is to be created exists.
func (c *Client) Send(ctx context.Context, r Request) error {
	_, err := c.call(ctx, r, "", nil)
	return err
}

// call sends a request, decodes the answer, whatever it is if decode is nil, and returns Port's id of the request.
func (c *Client) call(ctx context.Context, r Request, class string, decode func(body []byte) error) (traceID string, err error) {
	response, failure := c.http.Do(ctx, httpclient.Request{
		Method: r.Method, URL: httpclient.AddressBelow(c.base, r.Path), Body: r.Body, Class: class, Decode: decode,
	})
	if failure == nil {
		return requestID(response), nil
	}
	if signIn := (*APIError)(nil); errors.As(failure.Err, &signIn) {
		return "", signIn
	}
	return "", newAPIError(failure, response)
}

// Read returns the value under a key of the answer for a path below /v1, as Port wrote it, or ErrNotFound.
func (c *Client) Read(ctx context.Context, key string, segments ...string) (json.RawMessage, error) {
	return read[json.RawMessage](ctx, c, key, segments...)
}

// read reads the value under a key of the answer for a path. Port's contract does not describe every answer; if the key
// is missing, the value is the whole answer.
func read[T any](ctx context.Context, c *Client, key string, segments ...string) (value T, err error) {
	_, err = c.call(ctx, NewRequest(http.MethodGet, nil, segments...), "", func(body []byte) error {
		var fields map[string]json.RawMessage
		if err := into(&fields)(body); err != nil {
			return err
		}
		if inside, ok := fields[key]; ok {
			body = inside
		}
		return into(&value)(body)
	})
	return value, err
}

// into decodes a whole answer. Numbers in fields of type any become json.Number, since float64 does not hold whole
// numbers beyond 2^53.
func into(answer any) func(body []byte) error {
	return func(body []byte) error {
		if !json.Valid(body) {
			return httpclient.ErrNotJSON
		}
		decoder := json.NewDecoder(bytes.NewReader(body))
		decoder.UseNumber()
		return decoder.Decode(answer)
	}
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
