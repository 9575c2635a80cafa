package codecov_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/codecov-port/codecov-port/pkg/codecov"
)

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
		for _, err := range client.Commits(ctx, account.Owner.Username, name, codecov.CommitsOptions{}) {
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
