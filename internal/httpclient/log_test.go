package httpclient

import (
	"io"
	"log/slog"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// logTo returns a log without times.
func logTo(w io.Writer, level slog.Level) *slog.Logger {
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: level, ReplaceAttr: func(_ []string, attr slog.Attr) slog.Attr {
		if attr.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return attr
	}}))
}

const logSecret = "the-secret-of-this-test"

// inTurn answers each attempt after 20 ms with the next of the answers.
func inTurn(answers ...func() (*http.Response, error)) network {
	attempt := -1
	return func(*http.Request) (*http.Response, error) {
		time.Sleep(20 * time.Millisecond)
		attempt++
		return answers[attempt]()
	}
}

// backOffs are waits that the server did not ask for.
var backOffs = regexp.MustCompile(`wait=(0s|[0-9]+ms)`)

func with(status int, body string, header ...string) func() (*http.Response, error) {
	return func() (*http.Response, error) { return answer(status, body, header...), nil }
}

func TestLog(t *testing.T) {
	for name, test := range map[string]struct {
		path    string
		answers []func() (*http.Response, error)
		signIn  bool
		debug   string
		info    string
	}{
		"a request": {
			path: "/v1/x", answers: []func() (*http.Response, error){with(200, `{"a":1}`, "X-Trace-Id", "abc")},
			debug: "level=DEBUG msg=request method=GET path=/v1/x status=200 bytes=7 trace=abc took=20ms attempt=1\n",
		},
		"a query": {
			path: "/v1/x?a=b%20c&long=" + strings.Repeat("x", 200), answers: []func() (*http.Response, error){with(404, `{}`)},
			debug: "level=DEBUG msg=request method=GET path=/v1/x query=\"a=b%20c&long=" + strings.Repeat("x", 67) + "…\" status=404 bytes=2 took=20ms attempt=1\n",
		},
		"a second attempt": {
			path: "/v1/x", answers: []func() (*http.Response, error){with(503, `{}`, "Retry-After", "3"), with(200, `{}`)},
			debug: "level=DEBUG msg=request method=GET path=/v1/x status=503 bytes=2 took=20ms attempt=1\n" +
				"level=INFO msg=\"request will be repeated\" method=GET path=/v1/x attempt=1 of=9 reason=\"Service Unavailable\" status=503 wait=3s\n" +
				"level=INFO msg=\"waiting for the rate limit\" wait=3s\n" +
				"level=DEBUG msg=request method=GET path=/v1/x status=200 bytes=2 took=20ms attempt=2\n",
			info: "level=INFO msg=\"request will be repeated\" method=GET path=/v1/x attempt=1 of=9 reason=\"Service Unavailable\" status=503 wait=3s\n" +
				"level=INFO msg=\"waiting for the rate limit\" wait=3s\n",
		},
		"an answer that breaks off": {
			path: "/v1/x", answers: []func() (*http.Response, error){func() (*http.Response, error) { return cutBody(), nil }, with(200, `{}`)},
			debug: "level=DEBUG msg=request method=GET path=/v1/x error=\"unexpected EOF\" took=20ms attempt=1\n" +
				"level=INFO msg=\"request will be repeated\" method=GET path=/v1/x attempt=1 of=9 reason=\"unexpected EOF\" wait=back-off\n" +
				"level=DEBUG msg=request method=GET path=/v1/x status=200 bytes=2 took=20ms attempt=2\n",
			info: "level=INFO msg=\"request will be repeated\" method=GET path=/v1/x attempt=1 of=9 reason=\"unexpected EOF\" wait=back-off\n",
		},
		"a secret that is sent back": {
			path: "/v1/" + logSecret + "?q=" + logSecret, answers: []func() (*http.Response, error){with(400, `{}`, "X-Trace-Id", "trace of "+logSecret)},
			debug: "level=DEBUG msg=request method=GET path=/v1/[redacted] query=\"q=[redacted]\" status=400 bytes=2 trace=\"trace of [redacted]\" took=20ms attempt=1\n",
		},
		"an answer with a secret that nobody knows yet": {
			path: "/v1/token", answers: []func() (*http.Response, error){with(200, `{"accessToken":"new"}`, "X-Trace-Id", "new")}, signIn: true,
			debug: "level=DEBUG msg=request method=GET path=/v1/token status=200 bytes=21 took=20ms attempt=1\n",
		},
		"a hostile name": {
			path: "/v1/a%0A%1B[31m%E2%80%AE", answers: []func() (*http.Response, error){with(200, `{}`, "X-Trace-Id", "a\x1b[31m\nb")},
			debug: "level=DEBUG msg=request method=GET path=/v1/a%0A%1B[31m%E2%80%AE status=200 bytes=2 trace=\"a [31m b\" took=20ms attempt=1\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			for level, want := range map[slog.Level]string{slog.LevelDebug: test.debug, slog.LevelInfo: test.info} {
				synctest.Test(t, func(t *testing.T) {
					var logged strings.Builder
					client := newClient(t, Options{
						Network: inTurn(test.answers...), Secrets: NewSecrets(logSecret), Logger: logTo(&logged, level),
					})
					request := get(t, test.path)
					request.SignIn = test.signIn
					_, _ = client.Do(t.Context(), request)
					if diff := cmp.Diff(want, backOffs.ReplaceAllString(logged.String(), "wait=back-off")); diff != "" {
						t.Errorf("%s: %s", level, diff)
					}
				})
			}
		})
	}
}

// TestLogOfSilence: an attempt is logged once it has waited for 2 seconds without any answer of the server, to whichever request.
func TestLogOfSilence(t *testing.T) {
	const record = "level=INFO msg=\"no answer yet\" method=GET path=/slow attempt=1 of=9\n"
	for name, test := range map[string]struct {
		takes time.Duration
		busy  bool // the server answers other requests meanwhile
		want  string
	}{
		"in time":               {takes: 1900 * time.Millisecond},
		"late":                  {takes: 25 * time.Second, want: record},
		"others were answered":  {takes: 25 * time.Second, busy: true},
		"a second attempt, too": {takes: 31 * time.Second, want: record + "level=INFO msg=\"request will be repeated\" method=GET path=/slow attempt=1 of=9 reason=\"no answer in time (30s)\" wait=back-off\n" + strings.Replace(record, "=1", "=2", 1)},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var logged strings.Builder
				attempts := 0
				client := newClient(t, Options{Concurrency: 2, Logger: logTo(&logged, slog.LevelInfo), Network: network(func(request *http.Request) (*http.Response, error) {
					takes := time.Second
					if request.URL.Path == "/slow" {
						attempts++
						takes = test.takes - time.Duration(attempts-1)*5*time.Second
					}
					select {
					case <-time.After(takes):
						return answer(200, `{}`), nil
					case <-request.Context().Done():
						return nil, request.Context().Err()
					}
				})})
				if test.busy {
					_, _ = client.Do(t.Context(), get(t, "/quick")) // opens the rate limit's window
					go func() { _, _ = client.Do(t.Context(), get(t, "/quick")) }()
				}
				if _, failure := client.Do(t.Context(), get(t, "/slow")); failure != nil {
					t.Fatal(failure)
				}
				if diff := cmp.Diff(test.want, backOffs.ReplaceAllString(logged.String(), "wait=back-off")); diff != "" {
					t.Error(diff)
				}
			})
		})
	}
}

// TestLogOfTheLastAttempt: the last attempt is not logged as repeated.
func TestLogOfTheLastAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var logged strings.Builder
		client := newClient(t, Options{
			Network: inTurn(slices.Repeat([]func() (*http.Response, error){with(429, `{}`, "Retry-After", "1")}, maxRetries+1)...), Logger: logTo(&logged, slog.LevelInfo),
		})
		_, _ = client.Do(t.Context(), get(t, "/x"))
		if got := strings.Count(logged.String(), "will be repeated"); got != maxRetries {
			t.Errorf("%d retries logged, want %d:\n%s", got, maxRetries, logged.String())
		}
	})
}

// TestLogOfWaits: each wait for the rate limit once, and none that is not worth a word.
func TestLogOfWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var logged strings.Builder
		client := newClient(t, Options{Logger: logTo(&logged, slog.LevelInfo), Network: network(func(*http.Request) (*http.Response, error) {
			return answer(200, `{}`, "X-Ratelimit-Limit", "2", "X-Ratelimit-Period", "10", "X-Ratelimit-Remaining", "0", "X-Ratelimit-Reset", "10"), nil
		})})
		for range 2 {
			request := get(t, "/x")
			request.Class = "entities"
			if _, failure := client.Do(t.Context(), request); failure != nil {
				t.Fatal(failure)
			}
		}
		if got := logged.String(); strings.Count(got, "\n") != 1 || !strings.HasPrefix(got, "level=INFO msg=\"waiting for the rate limit\" wait=11s ") || !strings.HasSuffix(got, " class=entities\n") {
			t.Errorf("logged %q", got)
		}
	})
}
