package codecov_test

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/codecov-port/codecov-port/internal/httpclient"
	"github.com/codecov-port/codecov-port/pkg/codecov"
)

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

// TestShrunkPagesBeginWhereTheLastOneEnded: the list of owners has no key that would show repeated rows.
func TestShrunkPagesBeginWhereTheLastOneEnded(t *testing.T) {
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
		// No page of 32 begins at row 50, but one of 25 does. Pages 3 and 4 are read together.
		sent := w.requests()
		wantRequests := []string{"page 1 of 50", "page 2 of 50", "page 3 of 25", "page 4 of 25"}
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
		// Two pages of 512 are used, and the rest comes in 8 pages of 256. One more may have been read ahead by then.
		sizes := w.sizes()
		smaller := len(slices.DeleteFunc(sizes, func(size string) bool { return size != "256" }))
		if all := len(w.requests()); smaller < 8 || smaller > 9 || all > 8+6 {
			t.Errorf("%d requests, %d of them for 256 rows, want 8 or 9, and at most 14 in all", all, smaller)
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
		if _, err := collect(list(codecov.CommitsOptions{})); err != nil { // until the first answer, lists wait for each other
			t.Fatal(err)
		}
		w.fault = func(number, size int, r *http.Request) (*http.Response, error) {
			if number == 2 {
				return hang(r)
			}
			return tooLarge(2, 64, status(504))(number, size, r)
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
