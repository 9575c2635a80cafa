package codecov_test

import (
	"context"
	"errors"
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
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	fakecodecov "github.com/codecov-port/codecov-port/internal/fake/codecov"
	"github.com/codecov-port/codecov-port/internal/httpclient"
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

// TestPagesShrinkInMidList: whatever the size before and after, and wherever it changes, no row is lost or repeated.
func TestPagesShrinkInMidList(t *testing.T) {
	const commits = 1100
	want := rowsOf(t, commits)
	for _, test := range []struct {
		name    string
		failure func(*http.Request) (*http.Response, error)
		starts  []int
	}{
		{"504", status(504), []int{512, 1024, 500, 100}},
		{"time-out", hang, []int{500}},
	} {
		for _, start := range test.starts {
			for _, first := range []int{1, 2, 3} {
				for _, size := range []int{256, 32} {
					if size > start {
						continue
					}
					t.Run(fmt.Sprintf("%s/from %d to %d at request %d", test.name, start, size, first), func(t *testing.T) {
						synctest.Test(t, func(t *testing.T) {
							w, _, list := wired(t, commits, codecov.Options{PageSize: start})
							w.fault = tooLarge(first, size, test.failure)
							got, err := collect(list(codecov.CommitsOptions{}))
							if err != nil {
								t.Fatal(err)
							}
							if !slices.EqualFunc(got, want, sameCommit) {
								t.Errorf("%d rows, want %d, each once and in order; requests %q", len(got), len(want), w.requests())
							}
						})
					})
				}
			}
		}
	}
}

// TestOverlapIsCutByPosition: the list of owners has no key that would show repeated rows.
func TestOverlapIsCutByPosition(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const owners = 100
		w := &wire{fault: tooLarge(2, 32, status(504)), server: http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			size, _ := strconv.Atoi(r.URL.Query().Get("page_size"))
			page, _ := strconv.Atoi(r.URL.Query().Get("page"))
			var rows []string
			for i := (page - 1) * size; i < min(page*size, owners); i++ {
				rows = append(rows, fmt.Sprintf(`{"service":"github","username":null,"name":"%d"}`, i))
			}
			_, _ = fmt.Fprintf(rw, `{"count":%d,"results":[%s]}`, owners, strings.Join(rows, ","))
		})}
		got, err := collect(newClient(t, codecov.Options{Transport: w, PageSize: 50}).Owners(t.Context()))
		var names []string
		for _, owner := range got {
			names = append(names, *owner.Name)
		}
		var want []string
		for i := range owners {
			want = append(want, strconv.Itoa(i))
		}
		if diff := cmp.Diff(want, names); diff != "" || err != nil {
			t.Errorf("%v, owners (-want +got):\n%s", err, diff)
		}
		// Row 50 is on the second page of 32, which begins with 18 rows that were read before. Pages 3 and 4 are
		// read together.
		sent := w.requests()
		slices.Sort(sent[3:])
		wantRequests := []string{"page 1 of 50", "page 2 of 50", "page 2 of 32", "page 3 of 32", "page 4 of 32"}
		if diff := cmp.Diff(wantRequests, sent); diff != "" {
			t.Errorf("requests (-want +sent):\n%s", diff)
		}
	})
}

// TestSizeGrowsForTheNextList: after eight full pages, lists begin with the larger size again.
func TestSizeGrowsForTheNextList(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const commits = 2048
		w, _, list := wired(t, commits, codecov.Options{PageSize: 512})
		w.fault = func(number, _ int, r *http.Request) (*http.Response, error) {
			if number == 1 {
				return status(504)(r)
			}
			return nil, nil
		}
		list.readAll(t, commits)
		list.readAll(t, commits)
		if diff := cmp.Diff([]string{"512 x 1", "256 x 8", "512 x 4"}, w.runs()); diff != "" {
			t.Errorf("sizes (-want +sent):\n%s", diff)
		}
	})
}

// TestPagesAheadAreReadAgainWhenTheSizeShrinks: pages of the old size are dropped, those behind have the new size.
func TestPagesAheadAreReadAgainWhenTheSizeShrinks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const commits = 3072
		want := rowsOf(t, commits)
		w, _, list := wired(t, commits, codecov.Options{PageSize: 512})
		w.fault = func(_, size int, r *http.Request) (*http.Response, error) {
			if size == 512 && r.URL.Query().Get("page") == "3" {
				return status(504)(r)
			}
			return nil, nil
		}
		rows, err := collect(list(codecov.CommitsOptions{}))
		if !slices.EqualFunc(rows, want, sameCommit) || err != nil {
			t.Errorf("%d rows, %v; want %d in order", len(rows), err, commits)
		}
		// Two pages of 512 are used, and the rest comes in 8 pages of 256.
		sizes := w.sizes()
		smaller := len(slices.DeleteFunc(sizes, func(size string) bool { return size != "256" }))
		if all := len(w.requests()); smaller != 8 || all > 8+6 {
			t.Errorf("%d requests, %d of them for 256 rows, want 8 and at most 6 for 512", all, smaller)
		}
	})
}

// TestFailedGrowthIsTriedLessOften: a server that never returns more than 32 rows is asked for more after 8, 16, 32 and
// 64 full pages.
func TestFailedGrowthIsTriedLessOften(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const commits, pages = 256, 8
		w, _, list := wired(t, commits, codecov.Options{PageSize: 64})
		w.fault = tooLarge(1, 32, status(504))
		var failed []int
		for i := range 18 {
			w.forget()
			list.readAll(t, commits)
			if len(w.requests()) > pages {
				failed = append(failed, i)
			}
		}
		if diff := cmp.Diff([]int{0, 1, 3, 7, 15}, failed); diff != "" {
			t.Errorf("lists that tried a larger size (-want +got):\n%s", diff)
		}
	})
}

// TestGrowthThatSucceededIsTriedAsOftenAsAtFirst: a size that failed once after it had grown is trusted again later.
func TestGrowthThatSucceededIsTriedAsOftenAsAtFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const commits = 512
		w, _, list := wired(t, commits, codecov.Options{PageSize: 64})
		fail := false
		w.fault = func(_, size int, r *http.Request) (*http.Response, error) {
			if fail && size == 64 {
				return status(504)(r)
			}
			return nil, nil
		}
		for _, fail = range []bool{true, true, false, false} { // the size grows, fails, grows, and then succeeds for 16 pages
			list.readAll(t, commits)
		}
		fail = true
		read := 0
		for _, err := range list(codecov.CommitsOptions{}) {
			if err != nil {
				t.Fatal(err)
			}
			if read++; read == 9*32 {
				break
			}
		}
		fail = false
		w.forget()
		list.readAll(t, commits)
		if diff := cmp.Diff([]string{"64 x 8"}, w.runs()); diff != "" {
			t.Errorf("sizes after nine smaller pages (-want +sent):\n%s", diff)
		}
	})
}

// TestLateFailureDoesNotRaiseTheSize: one list waits for its time-out while another finds that the size is far too
// large.
func TestLateFailureDoesNotRaiseTheSize(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, _, list := wired(t, 64, codecov.Options{PageSize: 512})
		w.fault = func(number, size int, r *http.Request) (*http.Response, error) {
			if number == 1 {
				return hang(r)
			}
			return tooLarge(1, 64, status(504))(number, size, r)
		}
		var readers sync.WaitGroup
		for range 2 {
			readers.Go(func() {
				if rows, err := collect(list(codecov.CommitsOptions{})); len(rows) != 64 || err != nil {
					t.Errorf("%d rows, %v", len(rows), err)
				}
			})
			synctest.Wait()
		}
		readers.Wait()
		if diff := cmp.Diff([]string{"512 x 2", "256 x 1", "128 x 1", "64 x 2"}, w.runs()); diff != "" {
			t.Errorf("sizes (-want +sent):\n%s", diff)
		}
	})
}

// TestListsShareTheSize: a list begins with the size that the one before ended with.
func TestListsShareTheSize(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, client, list := wired(t, 100, codecov.Options{PageSize: 512})
		w.fault = tooLarge(1, 128, status(504))
		if _, err := collect(list(codecov.CommitsOptions{})); err != nil {
			t.Fatal(err)
		}
		if _, err := collect(client.Repositories(t.Context(), "synthetic", codecov.RepositoriesOptions{})); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{"512 x 1", "256 x 1", "128 x 2"}, w.runs()); diff != "" {
			t.Errorf("sizes (-want +sent):\n%s", diff)
		}
	})
}

// TestSizeGrowsByFullPages: neither pages that are not full nor smaller ones make the size grow.
func TestSizeGrowsByFullPages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, _, list := wired(t, 100, codecov.Options{PageSize: 512})
		w.fault = tooLarge(1, 128, status(504))
		for _, most := range []int{0, 32} {
			for range 20 {
				if rows, err := collect(list(codecov.CommitsOptions{PageSize: most})); len(rows) != 100 || err != nil {
					t.Fatalf("%d rows, %v", len(rows), err)
				}
			}
		}
		if _, err := collect(list(codecov.CommitsOptions{})); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{"512 x 1", "256 x 1", "128 x 20", "32 x 80", "128 x 1"}, w.runs()); diff != "" {
			t.Errorf("sizes (-want +sent):\n%s", diff)
		}
	})
}

// TestFailuresAtTheSameTimeShrinkOnce reads lists that all fail at the same time.
func TestFailuresAtTheSameTimeShrinkOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, _, list := wired(t, 100, codecov.Options{PageSize: 512})
		w.fault = tooLarge(1, 256, status(503))
		var readers sync.WaitGroup
		for range 8 {
			readers.Go(func() {
				if rows, err := collect(list(codecov.CommitsOptions{})); len(rows) != 100 || err != nil {
					t.Errorf("%d rows, %v", len(rows), err)
				}
			})
		}
		readers.Wait()
		want := slices.Concat(slices.Repeat([]string{"512"}, 8), slices.Repeat([]string{"256"}, 8))
		if diff := cmp.Diff(want, w.sizes()); diff != "" {
			t.Errorf("sizes (-want +sent):\n%s", diff)
		}
	})
}

// TestOverload: a short one shrinks pages without a wait, a longer one is retried with back-off.
func TestOverload(t *testing.T) {
	for _, failures := range []int{1, 4, 7} {
		synctest.Test(t, func(t *testing.T) {
			w, _, list := wired(t, 100, codecov.Options{PageSize: 512})
			w.fault = func(number, _ int, r *http.Request) (*http.Response, error) {
				if number <= failures {
					return status(503)(r)
				}
				return nil, nil
			}
			started := time.Now()
			if rows, err := collect(list(codecov.CommitsOptions{})); len(rows) != 100 || err != nil {
				t.Errorf("%d failures: %d rows, %v", failures, len(rows), err)
			}
			want := []string{"512", "256", "128", "64", "32", "32", "32", "32"}[:failures+1]
			if diff := cmp.Diff(want, w.sizes()[:failures+1]); diff != "" {
				t.Errorf("%d failures: sizes (-want +sent):\n%s", failures, diff)
			}
			waited := time.Since(started) - time.Duration(len(w.sizes()))*roundTrip
			if (waited > 0) != (failures > 4) {
				t.Errorf("%d failures: waited %s", failures, waited)
			}
		})
	}
}

// TestRetryAfterKeepsTheSize: a server that sends Retry-After is asked for the same page later.
func TestRetryAfterKeepsTheSize(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, _, list := wired(t, 100, codecov.Options{PageSize: 512})
		w.fault = func(number, _ int, _ *http.Request) (*http.Response, error) {
			if number == 1 {
				return answer(http.StatusServiceUnavailable, http.Header{"Retry-After": {"7"}}, ""), nil
			}
			return nil, nil
		}
		started := time.Now()
		if rows, err := collect(list(codecov.CommitsOptions{})); len(rows) != 100 || err != nil {
			t.Errorf("%d rows, %v", len(rows), err)
		}
		if took := time.Since(started); took != 2*roundTrip+7*time.Second || !slices.Equal(w.sizes(), []string{"512", "512"}) {
			t.Errorf("sizes %q in %s", w.sizes(), took)
		}
	})
}

// TestDeadServer ends the list within the two minutes of one request, smaller pages included.
func TestDeadServer(t *testing.T) {
	for name, test := range map[string]struct {
		failure  func(*http.Request) (*http.Response, error)
		attempts int // at least
	}{
		"503": {status(503), 9}, "hangs": {hang, 4},
	} {
		synctest.Test(t, func(t *testing.T) {
			w, _, list := wired(t, 100, codecov.Options{PageSize: 512})
			w.fault = tooLarge(1, 0, test.failure)
			started := time.Now()
			rows, err := collect(list(codecov.CommitsOptions{}))
			apiError := (*codecov.APIError)(nil)
			if len(rows) != 0 || !errors.As(err, &apiError) || apiError.Attempts != len(w.sizes()) || apiError.Attempts < test.attempts || !apiError.Retryable() {
				t.Errorf("%s: %d rows, error %v after %q", name, len(rows), err, w.requests())
			}
			if took := time.Since(started); took > 2*time.Minute {
				t.Errorf("%s: failed after %s, want 2m0s at most", name, took)
			}
			if last := w.sizes()[len(w.sizes())-1]; last != "32" {
				t.Errorf("%s: the last page had %s rows, want 32", name, last)
			}
			if errors.Is(err, httpclient.ErrTimeout) != (name == "hangs") {
				t.Errorf("%s: error %v", name, err)
			}
		})
	}
}

// TestOtherFailuresKeepTheSize: requests with these answers are retried.
func TestOtherFailuresKeepTheSize(t *testing.T) {
	for _, code := range []int{408, 429, 500} {
		synctest.Test(t, func(t *testing.T) {
			w, _, list := wired(t, 600, codecov.Options{PageSize: 512})
			w.fault = func(number, _ int, r *http.Request) (*http.Response, error) {
				if number < 3 {
					return status(code)(r)
				}
				return nil, nil
			}
			rows, err := collect(list(codecov.CommitsOptions{}))
			if len(rows) != 600 || err != nil || !slices.Equal(w.sizes(), []string{"512", "512", "512", "512"}) {
				t.Errorf("%d: %d rows, %v, sizes %q", code, len(rows), err, w.sizes())
			}
		})
	}
}

// TestPagesAreReadAhead: four pages, and no more, while the caller works on the one before.
func TestPagesAreReadAhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, _, list := wired(t, 1000, codecov.Options{PageSize: 100})
		started, rows := time.Now(), 0
		for _, err := range list(codecov.CommitsOptions{}) {
			if err != nil {
				t.Fatal(err)
			}
			if rows++; rows%100 != 1 {
				continue
			}
			synctest.Wait()
			// The last row of a page comes with the next page, since there could be more of its time.
			if want := min((rows+98)/100+5, 10); len(w.requests()) != want {
				t.Errorf("at row %d: requests %q, want %d", rows, w.requests(), want)
			}
		}
		// The first page, and the others four at a time.
		if took := time.Since(started); rows != 1000 || took != 4*roundTrip || len(w.requests()) != 10 {
			t.Errorf("%d rows in %s, requests %q", rows, took, w.requests())
		}
	})
}

// TestListsShareThePagesAhead: however many lists are read, a client reads no more than eight pages ahead.
func TestListsShareThePagesAhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, _, list := wired(t, 1000, codecov.Options{PageSize: 100})
		resume := make(chan struct{})
		var readers sync.WaitGroup
		for range 5 {
			readers.Go(func() {
				rows := 0
				for _, err := range list(codecov.CommitsOptions{}) {
					if err != nil {
						t.Error(err)
					}
					if rows++; rows == 1 {
						<-resume
					}
				}
				if rows != 1000 {
					t.Errorf("%d rows, want 1000", rows)
				}
			})
		}
		time.Sleep(10 * roundTrip)
		if len(w.requests()) != 5+8 {
			t.Errorf("%d requests while five lists wait, want 5 first pages and 8 ahead", len(w.requests()))
		}
		close(resume)
		readers.Wait()
	})
}

// TestBreakEndsTheReadAhead: no more requests than the rows needed and four, and those are canceled. synctest sees that
// nothing is left running.
func TestBreakEndsTheReadAhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, _, list := wired(t, 1000, codecov.Options{PageSize: 100})
		started, rows := time.Now(), 0
		for _, err := range list(codecov.CommitsOptions{}) {
			if err != nil {
				t.Fatal(err)
			}
			if rows++; rows == 101 {
				synctest.Wait() // page 6 has been requested
				break
			}
		}
		left := w.underWay.Load()
		if took := time.Since(started); len(w.requests()) != 6 || took != 2*roundTrip || left != 0 {
			t.Errorf("requests %q in %s, %d of them still under way", w.requests(), took, left)
		}
	})
}

// TestPanicEndsTheReadAhead: a caller that panics leaves nothing running either.
func TestPanicEndsTheReadAhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, _, list := wired(t, 1000, codecov.Options{PageSize: 100})
		defer func() {
			if left := w.underWay.Load(); recover() == nil || left != 0 || len(w.requests()) != 5 {
				t.Errorf("%d of %q are still under way", left, w.requests())
			}
		}()
		for _, err := range list(codecov.CommitsOptions{}) {
			synctest.Wait() // four more pages have been requested
			panic(err)
		}
	})
}

// TestCanceledContextEndsTheReadAhead: the rows of the page that was read come first, then the cause.
func TestCanceledContextEndsTheReadAhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, client, _ := wired(t, 1000, codecov.Options{PageSize: 100})
		account, name := synthetic(1000)
		ctx, cancel := context.WithCancelCause(t.Context())
		defer cancel(nil)
		cause := errors.New("the caller's cause")
		rows := 0
		var last error
		for _, err := range client.Commits(ctx, account.Owner().Username, name, codecov.CommitsOptions{}) {
			if last = err; err == nil {
				rows++
				cancel(cause)
			}
		}
		if rows != 99 || !errors.Is(last, cause) {
			t.Errorf("%d rows, error %v; want 99 and %v", rows, last, cause)
		}
	})
}

// TestLimitHint: the first page is just large enough, later ones grow, and none is read before it is needed.
func TestLimitHint(t *testing.T) {
	for _, test := range []struct {
		hint, maxSize int
		sizes         string // of the pages until 1000 rows are read
	}{
		{1, 512, "16 16 32 64 128 256 512"},
		{15, 512, "16 16 32 64 128 256 512"},
		{16, 512, "32 32 64 128 256 512"}, // one row more shows whether the last one has others of its time
		{100, 512, "128 128 256 512"},
		{511, 512, "512 512"},
		{513, 512, "512 512"},
		{1 << 62, 512, "512 512"},
		{3, 300, "16 16 32 64 128 256 256 256"},
		{290, 300, "300 300 300 300"},
		{1, 8, strings.TrimSpace(strings.Repeat("8 ", 125))},
	} {
		synctest.Test(t, func(t *testing.T) {
			w, _, list := wired(t, 1000, codecov.Options{})
			rows := 0
			for _, err := range list(codecov.CommitsOptions{LimitHint: test.hint, PageSize: test.maxSize}) {
				if err != nil {
					t.Fatal(err)
				}
				if rows++; rows == min(test.hint, test.maxSize-1) {
					synctest.Wait()
					if len(w.requests()) != 1 {
						t.Errorf("hint %d, pages of %d: requests %q for row %d", test.hint, test.maxSize, w.requests(), rows)
					}
				}
			}
			if got := strings.Join(w.sizes(), " "); got != test.sizes || rows != 1000 {
				t.Errorf("hint %d, pages of %d: %d rows by pages of %s, want %s", test.hint, test.maxSize, rows, got, test.sizes)
			}
		})
	}
}

// TestLimitHintKeepsToTheSharedSize: a size that the server cannot return is not requested, whatever the hint.
func TestLimitHintKeepsToTheSharedSize(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, _, list := wired(t, 200, codecov.Options{PageSize: 512})
		w.fault = tooLarge(1, 64, status(504))
		for range 2 {
			if rows, err := collect(list(codecov.CommitsOptions{LimitHint: 100})); len(rows) != 200 || err != nil {
				t.Errorf("%d rows, %v", len(rows), err)
			}
		}
		if diff := cmp.Diff([]string{"128", "64", "64", "64", "64", "64", "64", "64", "64"}, w.sizes()); diff != "" {
			t.Errorf("sizes (-want +sent):\n%s", diff)
		}
	})
}

// TestAnswersThatCannotBeDecoded: a truncated one is requested again, one of another shape is an error.
func TestAnswersThatCannotBeDecoded(t *testing.T) {
	for body, wantRequests := range map[string]int{
		`{"count":1,"results":[{"commitid":"a"`: 2,
		`{"count":1,"results":{}}`:              1,
		`{"results":[{"commitid":1}]}`:          1,
	} {
		synctest.Test(t, func(t *testing.T) {
			w, _, list := wired(t, 5, codecov.Options{})
			w.fault = func(number, _ int, _ *http.Request) (*http.Response, error) {
				if number == 1 {
					return answer(http.StatusOK, nil, body), nil
				}
				return nil, nil
			}
			rows, err := collect(list(codecov.CommitsOptions{}))
			unreadable := wantRequests == 1
			if len(w.requests()) != wantRequests || (err != nil) != unreadable || (len(rows) == 0) != unreadable {
				t.Errorf("%s: %d rows, error %v after %d requests", body, len(rows), err, len(w.requests()))
			}
		})
	}
}
