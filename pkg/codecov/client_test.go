package codecov_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/codecov-port/codecov-port/internal/httpclient"
	"github.com/codecov-port/codecov-port/pkg/codecov"
)

func TestNewClientRejects(t *testing.T) {
	for _, test := range []struct {
		name     string
		options  codecov.Options
		insecure bool
	}{
		{"no service", codecov.Options{}, false},
		{"no scheme", codecov.Options{Service: codecov.GitHub, BaseURL: "codecov.example.com"}, false},
		{"another scheme", codecov.Options{Service: codecov.GitHub, BaseURL: "ftp://codecov.example.com"}, false},
		{"no address", codecov.Options{Service: codecov.GitHub, BaseURL: "https://%zz"}, false},
		{"a password", codecov.Options{Service: codecov.GitHub, BaseURL: "https://me:hunter2@codecov.example.com"}, false},
		{"a query", codecov.Options{Service: codecov.GitHub, BaseURL: "https://codecov.example.com?a=b"}, false},
		{"plain http", codecov.Options{Service: codecov.GitHub, BaseURL: "http://codecov.example.com"}, true},
		{"plain http, looks like loopback", codecov.Options{Service: codecov.GitHub, BaseURL: "http://127.0.0.1.example.com"}, true},
	} {
		_, err := codecov.NewClient(test.options)
		if err == nil || errors.Is(err, httpclient.ErrInsecure) != test.insecure {
			t.Errorf("%s: error %v", test.name, err)
			continue
		}
		if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: the password is in %q", test.name, err)
		}
	}
}

func TestNewClientAccepts(t *testing.T) {
	for _, options := range []codecov.Options{
		{},
		{BaseURL: "https://codecov.example.com/api/v2/"},
		{BaseURL: "http://127.0.0.1:8080/api/v2"},
		{BaseURL: "http://[::1]:8080/api/v2"},
		{BaseURL: "http://codecov.example.com", InsecureHTTP: true},
	} {
		options.Service = codecov.BitbucketServer
		client, err := codecov.NewClient(options)
		if err != nil {
			t.Errorf("%s: %v", options.BaseURL, err)
		} else if client.Service() != codecov.BitbucketServer {
			t.Errorf("service %s", client.Service())
		}
	}
}

// TestOptionsHideTheToken prints options in every common way.
func TestOptionsHideTheToken(t *testing.T) {
	options := codecov.Options{Token: seesAll, Service: codecov.GitHub, BaseURL: "https://codecov.example.com"}
	var logged bytes.Buffer
	slog.New(slog.NewTextHandler(&logged, nil)).Info("start", "options", options)
	slog.New(slog.NewJSONHandler(&logged, nil)).Info("start", "options", &options)
	if encoded, err := json.Marshal(options); err != nil || strings.Contains(string(encoded), options.Token) {
		t.Errorf("as JSON: %s, %v", encoded, err)
	}
	printed := []string{logged.String()}
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		printed = append(printed, fmt.Sprintf(format, options), fmt.Sprintf(format, &options), fmt.Sprintf(format, []codecov.Options{options}))
	}
	for _, text := range printed {
		if strings.Contains(text, seesAll) {
			t.Errorf("the token is in %s", text)
		}
	}
	if text := options.String(); text != "github at https://codecov.example.com" {
		t.Errorf("printed %q", text)
	}
}

// headers stores the headers of the requests that it passes on.
type headers struct {
	next http.Handler
	mu   sync.Mutex
	seen []http.Header
}

func (h *headers) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	h.seen = append(h.seen, r.Header.Clone())
	h.mu.Unlock()
	h.next.ServeHTTP(w, r)
}

func TestHeaders(t *testing.T) {
	for token, want := range map[string][]string{seesAll: {"Bearer " + seesAll}, "": nil} {
		account := acme(t)
		server := serve(t, account.emulated)
		watched := &headers{next: server}
		client := newClient(t, codecov.Options{BaseURL: listen(t, watched), Token: token, UserAgent: "codecov-port/test", PageSize: 10})
		rows, err := collect(client.Repositories(t.Context(), "acme", codecov.RepositoriesOptions{}))
		if err != nil || len(watched.seen) < 2 {
			t.Fatalf("%d requests, %v", len(watched.seen), err)
		}
		if seesPrivate := len(rows) == len(account.Repositories); seesPrivate != (token != "") {
			t.Errorf("token %q: %d rows", token, len(rows))
		}
		for _, header := range watched.seen {
			if got := header["Authorization"]; strings.Join(got, ",") != strings.Join(want, ",") || (got == nil) != (want == nil) {
				t.Errorf("Authorization %q, want %q", got, want)
			}
			if header.Get("User-Agent") != "codecov-port/test" || header.Get("Accept") != "application/json" {
				t.Errorf("headers %v", header)
			}
		}
	}
}

func TestWrongTokenIsNotRetried(t *testing.T) {
	server := serve(t, acme(t).emulated)
	const wrong = "0a1b2c3d-0000-4000-8000-00000000bbbb"
	client := server.client(t, func(o *codecov.Options) { o.Token = wrong })
	_, err := collect(client.Repositories(t.Context(), "acme", codecov.RepositoriesOptions{}))
	if requests := server.Requests().Requests; !errors.Is(err, codecov.ErrUnauthorized) || requests != 1 {
		t.Errorf("%v after %d requests", err, requests)
	}
	encoded, _ := json.Marshal(err)
	if text := fmt.Sprintf("%v %+v %#v %s", err, err, err, encoded); strings.Contains(text, wrong) {
		t.Errorf("the token is in %s", text)
	}
}

// TestDefaultConcurrency: 64 requests may be under way, once an answer without rate limit has come.
func TestDefaultConcurrency(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, client, _ := wired(t, 1, codecov.Options{})
		call := func() { _, _ = client.RepositoryExists(t.Context(), "synthetic", "nope") }
		call()
		var callers sync.WaitGroup
		for range 100 {
			callers.Go(call)
		}
		synctest.Wait()
		if underWay := w.underWay.Load(); underWay != 64 {
			t.Errorf("%d requests under way, want 64", underWay)
		}
		callers.Wait()
	})
}

func TestCounts(t *testing.T) {
	server := serve(t, acme(t).emulated)
	client := server.client(t)
	if _, err := collect(client.Commits(t.Context(), "acme", "monolith", codecov.CommitsOptions{})); err != nil {
		t.Fatal(err)
	}
	counts, seen := client.Counts(), server.Requests()
	if counts.Requests != int64(seen.Requests) || counts.ReceivedBytes != int64(seen.BytesSent) || counts.Retries != 0 {
		t.Errorf("counted %+v, the server saw %+v", counts, seen)
	}
}

// TestErrorMessages: the text of each form of an error's body.
func TestErrorMessages(t *testing.T) {
	html, location := http.Header{"Content-Type": {"text/html"}}, http.Header{"Location": {"https://login.example.com/"}}
	for _, test := range []struct {
		status int
		header http.Header
		body   string
		want   string
	}{
		{404, nil, `{"detail":"Not found."}`, "Not found."},
		{404, html, `{"error":"Page Not Found (404)"}`, "Page Not Found (404)"},
		{400, nil, `["Null characters are not allowed."]`, `["Null characters are not allowed."]`},
		{400, html, "<html>Bad request</html>", "(an HTML page)"},
		{404, nil, " <!doctype html>", "(an HTML page)"},
		{302, location, "", "redirects to https://login.example.com/, which is not followed"},
		{404, nil, "upstream\n\x1b[31mtimeout", "upstream  [31mtimeout"},
	} {
		client := newClient(t, codecov.Options{Transport: network(func(*http.Request) (*http.Response, error) {
			return answer(test.status, test.header, test.body), nil
		})})
		_, err := client.CountCommits(t.Context(), "acme", "api", codecov.CommitsOptions{})
		apiError := (*codecov.APIError)(nil)
		if !errors.As(err, &apiError) || apiError.Message != test.want || apiError.Status != test.status {
			t.Errorf("%d %s: error %v, want the message %q", test.status, test.body, err, test.want)
		}
	}
}

// TestRedirect: the error names the target, without what may be a secret.
func TestRedirect(t *testing.T) {
	client := newClient(t, codecov.Options{Transport: network(func(*http.Request) (*http.Response, error) {
		location := "https://user:s3cret@login.example.com/sso?token=s3cret#s3cret"
		return answer(http.StatusFound, http.Header{"Location": {location}}, ""), nil
	})})
	_, err := client.CountCommits(t.Context(), "acme", "app", codecov.CommitsOptions{})
	if err == nil || strings.Contains(err.Error(), "s3cret") || !strings.HasSuffix(err.Error(), "redirects to https://login.example.com/sso, which is not followed") {
		t.Errorf("error %v", err)
	}
}
