package contract

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
)

// Middleware holds what passes through next to the contract, and reports each breach: an answer that has not the
// contract's shape, and a success for a request that the contract refuses. A request that breaks the contract and is
// refused is not reported: tests of a server send those on purpose. Answers that never come to their end, because
// the handler panics or takes the connection over, are not looked at. report may be called concurrently.
func (c *Contract) Middleware(next http.Handler, report func(error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return // the client is gone
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		breach := c.Request(r, body)
		seen := &observer{ResponseWriter: w}
		next.ServeHTTP(seen, r)
		if seen.status == 0 {
			return
		}
		if breach != nil && seen.status < http.StatusBadRequest {
			report(fmt.Errorf("answered %d: %w", seen.status, breach))
		}
		if err := c.answer(r, seen.status, w.Header(), seen.body.Bytes()); err != nil {
			report(err)
		}
	})
}

// observer keeps a copy of an answer.
type observer struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
}

// WriteHeader notes the status.
func (o *observer) WriteHeader(status int) {
	o.status = status
	o.ResponseWriter.WriteHeader(status)
}

// Write notes the body.
func (o *observer) Write(data []byte) (int, error) {
	if o.status == 0 {
		o.status = http.StatusOK
	}
	o.body.Write(data)
	return o.ResponseWriter.Write(data)
}

// Unwrap lets http.ResponseController reach the connection.
func (o *observer) Unwrap() http.ResponseWriter { return o.ResponseWriter }
