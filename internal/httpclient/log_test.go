package httpclient_test

import (
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/codecov-port/codecov-port/internal/httpclient"
)

// logTo gives a log without times.
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

func with(status int, body string, header ...string) func() (*http.Response, error) {
	return func() (*http.Response, error) { return answer(status, body, header...), nil }
}

func TestLog(t *testing.T) {
	for name, test := range map[string]struct {
		path    string
		answers []func() (*http.Response, error)
		asked   bool // for secrets
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
				"level=INFO msg=\"request will be repeated\" method=GET path=/v1/x attempt=1 reason=\"Service Unavailable\" status=503 wait=3s\n" +
				"level=DEBUG msg=request method=GET path=/v1/x status=200 bytes=2 took=20ms attempt=2\n",
			info: "level=INFO msg=\"request will be repeated\" method=GET path=/v1/x attempt=1 reason=\"Service Unavailable\" status=503 wait=3s\n",
		},
		"an answer that breaks off": {
			path: "/v1/x", answers: []func() (*http.Response, error){func() (*http.Response, error) { return cutBody(), nil }, with(200, `{}`)},
			debug: "level=DEBUG msg=request method=GET path=/v1/x error=\"unexpected EOF\" took=20ms attempt=1\n" +
				"level=INFO msg=\"request will be repeated\" method=GET path=/v1/x attempt=1 reason=\"unexpected EOF\"\n" +
				"level=DEBUG msg=request method=GET path=/v1/x status=200 bytes=2 took=20ms attempt=2\n",
			info: "level=INFO msg=\"request will be repeated\" method=GET path=/v1/x attempt=1 reason=\"unexpected EOF\"\n",
		},
		"a secret that is sent back": {
			path: "/v1/" + logSecret + "?q=" + logSecret, answers: []func() (*http.Response, error){with(400, `{}`, "X-Trace-Id", "trace of "+logSecret)},
			debug: "level=DEBUG msg=request method=GET path=/v1/[redacted] query=\"q=[redacted]\" status=400 bytes=2 trace=\"trace of [redacted]\" took=20ms attempt=1\n",
		},
		"an answer with a secret that nobody knows yet": {
			path: "/v1/token", answers: []func() (*http.Response, error){with(200, `{"accessToken":"new"}`, "X-Trace-Id", "new")}, asked: true,
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
					client := newClient(t, httpclient.Options{
						Network: inTurn(test.answers...), Secrets: httpclient.NewSecrets(logSecret), SecretsAsked: test.asked, Logger: logTo(&logged, level),
					})
					_, _ = client.Do(t.Context(), get(t, test.path))
					if diff := cmp.Diff(want, logged.String()); diff != "" {
						t.Errorf("%s: %s", level, diff)
					}
				})
			}
		})
	}
}

// TestLogOfTheLastAttempt: what is not repeated is not said to be.
func TestLogOfTheLastAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var logged strings.Builder
		retry := httpclient.DefaultRetry
		retry.Max = 2
		client := newClient(t, httpclient.Options{
			Network: inTurn(with(503, `{}`), with(503, `{}`), with(503, `{}`)), Retry: retry, Logger: logTo(&logged, slog.LevelInfo),
		})
		_, _ = client.Do(t.Context(), get(t, "/x"))
		if got := strings.Count(logged.String(), "will be repeated"); got != 2 {
			t.Errorf("%d repetitions are told of, want 2:\n%s", got, logged.String())
		}
	})
}

// TestLogOfWaits: each wait for the rate limit once, and none that is not worth a word.
func TestLogOfWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var logged strings.Builder
		stats := new(httpclient.Stats)
		stats.LogWaits(logTo(&logged, slog.LevelInfo))
		governor := httpclient.NewGovernor(httpclient.GovernorOptions{Concurrency: 4, Stats: stats})
		client := newClient(t, httpclient.Options{Limiter: governor, Stats: stats, Network: network(func(*http.Request) (*http.Response, error) {
			return answer(200, `{}`, "X-Ratelimit-Limit", "2", "X-Ratelimit-Period", "10", "X-Ratelimit-Remaining", "0", "X-Ratelimit-Reset", "10"), nil
		})})
		for range 2 {
			request := get(t, "/x")
			request.Class = "entities"
			if _, failure := client.Do(t.Context(), request); failure != nil {
				t.Fatal(failure)
			}
		}
		if got := logged.String(); strings.Count(got, "\n") != 1 || !strings.HasPrefix(got, "level=INFO msg=\"waiting for the rate limit\" wait=10") || !strings.HasSuffix(got, " class=entities\n") {
			t.Errorf("logged %q", got)
		}
	})
}
