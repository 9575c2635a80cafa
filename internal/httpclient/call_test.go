package httpclient

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func hang(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

// TestSmaller: where a request for less may succeed, it is sent at once, and the same request is retried if there is
// nothing smaller. All else is retried without a question.
func TestSmaller(t *testing.T) {
	for name, test := range map[string]struct {
		first func(*http.Request) (*http.Response, error)
		asked bool // for a smaller request
	}{
		"502":       {func(*http.Request) (*http.Response, error) { return answer(502, `{}`), nil }, true},
		"503":       {func(*http.Request) (*http.Response, error) { return answer(503, `{}`), nil }, true},
		"504":       {func(*http.Request) (*http.Response, error) { return answer(504, `{}`), nil }, true},
		"time-out":  {hang, true},
		"too long":  {func(*http.Request) (*http.Response, error) { return answer(200, strings.Repeat(" ", 11)), nil }, true},
		"503 later": {func(*http.Request) (*http.Response, error) { return answer(503, `{}`, "Retry-After", "1"), nil }, false},
		"429":       {func(*http.Request) (*http.Response, error) { return answer(429, `{}`), nil }, false},
		"500":       {func(*http.Request) (*http.Response, error) { return answer(500, `{}`), nil }, false},
		"broken":    {func(*http.Request) (*http.Response, error) { return nil, errors.New("connection reset") }, false},
	} {
		for _, reply := range []string{"smaller", "same", "none"} {
			t.Run(name+", "+reply, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					var paths []string
					client := newClient(t, Options{Network: network(func(r *http.Request) (*http.Response, error) {
						if paths = append(paths, r.URL.Path); len(paths) == 1 {
							return test.first(r)
						}
						return answer(200, `{}`), nil
					})})
					client.maxBody = 10
					request, asked := get(t, "/large"), false
					addresses := map[string]*url.URL{"smaller": get(t, "/small").URL, "same": request.URL}
					request.Smaller = func(lastChance bool) *url.URL {
						if asked = true; lastChance {
							t.Error("last chance after the first attempt")
						}
						return addresses[reply]
					}
					_, failure := client.Do(t.Context(), request)
					if asked != test.asked {
						t.Errorf("asked for a smaller request: %t, want %t", asked, test.asked)
					}
					ended := asked && reply == "none" || name == "too long" && reply == "same" // which is not retried
					want := "/large"
					switch {
					case asked && reply == "smaller":
						want = "/large /small"
					case !ended:
						want = "/large /large"
					}
					if got := strings.Join(paths, " "); got != want || (failure != nil) != ended {
						t.Errorf("requested %s, failure %v; want %s, a failure: %t", got, failure, want, ended)
					}
					if retried := client.Counts().Retries > 0; retried == (asked && reply == "smaller" || ended) {
						t.Errorf("retried after a back-off: %t", retried)
					}
				})
			})
		}
	}
}

// TestSmallerRequestsShareTheBudget: requests that replace each other have one budget, and one count of attempts.
func TestSmallerRequestsShareTheBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := newClient(t, Options{Network: network(hang)})
		started, lastChances := time.Now(), []bool{}
		request := get(t, "/x")
		request.Smaller = func(lastChance bool) *url.URL {
			lastChances = append(lastChances, lastChance)
			return get(t, "/x").URL
		}
		_, failure := client.Do(t.Context(), request)
		if failure == nil || failure.Attempts != 4 || !errors.Is(failure, ErrTimeout) {
			t.Fatalf("failure %v, want a time-out after 4 attempts", failure)
		}
		if want := []bool{false, false, true}; len(lastChances) != 3 || lastChances[0] || lastChances[1] || !lastChances[2] {
			t.Errorf("last chances %v, want %v", lastChances, want)
		}
		if took := time.Since(started); took != 2*time.Minute {
			t.Errorf("took %s, want 2m", took)
		}
	})
}

// TestDecode: an answer that did not arrive whole is requested again, one that cannot be decoded fails the request.
func TestDecode(t *testing.T) {
	for name, test := range map[string]struct {
		err      error
		attempts int
	}{
		"not whole":    {ErrNotJSON, 3},
		"syntax":       {new(json.SyntaxError), 3},
		"unexpected":   {errors.New("a number, not a\ntext"), 1},
		"as expected":  {nil, 1},
		"another kind": {json.Unmarshal([]byte("[]"), new(int)), 1},
	} {
		synctest.Test(t, func(t *testing.T) {
			attempts := 0
			client := newClient(t, Options{Network: network(func(*http.Request) (*http.Response, error) {
				attempts++
				return answer(200, strings.Repeat("x", attempts)), nil
			})})
			request := get(t, "/x")
			request.Decode = func(body []byte) error {
				if string(body) == "xxx" {
					return nil
				}
				return test.err
			}
			response, failure := client.Do(t.Context(), request)
			fails := test.attempts == 1 && test.err != nil
			if attempts != test.attempts || (failure != nil) != fails || (response == nil) != fails {
				t.Errorf("%s: %d attempts, %v", name, attempts, failure)
			}
			if fails && (failure.Retryable() || failure.Status != 0 || !strings.Contains(failure.Error(), ": decode answer: ") || strings.Contains(failure.Error(), "\n")) {
				t.Errorf("%s: failure %q, retryable %t", name, failure, failure.Retryable())
			}
		})
	}
}

// TestFinal: an answer that is not going to change is returned, unless the server sends Retry-After.
func TestFinal(t *testing.T) {
	for header, want := range map[string]int{"": 2, "1": 3} {
		synctest.Test(t, func(t *testing.T) {
			attempts, answers := 0, 0
			client := newClient(t, Options{Network: network(func(*http.Request) (*http.Response, error) {
				if attempts++; attempts == 3 {
					return answer(200, `{}`), nil
				}
				return answer(500, `{"a":1}`, "Retry-After", header), nil
			})})
			request := get(t, "/x")
			request.Final = func(status int, body []byte) bool {
				if answers++; status != 500 || string(body) != `{"a":1}` {
					t.Errorf("asked about %d %s", status, body)
				}
				return answers == 2
			}
			if _, failure := client.Do(t.Context(), request); attempts != want || (failure == nil) != (want == 3) {
				t.Errorf("Retry-After %q: %d attempts, want %d; %v", header, attempts, want, failure)
			}
		})
	}
}
