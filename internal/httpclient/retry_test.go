package httpclient

import (
	"errors"
	"net"
	"net/http"
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
