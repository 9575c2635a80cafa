package httpclient

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestHurry: what a smaller request might have avoided is handed up at once, all else is tried again.
func TestHurry(t *testing.T) {
	for name, test := range map[string]struct {
		first  func(*http.Request) (*http.Response, error)
		gaveUp bool
	}{
		"502":       {func(*http.Request) (*http.Response, error) { return answer(502, `{}`), nil }, true},
		"503":       {func(*http.Request) (*http.Response, error) { return answer(503, `{}`), nil }, true},
		"504":       {func(*http.Request) (*http.Response, error) { return answer(504, `{}`), nil }, true},
		"time-out":  {func(r *http.Request) (*http.Response, error) { <-r.Context().Done(); return nil, r.Context().Err() }, true},
		"too long":  {func(*http.Request) (*http.Response, error) { return answer(200, strings.Repeat(" ", 11)), nil }, true},
		"503 later": {func(*http.Request) (*http.Response, error) { return answer(503, `{}`, "Retry-After", "1"), nil }, false},
		"429":       {func(*http.Request) (*http.Response, error) { return answer(429, `{}`), nil }, false},
		"500":       {func(*http.Request) (*http.Response, error) { return answer(500, `{}`), nil }, false},
		"broken":    {func(*http.Request) (*http.Response, error) { return nil, errors.New("connection reset") }, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				attempts := 0
				client := newClient(t, Options{MaxBody: 10, Network: network(func(r *http.Request) (*http.Response, error) {
					if attempts++; attempts == 1 {
						return test.first(r)
					}
					return answer(200, `{}`), nil
				})})
				request := get(t, "/x")
				request.Tries = &Tries{Hurry: true}
				_, failure := client.Do(t.Context(), request)
				if request.Tries.GaveUp != test.gaveUp || (failure != nil) != test.gaveUp || attempts == 1 != test.gaveUp {
					t.Fatalf("gave up: %t, want %t; %d attempts, %v", request.Tries.GaveUp, test.gaveUp, attempts, failure)
				}
				if _, failure := client.Do(t.Context(), request); failure != nil || request.Tries.GaveUp {
					t.Errorf("the request after it: %v", failure)
				}
			})
		})
	}
}

// TestSharedTries: requests that replace each other have one budget, and one count of attempts.
func TestSharedTries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := newClient(t, Options{Network: network(func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		})})
		started, requests := time.Now(), 0
		request := get(t, "/x")
		request.Tries = &Tries{Hurry: true}
		for {
			requests++
			_, failure := client.Do(t.Context(), request)
			if failure == nil || failure.Attempts != requests || !errors.Is(failure, ErrTimeout) {
				t.Fatalf("request %d: failure %v", requests, failure)
			}
			if !request.Tries.GaveUp {
				break
			}
			if last := requests == 3; request.Tries.LastChance != last {
				t.Errorf("request %d: last chance %t, want %t", requests, !last, last)
			}
		}
		if took := time.Since(started); took != 2*time.Minute || requests != 4 {
			t.Errorf("%d requests in %s", requests, took)
		}
	})
}

// TestValidDecides: an answer that the caller finds unsound is asked for again.
func TestValidDecides(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		attempts := 0
		client := newClient(t, Options{Network: network(func(*http.Request) (*http.Response, error) {
			attempts++
			return answer(200, strings.Repeat("x", attempts)), nil
		})})
		request := get(t, "/x")
		request.Valid = func(body []byte) bool { return string(body) == "xxx" }
		response, failure := client.Do(t.Context(), request)
		if failure != nil || string(response.Body) != "xxx" || attempts != 3 {
			t.Errorf("%d attempts, %v", attempts, failure)
		}
	})
}
