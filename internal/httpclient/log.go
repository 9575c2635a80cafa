package httpclient

import (
	"cmp"
	"context"
	"net/http"
	"time"
)

// maxLoggedQuery is how many bytes of a query are logged.
const maxLoggedQuery = 80

// logAttempt logs an attempt at Debug: no bodies, no headers but the trace id, no secrets. The trace id of a sign-in is
// left out, since that answer holds secrets that are not known yet.
func (c *call) logAttempt(ctx context.Context, resp *http.Response, err error, took time.Duration) {
	attributes := c.attributes()
	if err != nil {
		attributes = append(attributes, "error", c.client.secrets.legible(err).Error())
	} else {
		attributes = append(attributes, "status", resp.StatusCode, "bytes", len(c.body))
		id := cmp.Or(resp.Header.Get("X-Trace-Id"), resp.Header.Get("X-Request-Id"))
		if id != "" && !c.request.SignIn {
			attributes = append(attributes, "trace", Message(c.client.secrets.Redact(id)))
		}
	}
	attributes = append(attributes, "took", took.Round(time.Millisecond), "attempt", c.tries.attempts)
	c.client.log.DebugContext(ctx, "request", attributes...)
}

// logRetry logs at Info that a request will be sent again, why and when.
func (c *call) logRetry(ctx context.Context, resp *http.Response, err error, wait time.Duration) {
	attributes := append(c.attributes(), "attempt", c.tries.attempts, "of", c.tries.attempts+1+maxRetries-c.rounds)
	if err != nil {
		attributes = append(attributes, "reason", c.client.secrets.legible(cause(ctx, err)).Error())
	} else {
		attributes = append(attributes, "reason", http.StatusText(resp.StatusCode), "status", resp.StatusCode)
	}
	c.client.log.InfoContext(ctx, "request will be repeated", append(attributes, "wait", wait.Round(time.Millisecond))...)
}

// silence is how long a server may be silent before that is logged.
const silence = 2 * time.Second

// watchSilence logs at Info if an attempt has waited for 2 seconds in which the server has answered nothing at all, unless stop is
// called before. Nothing is logged after stop has returned.
func (c *call) watchSilence(ctx context.Context) (stop func()) {
	attempt, most := c.tries.attempts, c.tries.attempts+maxRetries-c.rounds
	logged := make(chan struct{})
	timer := time.AfterFunc(silence, func() {
		defer close(logged)
		if time.Now().UnixNano()-c.client.stats.answered.Load() >= int64(silence) {
			c.client.log.InfoContext(ctx, "no answer yet", append(c.attributes(), "attempt", attempt, "of", most)...)
		}
	})
	return func() {
		if !timer.Stop() {
			<-logged
		}
	}
}

// attributes returns method, path and the beginning of the query, as escaped in the address.
func (c *call) attributes() []any {
	secrets, address := c.client.secrets, c.request.URL
	attributes := []any{"method", c.request.Method, "path", secrets.Redact(address.EscapedPath())}
	query := secrets.Redact(address.RawQuery)
	if len(query) > maxLoggedQuery {
		query = query[:maxLoggedQuery] + "…"
	}
	if query != "" {
		attributes = append(attributes, "query", query)
	}
	return attributes
}
