package backfill_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/codecov-port/codecov-port/internal/backfill"
	fakecodecov "github.com/codecov-port/codecov-port/internal/fake/codecov"
	"github.com/codecov-port/codecov-port/internal/fake/faults"
	"github.com/codecov-port/codecov-port/internal/fake/recordings"
)

// onlooker takes a snapshot of the run before each request and after it.
type onlooker struct {
	http.RoundTripper
	progress backfill.Progress

	mu   sync.Mutex
	seen []backfill.Snapshot
}

func (o *onlooker) RoundTrip(r *http.Request) (*http.Response, error) {
	o.look()
	defer o.look()
	return o.RoundTripper.RoundTrip(r)
}

func (o *onlooker) look() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.seen = append(o.seen, o.progress.Snapshot())
}

// watched is a bench whose run is looked at.
func watched(t *testing.T, accounts ...fakecodecov.Account) (*bench, *onlooker) {
	t.Helper()
	o := &onlooker{}
	b := newBenchOver(t, func(rt http.RoundTripper) http.RoundTripper {
		o.RoundTripper = rt
		return o
	}, accounts...)
	b.options.Progress = &o.progress
	return b, o
}

// check looks whether the figures go one way only, and agree with each other.
func (o *onlooker) check(t *testing.T) {
	t.Helper()
	if len(o.seen) < 10 {
		t.Fatalf("%d snapshots", len(o.seen))
	}
	last := backfill.Snapshot{Held: true}
	for i, s := range o.seen {
		switch {
		case s.Stage < last.Stage, s.Listed < last.Listed, s.Repositories < last.Repositories, s.RepositoriesDone < last.RepositoriesDone,
			s.Commits < last.Commits, s.Unchanged < last.Unchanged, s.Found < last.Found, s.Settled < last.Settled,
			s.Written < last.Written, s.Failed < last.Failed, s.Held && !last.Held && i > 0:
			t.Fatalf("snapshot %d goes back: %+v\nbehind %+v", i, s, last)
		case s.RepositoriesDone > s.Repositories, s.CommitsExpected > 0 && s.Commits > s.CommitsExpected,
			s.Settled > s.Found, s.Written > s.Settled, s.Settled-s.Written > s.Failed:
			t.Fatalf("snapshot %d contradicts itself: %+v", i, s)
		}
		last = s
	}
}

// ended returns the last figures, without what the clients count.
func (o *onlooker) ended() backfill.Snapshot {
	s := o.progress.Snapshot()
	s.Codecov, s.Port = backfill.Snapshot{}.Codecov, backfill.Snapshot{}.Port
	return s
}

func TestProgressBeforeARun(t *testing.T) {
	var progress backfill.Progress
	if diff := cmp.Diff(backfill.Snapshot{}, progress.Snapshot(), cmpopts.EquateEmpty()); diff != "" {
		t.Error(diff)
	}
}

func TestProgress(t *testing.T) {
	account := fakecodecov.Synthetic(fakecodecov.SyntheticOptions{Seed: 1, Repositories: 50, CommitsPerRepository: 30, InactiveEvery: 5, IncompleteEvery: 10})
	b, o := watched(t, account)
	b.options.Owners, b.options.Readers = []string{"synthetic"}, 3
	b.pageSize(t, 20)
	result := b.run(t)
	o.check(t)
	want := backfill.Snapshot{
		Stage: backfill.Ended, Listed: 50, Repositories: 40, RepositoriesDone: 40, Commits: 1200, CommitsExpected: 1200, CommitsCounted: true,
		Found: 1120, Written: 1120, Settled: 1120,
	}
	if diff := cmp.Diff(want, o.ended()); diff != "" {
		t.Error(diff)
	}
	if result.Commits.Read != want.Commits || result.Entities[0].Created+result.Entities[1].Created != want.Written {
		t.Errorf("result %+v", result)
	}
	for _, s := range o.seen {
		if s.CommitsExpected != 0 && s.CommitsExpected != 1200 {
			t.Fatalf("expected %d commits of 1200, from repositories of 30 each: %+v", s.CommitsExpected, s)
		}
	}
	b.run(t)
	if s := o.ended(); s.Unchanged != 1120 || s.Found != 0 || s.Written != 0 {
		t.Errorf("a second run ends with %+v", s)
	}
}

// TestProgressExpectsWhatIsWanted: the lists count all commits, also where only the new ones are asked for.
func TestProgressExpectsWhatIsWanted(t *testing.T) {
	account := fakecodecov.Synthetic(fakecodecov.SyntheticOptions{Seed: 1, Repositories: 60, CommitsPerRepository: 200, Newest: recordings.Now().AddDate(0, 0, -1)})
	for name, selection := range map[string]backfill.Selection{
		"since":       {Since: recordings.Now().AddDate(0, 0, -5)},
		"max commits": {MaxCommits: 12},
		"latest":      {NoHistory: true},
	} {
		t.Run(name, func(t *testing.T) {
			b, o := watched(t, account)
			b.options.Owners, b.options.Readers, b.options.Selection = []string{"synthetic"}, 2, selection
			read := b.run(t).Commits.Read
			o.check(t)
			if s := o.ended(); s.Commits != read || s.CommitsExpected != read || !s.CommitsCounted {
				t.Errorf("ended with %+v, %d commits were read", s, read)
			}
			for _, s := range o.seen {
				if expected := float64(s.CommitsExpected) / float64(read); expected != 0 && (expected < 0.7 || expected > 1.4) {
					t.Fatalf("expected %d commits of %d: %+v", s.CommitsExpected, read, s)
				}
			}
		})
	}
}

// TestProgressExpectsNothingFromFewLists estimates the number of commits once 20 lists have been opened.
func TestProgressExpectsNothingFromFewLists(t *testing.T) {
	account := fakecodecov.Synthetic(fakecodecov.SyntheticOptions{Owner: "acme", Repositories: 30, CommitsPerRepository: 5})
	progress, asked := &backfill.Progress{}, 0
	b := newBenchOver(t, func(next http.RoundTripper) http.RoundTripper {
		return roundTrip(func(r *http.Request) (*http.Response, error) {
			if strings.HasSuffix(r.URL.Path, "/commits") { // one reader: as many lists have been opened as were asked for before
				if expects := progress.Snapshot().CommitsExpected > 0; expects != (asked >= 20) {
					t.Errorf("with %d lists opened, a number of commits is expected: %t", asked, expects)
				}
				asked++
			}
			return next.RoundTrip(r)
		})
	}, account)
	b.options.Readers, b.options.Progress = 1, progress
	if b.run(t); asked != 30 {
		t.Errorf("%d lists were asked for, want 30", asked)
	}
}

// TestProgressOfFailures: what is refused is settled, and what was never to be written is not.
func TestProgressOfFailures(t *testing.T) {
	b, o := watched(t, twins(t))
	b.mapping(t, family)
	b.port.Faults.Add(faults.Fault{Match: isBulk, Times: -1, Status: http.StatusUnprocessableEntity})
	result := b.run(t)
	o.check(t)
	taken := 0
	for _, failure := range result.Failures {
		if failure.Code == backfill.CodeTaken {
			taken++
		}
	}
	s := o.ended()
	if s.Stage != backfill.Ended || s.Found == 0 || s.Settled != s.Found || s.Written != 0 || s.Failed != s.Found+taken || taken == 0 {
		t.Errorf("ended with %+v, %d identifiers taken", s, taken)
	}
}

func TestProgressOfABrokenRepository(t *testing.T) {
	b, o := watched(t, recorded(t, "github.acme.json"))
	b.codecov.Faults.Add(faults.Fault{Match: func(r *http.Request) bool { return r.URL.Path == "/api/v2/github/acme/repos/cart-lib/commits" }, Times: -1, Status: http.StatusNotFound})
	b.run(t)
	o.check(t)
	if s := o.ended(); s.Stage != backfill.Ended || s.RepositoriesDone != s.Repositories || s.Commits != s.CommitsExpected {
		t.Errorf("ended with %+v", s)
	}
}

func TestProgressOfADryRun(t *testing.T) {
	b, o := watched(t, recorded(t, "github.acme.json"))
	b.options.DryRun = true
	b.run(t)
	o.check(t)
	if s := o.ended(); !s.DryRun || s.Held || s.Written != 1554 || s.Settled != s.Found {
		t.Errorf("ended with %+v", s)
	}
}

// TestProgressHoldsNewEntities while there may be more than the limit.
func TestProgressHoldsNewEntities(t *testing.T) {
	b, o := watched(t, recorded(t, "github.acme.json"))
	b.options.MaxEntities = 1600 // of 1,554 new ones, from 1,573 commits
	b.run(t)
	o.check(t)
	held := false
	for _, s := range o.seen {
		if s.Stage == backfill.Reading && s.Found > 0 && s.Commits < 1000 {
			held = true
			if !s.Held || s.Settled > 0 {
				t.Fatalf("written before all is read: %+v", s)
			}
		}
	}
	if !held {
		t.Error("nobody looked while entities were held back")
	}
	if o.ended().Held {
		t.Error("held back at the end")
	}
}

// TestProgressBehindASpoiledPage: the first page that reports how many commits there are is one that was read ahead, while
// commits are picked. The race detector looks.
func TestProgressBehindASpoiledPage(t *testing.T) {
	account := fakecodecov.Synthetic(fakecodecov.SyntheticOptions{Owner: "acme", Repositories: 1, CommitsPerRepository: 200})
	b, o := watched(t, account)
	b.pageSize(t, 32)
	b.options.Selection.Every, b.options.Selection.MaxCommits = backfill.EveryDay, 100
	b.codecov.Faults.Add(faults.Fault{Times: 2, Status: 500, Body: `{"error": "Server Error (500)"}`, Match: func(r *http.Request) bool {
		return strings.HasSuffix(r.URL.Path, "/commits")
	}})
	b.run(t)
	o.check(t)
}

// TestProgressOfAnInterruptedRun ends with what was done.
func TestProgressOfAnInterruptedRun(t *testing.T) {
	b, o := watched(t, recorded(t, "github.acme.json"))
	stop := make(chan struct{})
	close(stop)
	b.options.Stop = stop
	if result := b.run(t); !result.Interrupted {
		t.Errorf("result %+v", result)
	}
	if s := o.ended(); s.Stage != backfill.Ended || s.Written != 0 {
		t.Errorf("ended with %+v", s)
	}
}

func isBulk(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/entities/bulk") }

// roundTrip is a network of one function.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
