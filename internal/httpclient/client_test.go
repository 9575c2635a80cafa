package httpclient

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("net/http.(*persistConn).readLoop"), goleak.IgnoreAnyFunction("net/http.(*persistConn).writeLoop"))
}

// network is a RoundTripper that calls a function; tests of time use it, since a real
// connection cannot be used inside synctest.
type network func(*http.Request) (*http.Response, error)

func (n network) RoundTrip(r *http.Request) (*http.Response, error) { return n(r) }

func answer(status int, body string, header ...string) *http.Response {
	resp := &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body))}
	for i := 0; i+1 < len(header); i += 2 {
		resp.Header.Set(header[i], header[i+1])
	}
	return resp
}

func newClient(t *testing.T, o Options) *Client {
	t.Helper()
	if o.Origin == nil {
		o.Origin = mustParse(t, "https://api.example.com")
	}
	if o.Concurrency == 0 {
		o.Concurrency = 1 // most networks of these tests have no lock
	}
	client, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func mustParse(t *testing.T, address string) *url.URL {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func get(t *testing.T, path string) Request {
	t.Helper()
	return Request{Method: http.MethodGet, URL: mustParse(t, "https://api.example.com"+path)}
}

func TestRetriesUntilSuccess(t *testing.T) {
	for name, first := range map[string]func() (*http.Response, error){
		"408":        func() (*http.Response, error) { return answer(408, `{}`), nil },
		"429":        func() (*http.Response, error) { return answer(429, `{}`), nil },
		"500":        func() (*http.Response, error) { return answer(500, `{}`), nil },
		"502":        func() (*http.Response, error) { return answer(502, `<html>`), nil },
		"503":        func() (*http.Response, error) { return answer(503, ``), nil },
		"504":        func() (*http.Response, error) { return answer(504, `upstream request timeout`), nil },
		"broken":     func() (*http.Response, error) { return nil, io.ErrUnexpectedEOF },
		"html 200":   func() (*http.Response, error) { return answer(200, `<html>`), nil },
		"empty 200":  func() (*http.Response, error) { return answer(200, ``), nil },
		"cut off":    func() (*http.Response, error) { return answer(200, `{"a":`), nil },
		"cut a body": func() (*http.Response, error) { return cutBody(), nil },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				attempts := 0
				client := newClient(t, Options{Network: network(func(r *http.Request) (*http.Response, error) {
					if attempts++; attempts < 3 {
						return first()
					}
					body, _ := io.ReadAll(r.Body)
					return answer(200, `{"got":"`+string(body)+`"}`), nil
				})})
				request := get(t, "/x")
				request.Method, request.Body = http.MethodPost, []byte("sent")
				response, failure := client.Do(t.Context(), request)
				if failure != nil {
					t.Fatal(failure)
				}
				if got := string(response.Body); got != `{"got":"sent"}` {
					t.Errorf("body %s: the request's body must be sent again", got)
				}
				if counts := client.Counts(); counts.Requests != 3 || counts.Retries != 2 || counts.WaitedSeconds <= 0 {
					t.Errorf("counts %+v", counts)
				}
			})
		})
	}
}

func cutBody() *http.Response {
	resp := answer(200, "")
	resp.Body = io.NopCloser(io.MultiReader(strings.NewReader(`{"a":1`), errorReader{}))
	return resp
}

type errorReader struct{}

func (errorReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestAnswersThatStay(t *testing.T) {
	for _, status := range []int{301, 400, 401, 403, 404, 409, 413, 422, 501} {
		attempts := 0
		client := newClient(t, Options{Network: network(func(*http.Request) (*http.Response, error) {
			attempts++
			return answer(status, `{"detail":"why"}`, "Location", "https://elsewhere.example.com/"), nil
		})})
		response, failure := client.Do(t.Context(), get(t, "/x"))
		if failure == nil || failure.Status != status || failure.Retryable() || attempts != 1 {
			t.Errorf("%d: %v after %d attempts", status, failure, attempts)
		}
		if response == nil || string(response.Body) != `{"detail":"why"}` {
			t.Errorf("%d: the body of the last answer is lost", status)
		}
	}
}

func TestRetryAfterIsObeyedAndCapped(t *testing.T) {
	for value, want := range map[string]time.Duration{"7": 7 * time.Second, "7200": 2 * time.Minute} {
		synctest.Test(t, func(t *testing.T) {
			attempts, started := 0, time.Now()
			client := newClient(t, Options{Network: network(func(*http.Request) (*http.Response, error) {
				if attempts++; attempts == 1 {
					return answer(429, `{}`, "Retry-After", value), nil
				}
				return answer(200, `{}`), nil
			})})
			if _, failure := client.Do(t.Context(), get(t, "/x")); failure != nil {
				t.Fatal(failure)
			}
			if waited := time.Since(started); waited != want {
				t.Errorf("Retry-After %s: waited %s, want %s", value, waited, want)
			}
		})
	}
}

func TestEndedContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		client := newClient(t, Options{Network: network(func(*http.Request) (*http.Response, error) {
			cancel()
			return answer(503, `{}`), nil
		})})
		response, failure := client.Do(ctx, get(t, "/x"))
		if response != nil || !errors.Is(failure, context.Canceled) || failure.Retryable() {
			t.Errorf("response %v, failure %v", response, failure)
		}
	})
}

func TestBodyIsCapped(t *testing.T) {
	attempts := 0
	client := newClient(t, Options{Network: network(func(*http.Request) (*http.Response, error) {
		attempts++
		return answer(200, `"`+strings.Repeat("x", 9)+`"`), nil
	})})
	client.maxBody = 10
	if _, failure := client.Do(t.Context(), get(t, "/x")); !errors.Is(failure, ErrBodyTooLong) || attempts != 1 {
		t.Errorf("%v after %d attempts", failure, attempts)
	}
}

// bearer authorizes requests with a token that does not change.
func bearer(token string) func(context.Context, string) (string, error) {
	return func(_ context.Context, rejected string) (string, error) {
		if rejected != "" {
			return "", nil
		}
		return "Bearer " + token, nil
	}
}

// renewing authorizes with token-0, and after a refusal with token-1, token-2 and so on.
func renewing() func(context.Context, string) (string, error) {
	generation := '0'
	return func(_ context.Context, rejected string) (string, error) {
		if rejected != "" {
			generation++
		}
		return "Bearer token-" + string(generation), nil
	}
}

func TestRefusedTokenIsRenewedOnce(t *testing.T) {
	var seen []string
	client := newClient(t, Options{Authorize: renewing(), Network: network(func(r *http.Request) (*http.Response, error) {
		seen = append(seen, r.Header.Get("Authorization"))
		return answer(401, `{}`), nil
	})})
	_, failure := client.Do(t.Context(), get(t, "/x"))
	if failure == nil || failure.Status != 401 || failure.Attempts != 2 {
		t.Errorf("failure %v", failure)
	}
	if want := []string{"Bearer token-0", "Bearer token-1"}; strings.Join(seen, ",") != strings.Join(want, ",") {
		t.Errorf("sent %v, want %v", seen, want)
	}
}

func TestRedirectCarriesNoToken(t *testing.T) {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("followed to %s with %q", r.URL, r.Header.Get("Authorization"))
	}))
	defer elsewhere.Close()
	server := httptest.NewServer(http.RedirectHandler(elsewhere.URL, http.StatusFound))
	defer server.Close()
	client := newClient(t, Options{Origin: mustParse(t, server.URL), Authorize: bearer("secret")})
	_, failure := client.Do(t.Context(), Request{Method: http.MethodGet, URL: mustParse(t, server.URL+"/x")})
	if failure == nil || failure.Status != http.StatusFound {
		t.Errorf("failure %v", failure)
	}
}

func TestRedirectTarget(t *testing.T) {
	for _, test := range []struct {
		status         int
		location, want string
	}{
		{301, "https://elsewhere.example.com/v1/?token=s3cret#s3cret", "https://elsewhere.example.com/v1/"},
		{302, "//user:s3cret@elsewhere.example.com", "https://elsewhere.example.com"},
		{307, "/login", "https://api.example.com/login"},
		{302, "", ""},
		{200, "/x", ""},
		{404, "/x", ""},
	} {
		client := newClient(t, Options{Network: network(func(*http.Request) (*http.Response, error) {
			return answer(test.status, `{}`, "Location", test.location), nil
		})})
		_, failure := client.Do(t.Context(), get(t, "/x/y"))
		got := ""
		if failure != nil {
			got = strings.TrimPrefix(failure.Message, "redirects to ")
		}
		if got != test.want {
			t.Errorf("%d to %q: target %q, want %q", test.status, test.location, got, test.want)
		}
	}
}

func TestOriginIsHeld(t *testing.T) {
	client := newClient(t, Options{Authorize: bearer("secret"), Network: network(func(r *http.Request) (*http.Response, error) {
		t.Errorf("sent to %s", r.URL)
		return answer(200, `{}`), nil
	})})
	for _, address := range []string{"http://api.example.com/x", "https://api.example.com:444/x", "https://evil.example.com/x"} {
		if _, failure := client.Do(t.Context(), Request{Method: http.MethodGet, URL: mustParse(t, address)}); failure == nil {
			t.Errorf("%s: no failure", address)
		}
	}
}

func TestPlainHTTPOnlyToLoopback(t *testing.T) {
	for address, want := range map[string]bool{
		"https://api.example.com": true, "http://127.0.0.1:8080": true, "http://localhost": true, "http://[::1]:1": true,
		"http://api.example.com": false, "http://localhost.example.com": false, "http://10.0.0.1": false,
	} {
		_, err := New(Options{Origin: mustParse(t, address)})
		if (err == nil) != want {
			t.Errorf("%s: %v", address, err)
		}
		if !want && !errors.Is(err, ErrInsecure) {
			t.Errorf("%s: %v is not ErrInsecure", address, err)
		}
		if _, err := New(Options{Origin: mustParse(t, address), InsecureHTTP: true}); err != nil {
			t.Errorf("%s, insecure: %v", address, err)
		}
	}
}

func TestParseBase(t *testing.T) {
	for address, want := range map[string]string{
		"https://api.port.io": "https://api.port.io", " https://h/x/ ": "https://h/x", "http://127.0.0.1:1": "http://127.0.0.1:1",
		"": "", "api.port.io": "", "ftp://h": "", "https://u:s3cret@h": "", "https://h?s3cret": "", "https://h#s3cret": "", "ftp://s3cret@h?s3cret#s3cret": "", "https://%zz:s3cret": "",
	} {
		base, err := ParseBase(address)
		if (err == nil) != (want != "") || err == nil && base.String() != want {
			t.Errorf("%q: %v, %v", address, base, err)
		}
		if err != nil && strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%q: a secret in %v", address, err)
		}
	}
}

func TestConcurrencyIsHeld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var under, most atomic.Int64
		client := newClient(t, Options{Concurrency: 3, Network: network(func(*http.Request) (*http.Response, error) {
			most.Store(max(most.Load(), under.Add(1)))
			defer under.Add(-1)
			time.Sleep(time.Second)
			return answer(200, `{}`), nil
		})})
		for range 10 {
			go func() { _, _ = client.Do(t.Context(), get(t, "/x")) }()
		}
		synctest.Wait()
		time.Sleep(time.Minute)
		if most.Load() != 3 {
			t.Errorf("%d under way at once, want 3", most.Load())
		}
	})
}

func TestMessageIsOnePrintableLine(t *testing.T) {
	if got := Message(" a\x1b[31m\n\u202eb\x7f "); strings.ContainsFunc(got, func(r rune) bool { return r < ' ' || r == 0x7f || r == 0x202e }) {
		t.Errorf("%q", got)
	}
	if got := Message(strings.Repeat("é", 1000)); len([]rune(got)) != 501 {
		t.Errorf("%d characters", len([]rune(got)))
	}
}
