package httpclient

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"time"
)

// maxLoggedQuery is how many bytes of a query are logged.
const maxLoggedQuery = 80

// logAttempt logs an attempt at Debug: no bodies, no headers but the trace id, no secrets. The trace id of a sign-in is
// left out, since that answer holds secrets that are not known yet.
func (c *Client) logAttempt(ctx context.Context, call *call, resp *http.Response, err error, took time.Duration) {
	if !c.log.Enabled(ctx, slog.LevelDebug) {
		return
	}
	attributes := c.requestAttributes(call.request)
	if err != nil {
		attributes = append(attributes, slog.String("error", c.secrets.legible(err).Error()))
	} else {
		attributes = append(attributes, slog.Int("status", resp.StatusCode), slog.Int("bytes", len(call.body)))
		id := cmp.Or(resp.Header.Get("X-Trace-Id"), resp.Header.Get("X-Request-Id"))
		if id != "" && !call.request.SignIn {
			attributes = append(attributes, slog.String("trace", Message(c.secrets.Redact(id))))
		}
	}
	attributes = append(attributes,
		slog.Duration("took", took.Round(time.Millisecond)), slog.Int("attempt", call.tries.attempts))
	c.log.LogAttrs(context.WithoutCancel(ctx), slog.LevelDebug, "request", attributes...)
}

// logRetry logs at Info that a request will be sent again, why and when.
func (c *Client) logRetry(ctx context.Context, call *call, resp *http.Response, err error, wait time.Duration) {
	if !c.log.Enabled(ctx, slog.LevelInfo) {
		return
	}
	attributes := append(c.requestAttributes(call.request),
		slog.Int("attempt", call.tries.attempts), slog.String("reason", c.reason(ctx, resp, err)))
	if resp != nil {
		attributes = append(attributes, slog.Int("status", resp.StatusCode))
	}
	attributes = append(attributes, slog.Duration("wait", wait.Round(time.Millisecond)))
	c.log.LogAttrs(ctx, slog.LevelInfo, "request will be repeated", attributes...)
}

// reason returns why a request is sent again.
func (c *Client) reason(ctx context.Context, resp *http.Response, err error) string {
	if err != nil {
		return c.secrets.legible(cause(ctx, err)).Error()
	}
	return http.StatusText(resp.StatusCode)
}

// requestAttributes returns method, path and the beginning of the query, as escaped in the address.
func (c *Client) requestAttributes(r Request) []slog.Attr {
	attributes := []slog.Attr{
		slog.String("method", r.Method), slog.String("path", c.secrets.Redact(r.URL.EscapedPath())),
	}
	query := c.secrets.Redact(r.URL.RawQuery)
	if len(query) > maxLoggedQuery {
		query = query[:maxLoggedQuery] + "…"
	}
	if query != "" {
		attributes = append(attributes, slog.String("query", query))
	}
	return attributes
}
