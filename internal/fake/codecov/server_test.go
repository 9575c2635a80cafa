package codecov_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	fakecodecov "github.com/codecov-port/codecov-port/internal/fake/codecov"
	"github.com/codecov-port/codecov-port/internal/fake/faults"
	"github.com/codecov-port/codecov-port/internal/fake/journal"
	"github.com/google/go-cmp/cmp"
)

const acmeCommits = "/api/v2/github/acme/repos/monolith/commits"

func acmeServer(t testing.TB, options fakecodecov.Options) *fakecodecov.Server {
	t.Helper()
	options.Accounts = append(options.Accounts, loadAccount(t, "github.acme"))
	options.Tokens = map[string]fakecodecov.Access{"all": {}}
	return fakecodecov.New(options)
}

// get asks as a user who sees everything.
func get(server http.Handler, target string) *httptest.ResponseRecorder {
	request := httptest.NewRequest(http.MethodGet, target, nil)
	request.Header.Set("Authorization", "Bearer all")
	answer := httptest.NewRecorder()
	server.ServeHTTP(answer, request)
	return answer
}

type listed struct {
	Count      int               `json:"count"`
	Next       string            `json:"next"`
	Results    []json.RawMessage `json:"results"`
	TotalPages int               `json:"total_pages"`
}

func getList(t testing.TB, server http.Handler, target string) listed {
	t.Helper()
	answer := get(server, target)
	var page listed
	if answer.Code != http.StatusOK {
		t.Fatalf("%s: status %d: %s", target, answer.Code, answer.Body)
	}
	mustDo(t, json.Unmarshal(answer.Body.Bytes(), &page))
	return page
}

func TestFaultsTakeThePlaceOfAnswersAndAreCounted(t *testing.T) {
	server := acmeServer(t, fakecodecov.Options{KeepRequests: true})
	server.Faults.Add(
		faults.Fault{Status: http.StatusServiceUnavailable, Body: "busy", Match: func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/commits") }},
		faults.Fault{Kind: faults.Reset, Match: func(r *http.Request) bool { return r.URL.RawQuery == "page=2" }},
		faults.Fault{Kind: faults.Cut, Match: func(r *http.Request) bool { return r.URL.RawQuery == "page=3" }},
	)
	wire := httptest.NewServer(server)
	defer wire.Close()
	for _, request := range []struct {
		query  string
		status int
		body   error // of reading the answer
	}{
		{"?page=1", http.StatusServiceUnavailable, nil},
		{"?page=1", http.StatusOK, nil},
		{"?page=2", 0, nil},
		{"?page=3", http.StatusOK, io.ErrUnexpectedEOF},
	} {
		status, err := send(t, wire.URL+acmeCommits+request.query)
		if status != request.status || request.body != nil && err == nil {
			t.Errorf("%s: status %d, error %v; want status %d, error %v", request.query, status, err, request.status, request.body)
		}
	}
	if met := server.Faults.Met(); met != 3 {
		t.Errorf("%d requests met a fault, want 3", met)
	}
	want := []string{"GET ?page=1: 503", "GET ?page=1: 200", "GET ?page=2: 0", "GET ?page=3: 200"}
	var seen []string
	for _, request := range server.Seen() {
		seen = append(seen, fmt.Sprintf("%s %s: %d", request.Method, strings.TrimPrefix(request.Target, acmeCommits), request.Status))
	}
	if diff := cmp.Diff(want, seen); diff != "" {
		t.Errorf("requests seen (-want +got):\n%s", diff)
	}
	counts := server.Requests()
	if counts.Requests != 4 || counts.ByKind[fakecodecov.Commits] != 4 || counts.ByStatus[0] != 1 || counts.ByStatus[200] != 2 || counts.Rows != 40 {
		t.Errorf("counts: %+v", counts)
	}
}

// send returns status 0 if no answer came, and the error of reading the body.
func send(t *testing.T, address string) (int, error) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	mustDo(t, err)
	request.Header.Set("Authorization", "Bearer all")
	request.Close = true // net/http would send again what fails on a connection that was used before
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, nil
	}
	defer func() { _ = answer.Body.Close() }()
	_, err = io.Copy(io.Discard, answer.Body)
	return answer.StatusCode, err
}

func TestCounts(t *testing.T) {
	server := acmeServer(t, fakecodecov.Options{})
	bodies := 0
	for _, target := range []string{
		"/api/v2/github/acme/repos?page_size=50", "/api/v2/github/acme/repos?page_size=50&page=2", "/api/v2/github/acme/repos?page=9",
		acmeCommits + "?page_size=7", "/api/v2/github/", "/api/v2/github/acme", "/nowhere",
	} {
		bodies += get(server, target).Body.Len()
	}
	want := journal.Counts{
		Requests: 7,
		ByKind: map[journal.Kind]int{
			fakecodecov.Repositories: 3, fakecodecov.Commits: 1, fakecodecov.Owners: 1, fakecodecov.Other: 2,
		},
		ByStatus:  map[int]int{200: 4, 404: 2, 501: 1},
		Rows:      50 + 10 + 7 + 1,
		BytesSent: bodies,
	}
	if diff := cmp.Diff(want, server.Requests()); diff != "" {
		t.Errorf("counts (-want +got):\n%s", diff)
	}
	if seen := server.Seen(); seen != nil {
		t.Errorf("requests were kept unasked: %v", seen)
	}
	server.Reset()
	if counts := server.Requests(); counts.Requests != 0 || counts.Rows != 0 || len(counts.ByKind) != 0 {
		t.Errorf("after a reset: %+v", counts)
	}
}

func TestAddCommitPutsItFirst(t *testing.T) {
	server := acmeServer(t, fakecodecov.Options{})
	all, main, develop := getList(t, server, acmeCommits+"?page_size=1"), getList(t, server, acmeCommits+"?branch=main&page_size=1"), getList(t, server, acmeCommits+"?branch=develop&page_size=1")
	for _, id := range []string{"first", "second"} {
		mustDo(t, server.AddCommit("github", "ACME", "Monolith", json.RawMessage(`{"commitid": "`+id+`", "branch": "main"}`)))
	}
	for target, before := range map[string]listed{"?page_size=3": all, "?branch=main&page_size=3": main} {
		after := getList(t, server, acmeCommits+target)
		want := []string{`{"commitid":"second","branch":"main"}`, `{"commitid":"first","branch":"main"}`, string(before.Results[0])}
		if diff := cmp.Diff(want, texts(after.Results)); diff != "" || after.Count != before.Count+2 {
			t.Errorf("%s: %d commits after %d; rows (-want +got):\n%s", target, after.Count, before.Count, diff)
		}
	}
	if after := getList(t, server, acmeCommits+"?branch=develop&page_size=1"); after.Count != develop.Count {
		t.Errorf("develop has %d commits, had %d", after.Count, develop.Count)
	}
}

func texts(rows []json.RawMessage) []string {
	var all []string
	for _, row := range rows {
		all = append(all, string(row))
	}
	return all
}

func TestChangesToWhatIsNotThereFail(t *testing.T) {
	server := acmeServer(t, fakecodecov.Options{})
	commit := json.RawMessage(`{"commitid":"x","branch":"main"}`)
	for name, err := range map[string]error{
		"no account":    server.AddCommit("github", "nobody", "monolith", commit),
		"no service":    server.PoisonCommit("gitlab", "acme", "monolith", "x"),
		"no repository": server.PoisonRepository("github", "acme", "nothing", fakecodecov.Malformed),
		"hidden":        server.HideRepository("github", "acme", "nothing"),
		"broken commit": server.AddCommit("github", "acme", "monolith", json.RawMessage(`{`)),
		"no object":     server.AddCommit("github", "acme", "monolith", json.RawMessage(`[]`)),
	} {
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestPoison(t *testing.T) {
	server := acmeServer(t, fakecodecov.Options{})
	commits := getList(t, server, acmeCommits+"?page_size=30")
	var tenth struct {
		CommitID string `json:"commitid"`
	}
	mustDo(t, json.Unmarshal(commits.Results[9], &tenth))
	mustDo(t, server.PoisonCommit("github", "acme", "monolith", tenth.CommitID))
	mustDo(t, server.PoisonRepository("github", "acme", "audit-infra", fakecodecov.Malformed)) // the 5th
	mustDo(t, server.PoisonRepository("github", "acme", "ties", fakecodecov.Unreadable))       // the 51st
	for target, want := range map[string]int{
		acmeCommits:                                           http.StatusInternalServerError,
		acmeCommits + "?page_size=9":                          http.StatusOK,
		acmeCommits + "?page_size=10":                         http.StatusInternalServerError,
		acmeCommits + "?page_size=10&page=2":                  http.StatusOK,
		"/api/v2/github/acme/repos?page_size=4":               http.StatusOK,
		"/api/v2/github/acme/repos?page_size=5":               http.StatusInternalServerError,
		"/api/v2/github/acme/repos?page_size=5&page=2":        http.StatusOK,
		"/api/v2/github/acme/repos?page_size=10&page=5":       http.StatusOK,
		"/api/v2/github/acme/repos?page_size=10&page=6":       http.StatusInternalServerError,
		"/api/v2/github/acme/repos?page_size=1&page=60":       http.StatusInternalServerError,
		"/api/v2/github/acme/repos?names=monolith":            http.StatusOK,
		"/api/v2/github/acme/repos?names=ties":                http.StatusInternalServerError,
		"/api/v2/github/acme/repos?names=audit-infra":         http.StatusInternalServerError,
		"/api/v2/github/acme/repos/ties/commits?page_size=60": http.StatusOK,
	} {
		if answer := get(server, target); answer.Code != want {
			t.Errorf("%s: status %d, want %d", target, answer.Code, want)
		}
	}
	mustDo(t, server.PoisonRepository("github", "acme", "ties", fakecodecov.Sound))
	if answer := get(server, "/api/v2/github/acme/repos?page_size=1&page=60"); answer.Code != http.StatusOK {
		t.Errorf("healed: status %d", answer.Code)
	}
}

func TestHiddenRepositoryAnswersByItsAddressOnly(t *testing.T) {
	server := acmeServer(t, fakecodecov.Options{})
	mustDo(t, server.HideRepository("github", "acme", "monolith"))
	if count := getList(t, server, "/api/v2/github/acme/repos").Count; count != 59 {
		t.Errorf("%d repositories listed, want 59", count)
	}
	if count := getList(t, server, "/api/v2/github/acme/repos?names=monolith").Count; count != 0 {
		t.Errorf("names= found it %d times", count)
	}
	if count := getList(t, server, acmeCommits).Count; count != 1500 {
		t.Errorf("%d commits, want 1500", count)
	}
}

// The git provider's texts name it, and the refusals hold for accounts that a token doesn't cover.
func TestTokenOfAnotherAccount(t *testing.T) {
	account := fakecodecov.Synthetic(fakecodecov.SyntheticOptions{Service: "gitlab", Owner: "group:sub", Repositories: 2, CommitsPerRepository: 1})
	server := fakecodecov.New(fakecodecov.Options{
		Accounts: []fakecodecov.Account{account},
		Tokens:   map[string]fakecodecov.Access{"all": {Owners: []string{"github/acme"}}},
	})
	list := getList(t, server, "/api/v2/gl/GROUP:sub/repos")
	if list.Count != 1 {
		t.Fatalf("%d repositories, want the public one", list.Count)
	}
	private := account.Repositories[1].Name
	answer := get(server, "/api/v2/gitlab/group%3Asub/repos/"+private+"/commits")
	if want := `{"detail":"Gitlab API: Not Found"}`; answer.Code != http.StatusNotFound || answer.Body.String() != want {
		t.Errorf("status %d %s, want 404 %s", answer.Code, answer.Body, want)
	}
}

func TestBasePathAndNextAddress(t *testing.T) {
	server := acmeServer(t, fakecodecov.Options{BasePath: "/codecov/api/v2/"})
	page := getList(t, server, "http://codecov.example/codecov/api/v2/github/acme/repos?page_size=1&page=2&branch=a%20b")
	if want := "http://codecov.example/codecov/api/v2/github/acme/repos?branch=a+b&page=3&page_size=1"; page.Next != want {
		t.Errorf("next %q, want %q", page.Next, want)
	}
	if answer := get(server, "/api/v2/github/acme/repos"); answer.Code != http.StatusNotFound {
		t.Errorf("outside of the base path: status %d", answer.Code)
	}
}

// TestOtherRequests has requests that codecov-port does not send.
func TestOtherRequests(t *testing.T) {
	server := acmeServer(t, fakecodecov.Options{})
	for _, request := range []struct {
		method, target, authorization string
		status                        int
	}{
		{"GET", "/api/v2/github/acme/repos/monolith/branches", "Bearer all", 501},
		{"GET", acmeCommits, "", 404},
		{"GET", "/api/v2/github/", "", 401},
		{"POST", acmeCommits, "Bearer all", 501},
		{"GET", "/api/v2/github/?page=2", "Bearer all", 404},
	} {
		r := httptest.NewRequest(request.method, request.target, nil)
		r.Header.Set("Authorization", request.authorization)
		answer := httptest.NewRecorder()
		server.ServeHTTP(answer, r)
		if answer.Code != request.status {
			t.Errorf("%s %s for %q: status %d, want %d", request.method, request.target, request.authorization, answer.Code, request.status)
		}
	}
}

// hijacked is a connection that a fault takes over.
type hijacked struct {
	*httptest.ResponseRecorder
	before func()
}

func (h hijacked) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	h.before()
	ours, theirs := net.Pipe()
	return ours, nil, theirs.Close()
}

// TestResetIsCountedBeforeTheClientSeesIt: a client that counts along must not be ahead of the server.
func TestResetIsCountedBeforeTheClientSeesIt(t *testing.T) {
	server := acmeServer(t, fakecodecov.Options{})
	server.Faults.Add(faults.Fault{Kind: faults.Reset})
	counted := 0
	writer := hijacked{httptest.NewRecorder(), func() { counted = server.Requests().ByStatus[0] }}
	server.ServeHTTP(writer, httptest.NewRequest(http.MethodGet, acmeCommits, nil))
	if counted != 1 || server.Requests().Requests != 1 {
		t.Errorf("%d counted before the reset, %d after it, want 1 and 1", counted, server.Requests().Requests)
	}
}

func TestLatencyGrowsWithTheRowsAndEndsWithTheClient(t *testing.T) {
	latency := func(_ *http.Request, rows int) time.Duration {
		return 20*time.Millisecond + time.Duration(rows)*220*time.Microsecond
	}
	server := acmeServer(t, fakecodecov.Options{Latency: latency})
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		get(server, acmeCommits+"?page_size=1000")
		if took := time.Since(start); took != 240*time.Millisecond {
			t.Errorf("1,000 rows took %v, want 240ms", took)
		}
		request := httptest.NewRequest(http.MethodGet, acmeCommits, nil)
		request.Header.Set("Authorization", "Bearer all")
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		answer := httptest.NewRecorder()
		server.ServeHTTP(answer, request.WithContext(ctx))
		if answer.Body.Len() > 0 || !errors.Is(ctx.Err(), context.DeadlineExceeded) {
			t.Errorf("a client that gave up got %q", answer.Body)
		}
	})
}

func TestConcurrentUse(t *testing.T) {
	server := acmeServer(t, fakecodecov.Options{KeepRequests: true})
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 5 {
				get(server, acmeCommits+"?page_size=5")
				get(server, "/api/v2/github/acme/repos?page_size=5")
				_ = server.AddCommit("github", "acme", "monolith", json.RawMessage(`{"commitid":"x","branch":"main"}`))
				_ = server.PoisonCommit("github", "acme", "ties", "x")
			}
		})
	}
	group.Wait()
	if counts := server.Requests(); counts.Requests != 80 || len(server.Seen()) != 80 {
		t.Errorf("%d requests counted, %d seen, want 80", counts.Requests, len(server.Seen()))
	}
	if count := getList(t, server, acmeCommits).Count; count != 1540 {
		t.Errorf("%d commits, want 1540", count)
	}
}

// FuzzServer asks for anything: an answer must be one that the real API could send, whole and readable.
func FuzzServer(f *testing.F) {
	f.Add("/api/v2/github/acme/repos?page=2&page_size=%D9%A3", "application/json", "Bearer all")
	f.Add("/api/v2/gh/ACME/repos/monolith/commits/?branch=+main&page=last&page_size=1_0", "*/*;q=0.1,text/html;level=1", "bearer all")
	f.Add("/api/v2/github/acme/repos/.github?names=%zz&search=%00;x&&=", "", "Basic x")
	f.Add("/api/v2//x/%00/repos/a%2Fb", "application/*", "token")
	f.Add("/api/v2/sourcehut/", "application/xml", "Bearer a b")
	server := acmeServer(f, fakecodecov.Options{})
	f.Fuzz(func(t *testing.T, target, accept, authorization string) {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, target, nil)
		if err != nil {
			t.Skip()
		}
		request.Header.Set("Accept", accept)
		request.Header.Set("Authorization", authorization)
		answer := httptest.NewRecorder()
		server.ServeHTTP(answer, request)
		if answer.Header().Get("Content-Type") == "application/json" && !json.Valid(answer.Body.Bytes()) {
			t.Errorf("status %d, no JSON: %s", answer.Code, answer.Body)
		}
		switch answer.Code {
		case 200, 301, 400, 401, 403, 404, 406, 500, 501:
		default:
			t.Errorf("status %d", answer.Code)
		}
	})
}
