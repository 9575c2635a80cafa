package terminal

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// patience is how long a service may take to answer before it is named.
const patience = 2 * time.Second

// ShowWait prints that a service has not answered yet, unless stop is called within 2 seconds or streams.Quiet is set. Nothing is
// printed after stop has returned. It is for the requests before a run.
func ShowWait(streams *Streams, service string) (stop func()) {
	if streams.Quiet {
		return func() {}
	}
	view := streams.LiveView()
	printed := make(chan struct{})
	timer := time.AfterFunc(patience, func() {
		defer close(printed)
		_, _ = fmt.Fprintln(view, "waiting for "+service+"'s answer")
	})
	return sync.OnceFunc(func() {
		if !timer.Stop() {
			<-printed
		}
	})
}

// warningInterval is the shortest time between two warnings about a service.
const warningInterval = 10 * time.Second

// retryHandler is the handler of NewRetryHandler.
type retryHandler struct {
	streams *Streams
	service string
	warned  *atomic.Int64 // Unix nanoseconds of the last warning about the service
}

// NewRetryHandler returns a handler for the log of both clients that prints a warning if a service does not answer: which one,
// the attempt, when the next one begins if that is known, and the reason. It ignores all other records. Loggers for a service have its
// name in the attribute "to".
func NewRetryHandler(streams *Streams) slog.Handler {
	return retryHandler{streams: streams}
}

// Enabled reports whether records of the level may be about retries.
func (h retryHandler) Enabled(_ context.Context, level slog.Level) bool {
	return level >= slog.LevelInfo
}

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

// WithGroup returns the handler: records about retries have no groups.
func (h retryHandler) WithGroup(string) slog.Handler { return h }

// Handle prints a record about a retry as a warning. Statuses below 500 are answers, and a single 5xx is not worth a warning.
func (h retryHandler) Handle(_ context.Context, record slog.Record) error {
	attributes := make(map[string]slog.Value)
	record.Attrs(func(attribute slog.Attr) bool {
		attributes[attribute.Key] = attribute.Value
		return true
	})
	attempt, ok := attributes["attempt"]
	reason, isRetry := attributes["reason"]
	status := int64(0)
	if value, answered := attributes["status"]; answered {
		status = value.Int64()
	}
	if !ok || !isRetry || h.service == "" || !h.isWorth(status, attempt.Int64(), record.Time) {
		return nil
	}
	problem := "does not answer"
	if status != 0 {
		problem = fmt.Sprintf("answers %d", status)
	}
	next := ""
	if wait, known := attributes["wait"]; known {
		next = ", the next in " + Duration(wait.Duration())
	}
	_, err := fmt.Fprintf(h.streams.Err, "%s %s %s (attempt %d%s): %s\n", h.streams.ErrStyle().Yellow("warning:"),
		h.service, problem, attempt.Int64(), next, Safe(reason.String()))
	return err
}

func (h retryHandler) isWorth(status, attempt int64, at time.Time) bool {
	if status != 0 && (status < http.StatusInternalServerError || attempt < 2) {
		return false
	}
	last, now := h.warned.Load(), at.UnixNano()
	return now-last >= int64(warningInterval) && h.warned.CompareAndSwap(last, now)
}
