package httpclient

import (
	"cmp"
	"context"
	"net/http"
	"time"
)

const (
	maxLoggedQuery = 80              // bytes
	silence        = 2 * time.Second // of a server, until that is logged
)

// logAttempt logs an attempt at Debug: no bodies, no headers but the trace id, no secrets. The trace id of a sign-in is
// left out, since that answer holds secrets that are not known yet.
func (c *call) logAttempt(ctx context.Context, response *Response, err error) {
	attributes := c.attributes()
	if err != nil {
		attributes = append(attributes, "error", c.options.Secrets.legible(err).Error())
	} else {
		attributes = append(attributes, "status", response.Status, "bytes", len(response.Body))
		id := cmp.Or(response.Header.Get("X-Trace-Id"), response.Header.Get("X-Request-Id"))
		if id != "" && !c.SignIn {
			attributes = append(attributes, "trace", Message(c.options.Secrets.Redact(id)))
		}
	}
	attributes = append(attributes, "took", c.took.Round(time.Millisecond), "attempt", c.attempts)
	c.options.Logger.DebugContext(ctx, "request", attributes...)
}

// logRetry logs at Info that a request will be sent again, why and when.
func (c *call) logRetry(ctx context.Context, response *Response, err error, wait time.Duration) {
	attributes := c.attributes("attempt", c.attempts, "of", c.attempts+1+maxRetries-c.retries)
	if err != nil {
		attributes = append(attributes, "reason", c.options.Secrets.legible(err).Error())
	} else {
		attributes = append(attributes, "reason", http.StatusText(response.Status), "status", response.Status)
	}
	c.options.Logger.InfoContext(ctx, "request will be repeated", append(attributes, "wait", wait.Round(time.Millisecond))...)
}

// watchSilence logs at Info if an attempt has waited for 2 seconds in which the server has answered nothing at all,
// unless stop is called before. Nothing is logged after stop has returned.
func (c *call) watchSilence(ctx context.Context) (stop func()) {
	attributes := []any{"attempt", c.attempts, "of", c.attempts + maxRetries - c.retries}
	logged := make(chan struct{})
	timer := time.AfterFunc(silence, func() {
		defer close(logged)
		if time.Now().UnixNano()-c.stats.answered.Load() >= int64(silence) {
			c.options.Logger.InfoContext(ctx, "no answer yet", c.attributes(attributes...)...)
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
	attributes := []any{"method", c.Method, "path", c.options.Secrets.Redact(c.URL.EscapedPath())}
	query := c.options.Secrets.Redact(c.URL.RawQuery)
	if len(query) > maxLoggedQuery {
		query = query[:maxLoggedQuery] + "…"
	}
	if query != "" {
		attributes = append(attributes, "query", query)
	}
	return append(attributes, more...)
}
