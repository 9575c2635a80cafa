package terminal

import (
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestRetryHandler(t *testing.T) {
	refused := []any{"method", "GET", "attempt", 1, "of", 9, "reason", "connection\x1b refused", "wait", 1200 * time.Millisecond}
	unavailable := func(attempt int) []any {
		return []any{"attempt", attempt, "reason", "Service Unavailable", "status", 503, "wait", 2 * time.Second}
	}
	limited := []any{"attempt", 3, "reason", "Too Many Requests", "status", 429, "wait", time.Second}
	const warning = "warning: Codecov does not answer (attempt 1 of at most 9, the next in 1.2 s): connection� refused\n"
	for name, test := range map[string]struct {
		log   func(log *slog.Logger)
		want  string
		quiet bool
	}{
		"refused":         {log: func(log *slog.Logger) { log.Info("retry", refused...) }, want: warning},
		"an unknown wait": {log: func(log *slog.Logger) { log.Info("retry", "attempt", 4, "reason", "EOF") }, want: "warning: Codecov does not answer (attempt 4): EOF\n"},
		"a first 503":     {log: func(log *slog.Logger) { log.Info("retry", unavailable(1)...) }, want: ""},
		"a second 503":    {log: func(log *slog.Logger) { log.Info("retry", unavailable(2)...) }, want: "warning: Codecov answers 503 (attempt 2, the next in 2.0 s): Service Unavailable\n"},
		"a rate limit":    {log: func(log *slog.Logger) { log.Info("retry", limited...) }, want: ""},
		"another record":  {log: func(log *slog.Logger) { log.Info("repository read", "commits", 3) }, want: ""},
		"no attributes":   {log: func(log *slog.Logger) { log.Info("started") }, want: ""},
		"a request":       {log: func(log *slog.Logger) { log.Debug("request", refused...) }, want: ""},
		"silence": {
			log:  func(log *slog.Logger) { log.Info("no answer yet", "attempt", 2, "of", 9) },
			want: time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).Local().Format(time.TimeOnly) + " waiting for Codecov's answer (attempt 2 of at most 9)\n",
		},
		"silence, quiet": {log: func(log *slog.Logger) { log.Info("no answer yet", "attempt", 2, "of", 9) }, quiet: true},
		"refused, quiet": {log: func(log *slog.Logger) { log.Info("retry", refused...) }, want: warning, quiet: true},
		"many within 10 s": {log: func(log *slog.Logger) {
			log.Info("retry", refused...)
			time.Sleep(9 * time.Second)
			log.Info("retry", refused...)
		}, want: warning},
		"two more than 10 s": {log: func(log *slog.Logger) {
			log.Info("retry", refused...)
			time.Sleep(11 * time.Second)
			log.Info("retry", refused...)
		}, want: warning + warning},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var out strings.Builder
				log := slog.New(NewRetryHandler(&Streams{Err: &out, Quiet: test.quiet}))
				test.log(log.With("to", "codecov"))
				if diff := cmp.Diff(test.want, out.String()); diff != "" {
					t.Errorf("printed (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// TestRetryHandlerOfTwoServices: a warning about one service does not silence the other.
func TestRetryHandlerOfTwoServices(t *testing.T) {
	var out strings.Builder
	log := slog.New(NewRetryHandler(&Streams{Err: &out}))
	for _, service := range []string{"codecov", "port"} {
		log.With("to", service).Info("retry", "attempt", 1, "reason", "EOF", "wait", time.Second)
	}
	if got := out.String(); !strings.Contains(got, "Codecov does not answer") || !strings.Contains(got, "Port does not answer") {
		t.Errorf("printed %q, want warnings about both services", got)
	}
}
