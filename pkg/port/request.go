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

// call sends a request, decodes the answer and returns Port's id of the request. Numbers in fields of type any become
// json.Number, since float64 does not hold whole numbers beyond 2^53.
func (c *Client) call(ctx context.Context, r Request, class string, answer any) (traceID string, err error) {
	request := httpclient.Request{
		Method: r.Method, URL: httpclient.AddressBelow(c.base, r.Path), Body: r.Body, Class: class,
	}
	response, failure := c.http.Do(ctx, request)
	if failure != nil {
		if signIn := (*APIError)(nil); errors.As(failure.Err, &signIn) {
			return "", signIn
		}
		return "", newAPIError(failure, response)
	}
	decoder := json.NewDecoder(bytes.NewReader(response.Body))
	decoder.UseNumber()
	if err := decoder.Decode(answer); err != nil {
		return "", unusable(request, "decode answer: "+httpclient.Message(err.Error())) // the error may quote the answer
	}
	return requestID(response), nil
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
