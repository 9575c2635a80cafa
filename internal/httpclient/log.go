package httpclient

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"time"
)

// journal tells a log what becomes of requests: at the level Debug of each attempt, at Info of those that are to be
// repeated. It shows no body, no header but the trace id, and no secret. A nil one tells nothing.
type journal struct {
	log     *slog.Logger
	secrets *Secrets
}

func newJournal(log *slog.Logger, secrets *Secrets) *journal {
	if log == nil {
		return nil
	}
	return &journal{log: log, secrets: secrets}
}

// attempted tells of an attempt. The trace id is left out where an answer holds secrets that nobody knows yet.
func (j *journal) attempted(req *http.Request, tries *Tries, end ending) {
	if j == nil || !j.log.Enabled(req.Context(), slog.LevelDebug) {
		return
	}
	attributes := append(j.request(req.Method, req.URL), end.attributes(j.secrets)...)
	attributes = append(attributes, slog.Duration("took", end.took.Round(time.Millisecond)), slog.Int("attempt", tries.attempts))
	j.log.LogAttrs(context.WithoutCancel(req.Context()), slog.LevelDebug, "request", attributes...)
}

// ending is what there is to tell of an attempt.
type ending struct {
	status  int // 0: there was no answer
	traceID string
	bytes   int // of the answer's body
	err     error
	took    time.Duration
}

func (e ending) attributes(secrets *Secrets) []slog.Attr {
	var attributes []slog.Attr
	if e.status != 0 {
		attributes = append(attributes, slog.Int("status", e.status), slog.Int("bytes", e.bytes))
	}
	if e.err != nil {
		attributes = append(attributes, slog.String("error", secrets.legible(e.err).Error()))
	}
	if e.traceID != "" {
		attributes = append(attributes, slog.String("trace", Message(secrets.Redact(e.traceID))))
	}
	return attributes
}

// repeating tells that a request is going to be repeated, and why. asked is the wait that the server asks for, if it does.
func (j *journal) repeating(ctx context.Context, resp *http.Response, err error, asked time.Duration) {
	if j == nil || !j.log.Enabled(ctx, slog.LevelInfo) {
		return
	}
	tries := triesOf(ctx)
	attributes := append(j.request(tries.method, tries.address), slog.Int("attempt", tries.attempts))
	if err != nil {
		attributes = append(attributes, slog.String("reason", j.secrets.legible(cause(ctx, err)).Error()))
	} else {
		attributes = append(attributes, slog.String("reason", http.StatusText(resp.StatusCode)), slog.Int("status", resp.StatusCode))
	}
	if asked > 0 {
		attributes = append(attributes, slog.Duration("wait", asked.Round(time.Millisecond)))
	}
	j.log.LogAttrs(ctx, slog.LevelInfo, "request will be repeated", attributes...)
}

const longestQuery = 80

// request names a request. What stands in an address is escaped there; of a query the beginning suffices.
func (j *journal) request(method string, address *url.URL) []slog.Attr {
	attributes := []slog.Attr{slog.String("method", method)}
	if address == nil {
		return attributes
	}
	attributes = append(attributes, slog.String("path", j.secrets.Redact(address.EscapedPath())))
	query := j.secrets.Redact(address.RawQuery)
	if len(query) > longestQuery {
		query = query[:longestQuery] + "…"
	}
	if query != "" {
		attributes = append(attributes, slog.String("query", query))
	}
	return attributes
}
