package httpclient

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestDeadServiceIsGivenUpWithinTwoMinutes(t *testing.T) {
	for name, rt := range map[string]network{
		"refused": func(*http.Request) (*http.Response, error) { return nil, errors.New("connection refused") },
		"503":     func(*http.Request) (*http.Response, error) { return answer(503, `{}`), nil },
		"hangs": func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				started := time.Now()
				_, failure := newClient(t, Options{Network: rt}).Do(t.Context(), get(t, "/x"))
				if failure == nil || failure.Attempts < 3 || !failure.Retryable() {
					t.Fatalf("failure %v", failure)
				}
				if took := time.Since(started); took > 2*time.Minute {
					t.Errorf("took %s", took)
				}
				if name == "hangs" && !errors.Is(failure, ErrTimeout) {
					t.Errorf("%v is not a time-out", failure)
				}
			})
		})
	}
}

// TestBackOffIsJittered: waits differ, and are at most twice as long after each attempt, up to 20 s.
func TestBackOffIsJittered(t *testing.T) {
	for attempt, longest := range map[int]time.Duration{
		0: firstWait, 1: 2 * firstWait, 4: 16 * firstWait, 6: longestWait, 8: longestWait, 1000: longestWait,
	} {
		low, high := time.Hour, time.Duration(0)
		for range 1000 {
			wait := backOff(attempt)
			low, high = min(low, wait), max(high, wait)
		}
		if low <= 0 || high > longest {
			t.Errorf("attempt %d: waits from %v to %v, want above 0 to %v", attempt, low, high, longest)
		}
		if low > longest/10 || high < longest*9/10 {
			t.Errorf("attempt %d: waits from %v to %v, want them spread over 0 to %v", attempt, low, high, longest)
		}
	}
}

func TestUnknownHostIsNotRetried(t *testing.T) {
	for name, test := range map[string]struct {
		err     error
		retried bool
	}{
		"unknown host":          {&net.DNSError{Err: "no such host", Name: "api.example.com", IsNotFound: true}, false},
		"DNS server fails":      {&net.DNSError{Err: "server misbehaving", Name: "api.example.com", IsTemporary: true}, true},
		"connection refused":    {&net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")}, true},
		"unknown host, wrapped": {&net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "no such host", IsNotFound: true}}, false},
	} {
		synctest.Test(t, func(t *testing.T) {
			attempts := 0
			client := newClient(t, Options{Network: network(func(*http.Request) (*http.Response, error) {
				attempts++
				return nil, test.err
			})})
			_, failure := client.Do(t.Context(), get(t, "/x"))
			if failure == nil || failure.Retryable() != test.retried || (attempts > 1) != test.retried {
				t.Errorf("%s: %d attempts, failure %v; want retried: %v", name, attempts, failure, test.retried)
			}
		})
	}
}

// TestFirstContact: while connections fail and none has ever worked, a request ends within 15 s. A server that has
// answered once, that is slow, or that answers with errors gets more time.
func TestFirstContact(t *testing.T) {
	refused := func() (*http.Response, error) {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")}
	}
	for name, test := range map[string]struct {
		answeredBefore bool
		answer         func() (*http.Response, error)
		least, most    time.Duration
		attempts       int // 0: any
	}{
		"refused":                         {answer: refused, most: firstContact},
		"DNS server fails":                {answer: func() (*http.Response, error) { return nil, &net.DNSError{IsTemporary: true} }, most: firstContact},
		"refused, after an answer":        {answeredBefore: true, answer: refused, most: timeBudget, attempts: maxRetries + 1},
		"503":                             {answer: func() (*http.Response, error) { return answer(503, `{}`), nil }, most: timeBudget, attempts: maxRetries + 1},
		"answers nothing, in 30 s a time": {answer: func() (*http.Response, error) { time.Sleep(time.Hour); return nil, nil }, least: time.Minute, most: timeBudget},
	} {
		synctest.Test(t, func(t *testing.T) {
			attempts, answered := 0, !test.answeredBefore
			client := newClient(t, Options{Network: network(func(r *http.Request) (*http.Response, error) {
				if !answered {
					answered = true
					return answer(200, `{}`), nil
				}
				if attempts++; strings.HasPrefix(name, "answers nothing") {
					<-r.Context().Done()
					return nil, r.Context().Err()
				}
				return test.answer()
			})})
			if test.answeredBefore {
				if _, failure := client.Do(t.Context(), get(t, "/x")); failure != nil {
					t.Fatal(failure)
				}
			}
			for range 3 { // since back-offs are random
				attempts = 0
				started := time.Now()
				_, failure := client.Do(t.Context(), get(t, "/x"))
				took := time.Since(started)
				if failure == nil || took < test.least || took > test.most {
					t.Errorf("%s: failure %v after %v, want one after %v to %v", name, failure, took, test.least, test.most)
				}
				if attempts < 3 || test.attempts > 0 && attempts != test.attempts {
					t.Errorf("%s: %d attempts, want %d (0: at least 3)", name, attempts, test.attempts)
				}
			}
		})
	}
}

// TestRetryIsLogged: a failed attempt is logged at once, before the wait for the next one.
func TestRetryIsLogged(t *testing.T) {
	type retry struct {
		at      time.Duration
		reason  string
		attempt int64
		waits   bool
	}
	hang := func(r *http.Request) (*http.Response, error) { <-r.Context().Done(); return nil, r.Context().Err() }
	fine := func(*http.Request) (*http.Response, error) { return answer(200, `{}`), nil }
	slow := func(*http.Request) (*http.Response, error) {
		time.Sleep(10 * time.Second)
		return answer(200, `{}`), nil
	}
	for name, test := range map[string]struct {
		answers []func(*http.Request) (*http.Response, error)
		want    []retry
	}{
		"refused": {
			[]func(*http.Request) (*http.Response, error){
				func(*http.Request) (*http.Response, error) { return nil, errors.New("connection refused") }, fine,
			},
			[]retry{{0, "connection refused", 1, true}},
		},
		"hangs": {
			[]func(*http.Request) (*http.Response, error){hang, fine},
			[]retry{{30 * time.Second, "no answer in time (30s)", 1, true}},
		},
		"slow": {
			[]func(*http.Request) (*http.Response, error){slow, slow}, nil,
		},
		"503": {
			[]func(*http.Request) (*http.Response, error){
				func(*http.Request) (*http.Response, error) { return answer(503, `{}`, "Retry-After", "5"), nil }, slow,
			},
			[]retry{{0, "Service Unavailable", 1, true}},
		},
		"fine": {[]func(*http.Request) (*http.Response, error){fine, fine}, nil},
	} {
		synctest.Test(t, func(t *testing.T) {
			started, request := time.Now(), 0
			var got []retry
			client := newClient(t, Options{
				Network: network(func(r *http.Request) (*http.Response, error) {
					request++
					return test.answers[request-1](r)
				}),
				Logger: slog.New(records(func(r map[string]slog.Value) {
					if reason, ok := r["reason"]; ok {
						got = append(got, retry{time.Since(started), reason.String(), r["attempt"].Int64(), r["wait"].Duration() > 0})
					}
				})),
			})
			for request < len(test.answers) {
				if _, failure := client.Do(t.Context(), get(t, "/x")); failure != nil {
					t.Fatal(failure)
				}
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("%s:\n got %v\nwant %v", name, got, test.want)
			}
		})
	}
}

// records is a slog.Handler that calls itself with the attributes of each record at Info.
type records func(attributes map[string]slog.Value)

func (r records) Enabled(_ context.Context, level slog.Level) bool { return level >= slog.LevelInfo }

func (r records) Handle(_ context.Context, record slog.Record) error {
	attributes := make(map[string]slog.Value)
	record.Attrs(func(a slog.Attr) bool {
		attributes[a.Key] = a.Value
		return true
	})
	r(attributes)
	return nil
}

func (r records) WithAttrs([]slog.Attr) slog.Handler { return r }
func (r records) WithGroup(string) slog.Handler      { return r }
