package codecov_test

import (
	"fmt"
	"iter"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	fakecodecov "github.com/codecov-port/codecov-port/internal/fake/codecov"
	"github.com/codecov-port/codecov-port/pkg/codecov"
)

// wire is a network without connections, for tests of time: each request takes a round trip and calls the server.
type wire struct {
	server http.Handler
	// fault may return an answer instead of the server's. number counts requests from 1.
	fault func(number, size int, r *http.Request) (*http.Response, error)

	mu       sync.Mutex
	sent     []string // "page 3 of 512", in the order of the requests
	underWay atomic.Int64
}

const roundTrip = 50 * time.Millisecond

func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	w.underWay.Add(1)
	defer w.underWay.Add(-1)
	query := r.URL.Query()
	w.mu.Lock()
	w.sent = append(w.sent, "page "+query.Get("page")+" of "+query.Get("page_size"))
	number := len(w.sent)
	w.mu.Unlock()
	select {
	case <-time.After(roundTrip):
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
	if w.fault != nil {
		size, _ := strconv.Atoi(query.Get("page_size"))
		if resp, err := w.fault(number, size, r); resp != nil || err != nil {
			return resp, err
		}
	}
	recorder := httptest.NewRecorder()
	w.server.ServeHTTP(recorder, r)
	return recorder.Result(), nil
}

func (w *wire) requests() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.sent)
}

// forget drops the requests so far.
func (w *wire) forget() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sent = nil
}

// sizes returns the sizes of the requested pages.
func (w *wire) sizes() []string {
	var sizes []string
	for _, request := range w.requests() {
		sizes = append(sizes, request[strings.LastIndexByte(request, ' ')+1:])
	}
	return sizes
}

// runs returns the sizes of the requested pages with the number of those in a row: "256 x 8".
func (w *wire) runs() []string {
	var runs []string
	sizes := w.sizes()
	for len(sizes) > 0 {
		end := slices.IndexFunc(sizes, func(size string) bool { return size != sizes[0] })
		if end < 0 {
			end = len(sizes)
		}
		runs = append(runs, fmt.Sprintf("%s x %d", sizes[0], end))
		sizes = sizes[end:]
	}
	return runs
}

type commitList func(codecov.CommitsOptions) iter.Seq2[codecov.Commit, error]

// wired returns a client of an account with one repository, its wire, and the repository's list of so many commits.
func wired(t *testing.T, commits int, o codecov.Options) (*wire, *codecov.Client, commitList) {
	t.Helper()
	account, name := synthetic(commits)
	server := fakecodecov.New(fakecodecov.Options{
		Accounts: []fakecodecov.Account{account}, Tokens: map[string]fakecodecov.Access{seesAll: {}},
	})
	w := &wire{server: server}
	o.Token, o.Transport = seesAll, w
	client := newClient(t, o)
	return w, client, func(o codecov.CommitsOptions) iter.Seq2[codecov.Commit, error] {
		return client.Commits(t.Context(), "synthetic", name, o)
	}
}

// rowsOf returns the commits of wired's account as they arrive without a fault.
func rowsOf(t *testing.T, commits int) []codecov.Commit {
	t.Helper()
	_, _, list := wired(t, commits, codecov.Options{})
	rows, err := collect(list(codecov.CommitsOptions{}))
	if err != nil || len(rows) != commits {
		t.Fatalf("%d rows, %v; want %d", len(rows), err, commits)
	}
	return rows
}

// readAll reads the list and expects so many commits.
func (list commitList) readAll(t *testing.T, want int) {
	t.Helper()
	if rows, err := collect(list(codecov.CommitsOptions{})); len(rows) != want || err != nil {
		t.Errorf("%d rows, %v; want %d", len(rows), err, want)
	}
}

func sameCommit(a, b codecov.Commit) bool { return a.CommitID == b.CommitID }

func status(code int) func(*http.Request) (*http.Response, error) {
	return func(*http.Request) (*http.Response, error) { return answer(code, nil, "upstream request timeout"), nil }
}

func hang(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

// tooLarge makes every request for more than size rows fail, from the one with the number first on.
func tooLarge(first, size int, failure func(*http.Request) (*http.Response, error)) func(int, int, *http.Request) (*http.Response, error) {
	return func(number, wanted int, r *http.Request) (*http.Response, error) {
		if number >= first && wanted > size {
			return failure(r)
		}
		return nil, nil
	}
}
