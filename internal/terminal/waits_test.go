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
	refused := []any{"method", "GET", "attempt", 1, "reason", "connection\x1b refused", "wait", 1200 * time.Millisecond}
	unavailable := func(attempt int) []any {
		return []any{"attempt", attempt, "reason", "Service Unavailable", "status", 503, "wait", 2 * time.Second}
	}
	limited := []any{"attempt", 3, "reason", "Too Many Requests", "status", 429, "wait", time.Second}
	const warning = "warning: Codecov does not answer (attempt 1, the next in 1.2 s): connection� refused\n"
	for name, test := range map[string]struct {
		log  func(log *slog.Logger)
		want string
	}{
		"refused":         {func(log *slog.Logger) { log.Info("retry", refused...) }, warning},
		"an unknown wait": {func(log *slog.Logger) { log.Info("retry", "attempt", 4, "reason", "EOF") }, "warning: Codecov does not answer (attempt 4): EOF\n"},
		"a first 503":     {func(log *slog.Logger) { log.Info("retry", unavailable(1)...) }, ""},
		"a second 503":    {func(log *slog.Logger) { log.Info("retry", unavailable(2)...) }, "warning: Codecov answers 503 (attempt 2, the next in 2.0 s): Service Unavailable\n"},
		"a rate limit":    {func(log *slog.Logger) { log.Info("retry", limited...) }, ""},
		"another record":  {func(log *slog.Logger) { log.Info("repository read", "commits", 3) }, ""},
		"no attributes":   {func(log *slog.Logger) { log.Info("started") }, ""},
		"a request":       {func(log *slog.Logger) { log.Debug("request", refused...) }, ""},
		"many within 10 s": {func(log *slog.Logger) {
			log.Info("retry", refused...)
			time.Sleep(9 * time.Second)
			log.Info("retry", refused...)
		}, warning},
		"two more than 10 s": {func(log *slog.Logger) {
			log.Info("retry", refused...)
			time.Sleep(11 * time.Second)
			log.Info("retry", refused...)
		}, warning + warning},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var out strings.Builder
				log := slog.New(NewRetryHandler(&Streams{Err: &out}))
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

func TestShowWait(t *testing.T) {
	for name, test := range map[string]struct {
		quiet bool
		after time.Duration
		want  string
	}{
		"an answer in time": {false, 1900 * time.Millisecond, ""},
		"no answer":         {false, 2100 * time.Millisecond, "waiting for Port's answer\n"},
		"quiet":             {true, time.Minute, ""},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var out guarded
				stop := ShowWait(&Streams{Err: &out, Quiet: test.quiet}, "Port")
				time.Sleep(test.after)
				stop()
				time.Sleep(time.Minute)
				if got := out.String(); got != test.want {
					t.Errorf("printed %q, want %q", got, test.want)
				}
			})
		})
	}
}
