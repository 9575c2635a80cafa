package httpclient

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

// attempt is the innermost layer: it sends a request once. It returns only answers that arrived whole and in time.
type attempt struct{ call *call }

func (a attempt) RoundTrip(req *http.Request) (*http.Response, error) {
	c := a.call
	started, limit := time.Now(), min(attemptTimeout, c.left())
	ctx, cancel := context.WithTimeoutCause(req.Context(), limit, fmt.Errorf("%w (%s)", ErrTimeout, limit))
	defer cancel()
	c.attempts++
	stop := c.watchSilence(req.Context())
	resp, err := c.exchange(req.Clone(ctx))
	stop()
	if err != nil && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	c.took = time.Since(started)
	c.spent += c.took
	c.logAttempt(req.Context(), resp, err)
	return resp, err
}

// exchange returns an answer whose body has been read and, if the status is a success, decoded. Nobody reads an answer
// before secrets are removed.
func (c *call) exchange(req *http.Request) (*http.Response, error) {
	client := c.client
	if c.request.Body != nil {
		req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(c.request.Body)), nil } // for a lost idle connection
		req.Body, _ = req.GetBody()
		req.ContentLength = int64(len(c.request.Body))
	}
	client.stats.requests.Add(1)
	client.stats.sentBytes.Add(int64(len(c.request.Body)))
	resp, err := client.options.Network.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	client.stats.answered.Store(time.Now().UnixNano())
	body, err := io.ReadAll(io.LimitReader(resp.Body, client.maxBody+1))
	client.stats.receivedBytes.Add(int64(len(body)))
	switch {
	case err != nil:
		return nil, err
	case int64(len(body)) > client.maxBody:
		return nil, fmt.Errorf("%w: more than %d bytes", ErrBodyTooLong, client.maxBody)
	}
	if !c.request.SignIn || !isSuccess(resp.StatusCode) {
		body = client.options.Secrets.redact(body)
		for _, values := range resp.Header {
			for i, value := range values {
				values[i] = client.options.Secrets.Redact(value)
			}
		}
	}
	if isSuccess(resp.StatusCode) {
		if err := c.decode(resp, body); err != nil {
			return nil, err
		}
	}
	c.body, resp.Body = body, http.NoBody
	return resp, nil
}

func (c *call) decode(resp *http.Response, body []byte) (err error) {
	if c.request.Decode != nil {
		err = c.request.Decode(body)
	} else if !json.Valid(body) {
		err = ErrNotJSON
	}
	syntax := (*json.SyntaxError)(nil)
	switch {
	case errors.Is(err, ErrNotJSON), errors.As(err, &syntax):
		return fmt.Errorf("%d %s: %w", resp.StatusCode, http.StatusText(resp.StatusCode), ErrNotJSON)
	case err != nil:
		return DecodeError(err)
	}
	return nil
}

func isSuccess(status int) bool { return status >= 200 && status <= 299 }

const (
	maxLoggedQuery = 80              // bytes
	silence        = 2 * time.Second // of a server, until that is logged
)

// logAttempt logs an attempt at Debug: no bodies, no headers but the trace id, no secrets. The trace id of a sign-in is
// left out, since that answer holds secrets that are not known yet.
func (c *call) logAttempt(ctx context.Context, resp *http.Response, err error) {
	attributes := c.attributes()
	if err != nil {
		attributes = append(attributes, "error", c.client.options.Secrets.legible(err).Error())
	} else {
		attributes = append(attributes, "status", resp.StatusCode, "bytes", len(c.body))
		id := cmp.Or(resp.Header.Get("X-Trace-Id"), resp.Header.Get("X-Request-Id"))
		if id != "" && !c.request.SignIn {
			attributes = append(attributes, "trace", Message(c.client.options.Secrets.Redact(id)))
		}
	}
	attributes = append(attributes, "took", c.took.Round(time.Millisecond), "attempt", c.attempts)
	c.client.options.Logger.DebugContext(ctx, "request", attributes...)
}

// logRetry logs at Info that a request will be sent again, why and when.
func (c *call) logRetry(ctx context.Context, resp *http.Response, err error, wait time.Duration) {
	attributes := c.attributes("attempt", c.attempts, "of", c.attempts+1+maxRetries-c.retries)
	if err != nil {
		attributes = append(attributes, "reason", c.client.options.Secrets.legible(cause(err)).Error())
	} else {
		attributes = append(attributes, "reason", http.StatusText(resp.StatusCode), "status", resp.StatusCode)
	}
	c.client.options.Logger.InfoContext(ctx, "request will be repeated", append(attributes, "wait", wait.Round(time.Millisecond))...)
}

// watchSilence logs at Info if an attempt has waited for 2 seconds in which the server has answered nothing at all,
// unless stop is called before. Nothing is logged after stop has returned.
func (c *call) watchSilence(ctx context.Context) (stop func()) {
	attributes := []any{"attempt", c.attempts, "of", c.attempts + maxRetries - c.retries}
	logged := make(chan struct{})
	timer := time.AfterFunc(silence, func() {
		defer close(logged)
		if time.Now().UnixNano()-c.client.stats.answered.Load() >= int64(silence) {
			c.client.options.Logger.InfoContext(ctx, "no answer yet", c.attributes(attributes...)...)
		}
	})
	return func() {
		if !timer.Stop() {
			<-logged
		}
	}
}

// attributes returns method, path and the beginning of the query, as escaped in the address, and more.
func (c *call) attributes(more ...any) []any {
	attributes := []any{"method", c.request.Method, "path", c.client.options.Secrets.Redact(c.url.EscapedPath())}
	query := c.client.options.Secrets.Redact(c.url.RawQuery)
	if len(query) > maxLoggedQuery {
		query = query[:maxLoggedQuery] + "…"
	}
	if query != "" {
		attributes = append(attributes, "query", query)
	}
	return append(attributes, more...)
}
