package codecov_test

import (
	"encoding/json"
	"errors"
	"io"
	"iter"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/codecov-port/codecov-port/internal/fake/recordings"
	"github.com/codecov-port/codecov-port/internal/httpclient"
	"github.com/codecov-port/codecov-port/pkg/codecov"
)

const recordingsDir = "../../testdata/codecov"

// TestRecordings reads each recorded answer of the two lists.
func TestRecordings(t *testing.T) {
	seen := map[string]int{}
	for _, exchange := range listings(t) {
		t.Run(exchange.Name, func(t *testing.T) {
			seen[outcome(t, exchange)]++
			synctest.Test(t, func(t *testing.T) {
				client := recordedClient(t, exchange)
				if strings.HasSuffix(pathOf(exchange), "/repos") {
					check(t, exchange, client.Repositories(t.Context(), "acme", codecov.RepositoriesOptions{}), wantRepositories)
				} else {
					check(t, exchange, client.Commits(t.Context(), "acme", "monolith", codecov.CommitsOptions{}), wantCommits)
				}
			})
		})
	}
	want := map[string]int{
		"rows": 196, "unauthorized": 11, "provider refused": 2, "forbidden": 1, "owner not found": 11, "not found": 18, "other": 34,
	}
	if diff := cmp.Diff(want, seen); diff != "" {
		t.Errorf("recordings by outcome (-want +seen):\n%s", diff)
	}
}

// listings returns the recorded GET requests of the lists, without the details of two repositories that have the
// names of lists.
func listings(t testing.TB) []recordings.Exchange {
	t.Helper()
	return recordedGets(t, func(path string) bool {
		isList := strings.HasSuffix(path, "/repos") || strings.HasSuffix(path, "/commits")
		return isList && path != "/api/v2/github/acme/repos/repos" && path != "/api/v2/github/acme/repos/commits"
	})
}

// recordedGets returns the recorded GET requests whose path matches.
func recordedGets(t testing.TB, matches func(path string) bool) []recordings.Exchange {
	t.Helper()
	exchanges, err := recordings.HTTP(os.DirFS(recordingsDir))
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(exchanges, func(exchange recordings.Exchange) bool {
		return exchange.Request.Method != http.MethodGet || !matches(pathOf(exchange))
	})
}

func pathOf(exchange recordings.Exchange) string {
	path, _, _ := strings.Cut(exchange.Request.Path, "?")
	return path
}

// recordedClient returns a client that gets the recorded answer for a first page, and "Invalid page." for any other.
func recordedClient(t testing.TB, exchange recordings.Exchange) *codecov.Client {
	t.Helper()
	body, err := exchange.Response.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	header := http.Header{}
	for name, value := range exchange.Response.Headers {
		header.Set(name, value)
	}
	return newClient(t, codecov.Options{Transport: network(func(r *http.Request) (*http.Response, error) {
		if page := r.URL.Query().Get("page"); page == "1" || page == "" {
			return answer(exchange.Response.Status, header, string(body)), nil
		}
		return answer(http.StatusNotFound, nil, `{"detail":"Invalid page."}`), nil
	})})
}

// network is a RoundTripper for tests of time: synctest allows no real connections.
type network func(*http.Request) (*http.Response, error)

func (n network) RoundTrip(r *http.Request) (*http.Response, error) { return n(r) }

func answer(status int, header http.Header, body string) *http.Response {
	return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(strings.NewReader(body))}
}

func check[T any](t *testing.T, exchange recordings.Exchange, rows iter.Seq2[T, error], want func(testing.TB, []map[string]any) []T) {
	t.Helper()
	got, err := collect(rows)
	if outcome(t, exchange) != "rows" {
		checkError(t, exchange, err)
		return
	}
	var page struct {
		Count   int
		Results []map[string]any
	}
	decode(t, exchange.Response.Body, &page)
	// The other pages of the list are not recorded.
	if missing := page.Count - len(page.Results); missing > 0 {
		if incomplete := (*codecov.IncompleteError)(nil); !errors.As(err, &incomplete) || incomplete.Missing != missing {
			t.Fatalf("error %v, want an IncompleteError with %d missing rows", err, missing)
		}
	} else if err != nil {
		t.Fatal(err)
	}
	compare(t, got, nil, want(t, page.Results))
}

// collect returns the rows and the error, which must come last.
func collect[T any](rows iter.Seq2[T, error]) ([]T, error) {
	var all []T
	var failed error
	for row, err := range rows {
		if failed != nil {
			return all, errors.New("the list goes on after the error: " + failed.Error())
		}
		if err != nil {
			failed = err
			continue
		}
		all = append(all, row)
	}
	return all, failed
}

var sentinels = map[string]error{
	"unauthorized": codecov.ErrUnauthorized, "provider refused": codecov.ErrProviderRefused, "forbidden": codecov.ErrForbidden,
	"owner not found": codecov.ErrOwnerNotFound, "not found": codecov.ErrNotFound,
}

// outcome returns the kind of result that a recorded answer must have.
func outcome(t testing.TB, exchange recordings.Exchange) string {
	t.Helper()
	_, challenged := exchange.Response.Headers["WWW-Authenticate"]
	message := recordedMessage(t, exchange)
	switch status := exchange.Response.Status; {
	case status == http.StatusOK && message != htmlMessage:
		return "rows"
	case status == http.StatusUnauthorized && challenged:
		return "unauthorized"
	case status == http.StatusUnauthorized, status == http.StatusForbidden && strings.Contains(message, "rate limit"):
		return "provider refused"
	case status == http.StatusForbidden:
		return "forbidden"
	case status == http.StatusNotFound && strings.HasPrefix(message, "No Owner"):
		return "owner not found"
	case status == http.StatusNotFound:
		return "not found"
	}
	return "other"
}

const htmlMessage = "(an HTML page)"

// recordedMessage returns the message of a recorded error.
func recordedMessage(t testing.TB, exchange recordings.Exchange) string {
	t.Helper()
	var body any
	decode(t, exchange.Response.Body, &body)
	switch body := body.(type) {
	case string:
		return htmlMessage
	case map[string]any:
		for _, name := range []string{"detail", "error"} {
			if text, ok := body[name].(string); ok {
				return text
			}
		}
	}
	raw, err := exchange.Response.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func checkError(t *testing.T, exchange recordings.Exchange, err error) {
	t.Helper()
	apiError := (*codecov.APIError)(nil)
	if !errors.As(err, &apiError) {
		t.Fatalf("error %v is no *APIError", err)
	}
	for name, sentinel := range sentinels {
		if is, want := errors.Is(err, sentinel), outcome(t, exchange) == name; is != want {
			t.Errorf("%v is %s: %v, want %v", err, name, is, want)
		}
	}
	if exchange.Response.Status == http.StatusOK {
		if !errors.Is(err, httpclient.ErrNotJSON) {
			t.Errorf("error %v, want ErrNotJSON", err)
		}
		return
	}
	if want := recordedMessage(t, exchange); apiError.Status != exchange.Response.Status || apiError.Message != want {
		t.Errorf("status %d and message %q, recorded were %d and %q", apiError.Status, apiError.Message, exchange.Response.Status, want)
	}
	if want := exchange.Response.Status == http.StatusInternalServerError; apiError.Retryable() != want || (apiError.Attempts > 1) != want {
		t.Errorf("retryable %v after %d attempts, want %v", apiError.Retryable(), apiError.Attempts, want)
	}
}

func FuzzAnswer(f *testing.F) {
	for _, exchange := range listings(f) {
		if len(exchange.Response.Body) < 2000 {
			f.Add(exchange.Response.Status, string(exchange.Response.Body))
		}
	}
	for _, body := range []string{
		``, `null`, `[]`, `"text"`, `{"results":null}`, `{"results":[null]}`, `{"results":{}}`, `{"count":-1,"results":[{}]}`,
		`{"count":9e99,"results":[]}`, `{"count":3,"results":[{"name":"a","commitid":"a","timestamp":"0001-01-01T00:00:00Z"}]}`,
		`{"results":[{"totals":{"lines":1e30}}]}`, `{"results":[{"timestamp":"\u001b[31m"}]}`, "{\"results\":[{\"timestamp\":\"2026\x7f\"}]}", `{"detail":"\u001b[31m\n"}`, `["a",{"b":[1]}]`, `<html>`,
	} {
		f.Add(http.StatusOK, body)
		f.Add(http.StatusBadRequest, body)
	}
	f.Fuzz(func(t *testing.T, status int, body string) {
		if status < 200 || status > 599 {
			t.Skip()
		}
		synctest.Test(t, func(t *testing.T) {
			client := newClient(t, codecov.Options{Transport: network(func(r *http.Request) (*http.Response, error) {
				if page := r.URL.Query().Get("page"); page != "1" {
					return answer(http.StatusNotFound, nil, `{"detail":"Invalid page."}`), nil
				}
				return answer(status, nil, body), nil
			})})
			_, err := collect(client.Repositories(t.Context(), "acme", codecov.RepositoriesOptions{}))
			checkOutcome(t, status, body, err)
			_, err = collect(client.Commits(t.Context(), "acme", "monolith", codecov.CommitsOptions{}))
			checkOutcome(t, status, body, err)
		})
	})
}

// checkOutcome checks what must be true for any answer.
func checkOutcome(t *testing.T, status int, body string, err error) {
	t.Helper()
	if err == nil {
		if status > 299 || !json.Valid([]byte(body)) {
			t.Errorf("no error for %d %q", status, body)
		}
		return
	}
	var (
		apiError   *codecov.APIError
		row        *codecov.SkippedRowError
		incomplete *codecov.IncompleteError
	)
	if !errors.As(err, &apiError) && !errors.As(err, &row) && !errors.As(err, &incomplete) {
		t.Errorf("error %v (%T) is not documented", err, err)
	}
	if strings.ContainsFunc(err.Error(), func(r rune) bool { return r < ' ' || r == 0x7f }) {
		t.Errorf("error %q is not one printable line", err)
	}
}
