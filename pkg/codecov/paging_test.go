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

// wire is a network without connections, for the tests of time: it takes a round trip and asks the emulator.
type wire struct {
	server http.Handler
	// fault may give an answer instead of the server's. asked counts from 1.
	fault func(asked, size int, r *http.Request) (*http.Response, error)

	mu       sync.Mutex
	asked    []string // "page 3 of 512", in the order of the requests
	underWay atomic.Int64
}

const roundTrip = 50 * time.Millisecond

func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	w.underWay.Add(1)
	defer w.underWay.Add(-1)
	query := r.URL.Query()
	w.mu.Lock()
	w.asked = append(w.asked, "page "+query.Get("page")+" of "+query.Get("page_size"))
	asked := len(w.asked)
	w.mu.Unlock()
	select {
	case <-time.After(roundTrip):
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
	if w.fault != nil {
		size, _ := strconv.Atoi(query.Get("page_size"))
		if resp, err := w.fault(asked, size, r); resp != nil || err != nil {
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
	return slices.Clone(w.asked)
}

// sizes gives the sizes of the pages that were asked for.
func (w *wire) sizes() []string {
	var sizes []string
	for _, request := range w.requests() {
		sizes = append(sizes, request[strings.LastIndexByte(request, ' ')+1:])
	}
	return sizes
}

// runs gives the sizes of the pages that were asked for, those in a row together: "256 x 8".
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

// wired gives a client of an account with one repository of so many commits, and what it is wired to.
func wired(t *testing.T, commits int, o codecov.Options) (*wire, *codecov.Client, func(codecov.CommitsOptions) iter.Seq2[codecov.Commit, error]) {
	t.Helper()
	account, name := synthetic(commits)
	server := fakecodecov.New(fakecodecov.Options{Accounts: []fakecodecov.Account{account}, Tokens: map[string]fakecodecov.Access{seesAll: {}}})
	w := &wire{server: server}
	o.Token, o.Transport = seesAll, w
	client := newClient(t, o)
	return w, client, func(o codecov.CommitsOptions) iter.Seq2[codecov.Commit, error] {
		return client.Commits(t.Context(), "synthetic", name, o)
	}
}

// rowsOf gives the rows of the account that wired serves, as they are without a fault.
func rowsOf(t *testing.T, commits int) []codecov.Commit {
	t.Helper()
	_, _, list := wired(t, commits, codecov.Options{})
	rows, err := collect(list(codecov.CommitsOptions{}))
	if err != nil || len(rows) != commits {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	return rows
}

func status(code int) func(*http.Request) (*http.Response, error) {
	return func(*http.Request) (*http.Response, error) { return answer(code, nil, "upstream request timeout"), nil }
}

func hang(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

// tooLarge makes every request for more than size rows fail, from the one numbered first on.
func tooLarge(first, size int, failure func(*http.Request) (*http.Response, error)) func(int, int, *http.Request) (*http.Response, error) {
	return func(asked, wanted int, r *http.Request) (*http.Response, error) {
		if asked >= first && wanted > size {
			return failure(r)
		}
		return nil, nil
	}
}

// TestPagesShrinkInMidListing: whatever the size before and after, and wherever it changes, no row is lost or repeated.
func TestPagesShrinkInMidListing(t *testing.T) {
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
					t.Run(fmt.Sprintf("%s/from %d to %d at request %d", test.name, start, size, first), func(t *testing.T) {
						synctest.Test(t, func(t *testing.T) {
							w, _, list := wired(t, commits, codecov.Options{PageSize: start})
							w.fault = tooLarge(first, size, test.failure)
							got, err := collect(list(codecov.CommitsOptions{}))
							if err != nil {
								t.Fatal(err)
							}
							if !slices.EqualFunc(got, want, sameCommit) {
								t.Errorf("%d rows, want %d, each once and in order; asked for %q", len(got), len(want), w.requests())
							}
						})
					})
				}
			}
		}
	}
}

func sameCommit(a, b codecov.Commit) bool { return a.CommitID == b.CommitID }

// TestOverlapIsCutByPlace: the list of owners has no key by which a row could be told to be a repeated one.
func TestOverlapIsCutByPlace(t *testing.T) {
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
		// Row 50 is on the second page of 32, which begins with 18 rows that were read already.
		wantRequests := []string{"page 1 of 50", "page 2 of 50", "page 2 of 32", "page 3 of 32", "page 4 of 32"}
		if diff := cmp.Diff(wantRequests, w.requests()); diff != "" {
			t.Errorf("requests (-want +sent):\n%s", diff)
		}
	})
}

// TestSizeGrowsBack: after eight full pages, and where the larger size divides the offset.
func TestSizeGrowsBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const commits = 4096
		w, _, list := wired(t, commits, codecov.Options{PageSize: 512})
		w.fault = func(asked, _ int, r *http.Request) (*http.Response, error) {
			if asked == 2 {
				return status(504)(r)
			}
			return nil, nil
		}
		if rows, err := collect(list(codecov.CommitsOptions{})); len(rows) != commits || err != nil {
			t.Fatalf("%d rows, %v", len(rows), err)
		}
		want := []string{
			"page 1 of 512", "page 2 of 512",
			"page 3 of 256", "page 4 of 256", "page 5 of 256", "page 6 of 256", "page 7 of 256", "page 8 of 256", "page 9 of 256", "page 10 of 256",
			"page 6 of 512", "page 7 of 512", "page 8 of 512",
		}
		if diff := cmp.Diff(want, w.requests()); diff != "" {
			t.Errorf("requests (-want +sent):\n%s", diff)
		}
	})
}

// TestSizeGrowsInVainLessAndLess: a server that never answers more than 256 rows is asked for more 4 times in 118 pages.
func TestSizeGrowsInVainLessAndLess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const commits = 30_000
		w, _, list := wired(t, commits, codecov.Options{PageSize: 512})
		w.fault = tooLarge(1, 256, hang)
		given := 0
		for _, err := range list(codecov.CommitsOptions{}) {
			if err != nil {
				t.Fatal(err)
			}
			given++
		}
		var failed []int
		for i, size := range w.sizes() {
			if size == "512" {
				failed = append(failed, i-len(failed))
			}
		}
		if diff := cmp.Diff([]int{0, 8, 24, 56}, failed); diff != "" || given != commits {
			t.Errorf("%d rows; larger pages were tried after so many (-want +got):\n%s", given, diff)
		}
	})
}

// TestSizeThatHeldIsTriedAsSoonAsEver: a size that was once grown to in vain is trusted again after it has held.
func TestSizeThatHeldIsTriedAsSoonAsEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const commits = 20_480
		w, _, list := wired(t, commits, codecov.Options{PageSize: 512})
		failing := []int{1, 10, 43} // the first page, the first that was grown to, and one after 16 that came
		w.fault = func(asked, _ int, r *http.Request) (*http.Response, error) {
			if slices.Contains(failing, asked) {
				return status(504)(r)
			}
			return nil, nil
		}
		if rows, err := collect(list(codecov.CommitsOptions{})); len(rows) != commits || err != nil {
			t.Fatalf("%d rows, %v", len(rows), err)
		}
		want := []string{"512 x 1", "256 x 8", "512 x 1", "256 x 16", "512 x 17", "256 x 8", "512 x 8"}
		if diff := cmp.Diff(want, w.runs()); diff != "" {
			t.Errorf("sizes (-want +sent):\n%s", diff)
		}
	})
}

// TestLateFailureDoesNotRaiseTheSize: a list waits for its time-out while another learns that the size is much too large.
func TestLateFailureDoesNotRaiseTheSize(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, _, list := wired(t, 64, codecov.Options{PageSize: 512})
		if _, err := collect(list(codecov.CommitsOptions{})); err != nil { // until the first answer, lists wait for each other
			t.Fatal(err)
		}
		w.fault = func(asked, size int, r *http.Request) (*http.Response, error) {
			if asked == 2 {
				return hang(r)
			}
			return tooLarge(2, 64, status(504))(asked, size, r)
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
		if diff := cmp.Diff([]string{"512 x 3", "256 x 1", "128 x 1", "64 x 2"}, w.runs()); diff != "" {
			t.Errorf("sizes (-want +sent):\n%s", diff)
		}
	})
}

// TestSizeIsSharedByTheLists: what one list has learnt, the next begins with.
func TestSizeIsSharedByTheLists(t *testing.T) {
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

// TestSizeGrowsByFullPagesOfIt: neither pages that are not full nor smaller ones tell that a larger one would come.
func TestSizeGrowsByFullPagesOfIt(t *testing.T) {
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

// TestManyFailuresAtOnceHalveOnce reads lists that all fail at the same time.
func TestManyFailuresAtOnceHalveOnce(t *testing.T) {
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

// TestFailuresThatAreNotAboutSize are survived: at once down to the floor, then with the usual waits.
func TestFailuresThatAreNotAboutSize(t *testing.T) {
	for _, failures := range []int{1, 4, 7} {
		synctest.Test(t, func(t *testing.T) {
			w, _, list := wired(t, 100, codecov.Options{PageSize: 512})
			w.fault = func(asked, _ int, r *http.Request) (*http.Response, error) {
				if asked <= failures {
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

// TestRetryAfterIsNotAboutSize: a server that says when to come back is asked for the same page then.
func TestRetryAfterIsNotAboutSize(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, _, list := wired(t, 100, codecov.Options{PageSize: 512})
		w.fault = func(asked, _ int, _ *http.Request) (*http.Response, error) {
			if asked == 1 {
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

// TestDeadServer is told of within the two minutes that a request has, sizes and all.
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
				t.Errorf("%s: told after %s", name, took)
			}
			if last := w.sizes()[len(w.sizes())-1]; last != "32" {
				t.Errorf("%s: the last page asked for was one of %s, want the smallest", name, last)
			}
			if errors.Is(err, httpclient.ErrTimeout) != (name == "hangs") {
				t.Errorf("%s: error %v", name, err)
			}
		})
	}
}

// TestOtherFailuresKeepTheSize: they pass with a wait, or stay.
func TestOtherFailuresKeepTheSize(t *testing.T) {
	for _, code := range []int{408, 429, 500} {
		synctest.Test(t, func(t *testing.T) {
			w, _, list := wired(t, 600, codecov.Options{PageSize: 512})
			w.fault = func(asked, _ int, r *http.Request) (*http.Response, error) {
				if asked < 3 {
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

// TestNextPageIsReadAhead: one page and no more, while the caller works on the one before.
func TestNextPageIsReadAhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, _, list := wired(t, 300, codecov.Options{PageSize: 100})
		started, given := time.Now(), 0
		for _, err := range list(codecov.CommitsOptions{}) {
			if err != nil {
				t.Fatal(err)
			}
			if given++; given%100 != 1 {
				continue
			}
			time.Sleep(roundTrip)
			synctest.Wait()
			if want := min(given/100+2, 3); len(w.requests()) != want {
				t.Errorf("at row %d: asked for %q, want %d pages", given, w.requests(), want)
			}
		}
		// The first page is waited for; each of the others comes while the one before is worked on.
		if took := time.Since(started); given != 300 || took != 4*roundTrip || len(w.requests()) != 3 {
			t.Errorf("%d rows in %s, asked for %q", given, took, w.requests())
		}
	})
}

// TestBreakEndsTheReadAhead: at most one request more than the rows took, and it is given up. That nothing is left
// running is seen by synctest.
func TestBreakEndsTheReadAhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, _, list := wired(t, 1000, codecov.Options{PageSize: 100})
		started, given := time.Now(), 0
		for _, err := range list(codecov.CommitsOptions{}) {
			if err != nil {
				t.Fatal(err)
			}
			if given++; given == 101 {
				synctest.Wait() // the third page is on its way
				break
			}
		}
		left := w.underWay.Load()
		if took := time.Since(started); len(w.requests()) != 3 || took != 2*roundTrip || left != 0 {
			t.Errorf("asked for %q in %s, %d of them still under way", w.requests(), took, left)
		}
	})
}

// TestPanicEndsTheReadAhead: a caller that leaves by a panic leaves nothing running either.
func TestPanicEndsTheReadAhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, _, list := wired(t, 1000, codecov.Options{PageSize: 100})
		defer func() {
			if left := w.underWay.Load(); recover() == nil || left != 0 || len(w.requests()) != 2 {
				t.Errorf("%d of %q are still under way", left, w.requests())
			}
		}()
		for _, err := range list(codecov.CommitsOptions{}) {
			synctest.Wait() // the second page is on its way
			panic(err)
		}
	})
}

// TestEndedContextEndsTheReadAhead: the rows that have come are given, then the cause.
func TestEndedContextEndsTheReadAhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, client, _ := wired(t, 1000, codecov.Options{PageSize: 100})
		account, name := synthetic(1000)
		ctx, cancel := context.WithCancelCause(t.Context())
		defer cancel(nil)
		cause := errors.New("the caller's cause")
		given := 0
		var last error
		for _, err := range client.Commits(ctx, account.Owner().Username, name, codecov.CommitsOptions{}) {
			if last = err; err == nil {
				given++
				cancel(cause)
			}
		}
		if given != 100 || !errors.Is(last, cause) {
			t.Errorf("%d rows, error %v", given, last)
		}
	})
}

// TestExpect: the first page is as small as the caller says, later ones grow, and none is read before it is needed.
func TestExpect(t *testing.T) {
	for _, test := range []struct {
		expect, most int
		sizes        string // of the pages until 1000 rows are read
	}{
		{1, 512, "16 16 32 64 128 256 512"},
		{16, 512, "16 16 32 64 128 256 512"},
		{17, 512, "32 32 64 128 256 512"},
		{100, 512, "128 128 256 512"},
		{512, 512, "512 512"},
		{513, 512, "512 512"},
		{1 << 62, 512, "512 512"},
		{3, 300, "16 16 32 64 128 256 256 256"},
		{290, 300, "300 300 300 300"},
		{1, 8, strings.TrimSpace(strings.Repeat("8 ", 125))},
	} {
		synctest.Test(t, func(t *testing.T) {
			w, _, list := wired(t, 1000, codecov.Options{})
			given := 0
			for _, err := range list(codecov.CommitsOptions{LimitHint: test.expect, PageSize: test.most}) {
				if err != nil {
					t.Fatal(err)
				}
				if given++; given == 1 {
					synctest.Wait()
					if len(w.requests()) != 1 {
						t.Errorf("%d of %d: read ahead: %q", test.expect, test.most, w.requests())
					}
				}
			}
			if got := strings.Join(w.sizes(), " "); got != test.sizes || given != 1000 {
				t.Errorf("%d of %d: %d rows by pages of %s, want %s", test.expect, test.most, given, got, test.sizes)
			}
		})
	}
}

// TestExpectHoldsToTheSharedSize: what the server cannot answer with is not asked for, whatever is expected.
func TestExpectHoldsToTheSharedSize(t *testing.T) {
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

// TestAnswersThatCannotBeRead: one that broke off is asked for again, one of another shape stays so.
func TestAnswersThatCannotBeRead(t *testing.T) {
	for body, wantRequests := range map[string]int{
		`{"count":1,"results":[{"commitid":"a"`: 2,
		`{"count":1,"results":{}}`:              1,
		`{"results":[{"commitid":1}]}`:          1,
	} {
		synctest.Test(t, func(t *testing.T) {
			w, _, list := wired(t, 5, codecov.Options{})
			w.fault = func(asked, _ int, _ *http.Request) (*http.Response, error) {
				if asked == 1 {
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
