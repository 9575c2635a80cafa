package terminal

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"
)

const (
	patience        = 2 * time.Second  // how long a run may be silent
	warningInterval = 10 * time.Second // the shortest time between two messages about a service
)

type retryHandler struct {
	streams *Streams
	service string
	warned  *atomic.Int64 // Unix nanoseconds of the last message about the service
}

// NewRetryHandler returns a handler for the log of both clients that prints a message if a service does not answer: which one, which
// attempt of how many, when the next one begins if that is known, and the reason. The first silence is no warning, and is not printed
// if streams.Quiet is set. It ignores all other records. Loggers for a service have its name in the attribute "to".
func NewRetryHandler(streams *Streams) slog.Handler { return retryHandler{streams: streams} }

// Enabled reports whether records of the level may be about retries.
func (h retryHandler) Enabled(_ context.Context, level slog.Level) bool {
	return level >= slog.LevelInfo
}

// WithGroup returns the handler: records about retries have no groups.
func (h retryHandler) WithGroup(string) slog.Handler { return h }

// WithAttrs returns a handler for one service if the attributes name it.
func (h retryHandler) WithAttrs(attributes []slog.Attr) slog.Handler {
	for _, attribute := range attributes {
		if attribute.Key == "to" {
			h.service = map[string]string{"codecov": "Codecov", "port": "Port"}[attribute.Value.String()]
			h.warned = new(atomic.Int64)
		}
	}
	return h
}

// Handle prints a record about a retry as a warning, and one about silence as a line of progress.
func (h retryHandler) Handle(_ context.Context, record slog.Record) error {
	attributes := make(map[string]slog.Value)
	record.Attrs(func(attribute slog.Attr) bool {
		attributes[attribute.Key] = attribute.Value
		return true
	})
	attempt, ok := attributes["attempt"]
	reason, isRetry := attributes["reason"]
	status, answered := attributes["status"]
	if !ok || h.service == "" || !isRetry && h.streams.Quiet {
		return nil
	}
	if answered && (status.Int64() < http.StatusInternalServerError || attempt.Int64() < 2) { // a single 5xx is common
		return nil
	}
	last, now := h.warned.Load(), record.Time.UnixNano()
	if now-last < int64(warningInterval) || !h.warned.CompareAndSwap(last, now) {
		return nil
	}
	count := "attempt " + attempt.String()
	if most, known := attributes["of"]; known {
		count += " of at most " + most.String()
	}
	if !isRetry {
		return h.streams.note(record.Time, fmt.Sprintf("waiting for %s's answer (%s)", h.service, count))
	}
	if wait, known := attributes["wait"]; known {
		count += ", the next in " + Duration(wait.Duration())
	}
	problem := "does not answer"
	if answered {
		problem = "answers " + status.String()
	}
	_, err := fmt.Fprintf(h.streams.Err, "%s %s %s (%s): %s\n", h.streams.Style(h.streams.Err).Paint(Yellow, "warning:"),
		h.service, problem, count, Safe(reason.String()))
	return err
}
