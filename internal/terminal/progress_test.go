package terminal

import (
	"bytes"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/codecov-port/codecov-port/internal/backfill"
	"github.com/codecov-port/codecov-port/pkg/port"
)

// moment is an instant within a run.
var moment = time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)

// midway is a run in the middle of reading.
func midway() state {
	return state{
		snapshot: backfill.Snapshot{
			Stage: backfill.Reading, Listed: 520, Repositories: 500, RepositoriesDone: 120, Commits: 12_340, CommitsExpected: 49_321,
			Found: 10_100, Written: 8_000, Settled: 8_000,
		},
		at: moment, readShare: 0.25, readRate: 951, writeRate: 250,
	}
}

func with(change func(*state)) state {
	s := midway()
	change(&s)
	return s
}

const reading80 = " reading   25% ███░░░░░░░░░░  12,340 of ~50,000 commits, 960/s, 40 s left"

var states = map[string]struct {
	state  state
	usual  []string // at 80 columns
	narrow []string // at 40
	line   string
}{
	"midway": {
		midway(),
		[]string{reading80, " writing   19% ██░░░░░░░░░░░  8,000 of ~41,000 entities, 250/s, 3 min left"},
		[]string{" reading   25% █░░░░░  960/s, 40 s left", " writing   19% █░░░░░  3 min left"},
		"reading 120 of 500 repositories, 12,340 of ~50,000 commits, 960/s, 40 s left; writing 8,000 of ~41,000 entities, 250/s, 3 min left",
	},
	"at the beginning": {
		state{at: moment},
		[]string{" ⠋ listing Codecov's repositories and reading back Port"},
		[]string{" ⠋ listing Codecov's repositories and …"},
		"listing Codecov's repositories and reading back Port",
	},
	"listing, and waiting": {
		state{at: moment, snapshot: backfill.Snapshot{Listed: 1_200, Port: port.Counts{WaitsUntil: moment.Add(11_200 * time.Millisecond)}}},
		[]string{" ⠋ 1,200 repositories so far, waiting 12 s for Port's rate limit"},
		[]string{" ⠋ waiting 12 s for Port's rate limit"},
		"listing Codecov's repositories and reading back Port, 1,200 repositories so far, waiting 12 s for Port's rate limit",
	},
	"before anything is known": {
		with(func(s *state) {
			*s = state{at: moment, snapshot: backfill.Snapshot{Stage: backfill.Reading, Repositories: 500, Held: true}}
		}),
		[]string{" reading    0% ░░░░░░░░░░░░░  0 of 500 repositories, 0 commits", " writing nothing to write yet"},
		[]string{" reading    0% ░░░░░░  0 commits", " writing nothing to write yet"},
		"reading 0 of 500 repositories, 0 commits; writing nothing to write yet",
	},
	"gate closed": {
		with(func(s *state) { s.snapshot.Held, s.snapshot.Settled, s.snapshot.Written = true, 0, 0 }),
		[]string{reading80, " writing 10,100 new entities wait until everything is read"},
		[]string{" reading   25% █░░░░░  960/s, 40 s left", " writing 10,100 new entities wait unti…"},
		"reading 120 of 500 repositories, 12,340 of ~50,000 commits, 960/s, 40 s left; writing 10,100 new entities wait until everything is read",
	},
	"waiting for both": {
		with(func(s *state) {
			s.snapshot.Port.WaitsUntil, s.snapshot.Codecov.WaitsUntil = moment.Add(12*time.Second), moment.Add(61*time.Second)
		}),
		[]string{
			" reading   25% ███░░░░░░░░░░  waiting 61 s for Codecov's rate limit",
			" writing   19% ██░░░░░░░░░░░  waiting 12 s for Port's rate limit",
		},
		[]string{" reading   25% █░░░░░  waiting 61 s fo…", " writing   19% █░░░░░  waiting 12 s fo…"},
		"reading 120 of 500 repositories, 12,340 of ~50,000 commits, waiting 61 s for Codecov's rate limit; " +
			"writing 8,000 of ~41,000 entities, waiting 12 s for Port's rate limit",
	},
	"waiting for less than a second": {
		with(func(s *state) { s.snapshot.Port.WaitsUntil = moment.Add(999 * time.Millisecond) }),
		[]string{reading80, " writing   19% ██░░░░░░░░░░░  8,000 of ~41,000 entities, 250/s, 3 min left"},
		[]string{" reading   25% █░░░░░  960/s, 40 s left", " writing   19% █░░░░░  3 min left"},
		"reading 120 of 500 repositories, 12,340 of ~50,000 commits, 960/s, 40 s left; writing 8,000 of ~41,000 entities, 250/s, 3 min left",
	},
	"with failures, all read": {
		with(func(s *state) {
			c := &s.snapshot
			s.readShare, c.Stage, c.RepositoriesDone, c.Commits, c.Found, c.Settled, c.Failed = 1, backfill.Writing, 500, 49_321, 40_000, 39_960, 3
		}),
		[]string{
			" reading  100% █████████████  500 repositories, 49,321 commits",
			" writing   99% ████████████░  3 failed, 250/s, seconds left",
		},
		[]string{" reading  100% ██████  49,321 commits", " writing   99% █████░  seconds left"},
		"reading 500 repositories, 49,321 commits; writing 39,960 of 40,000 entities, 3 failed, 250/s, seconds left",
	},
	"a dry run": {
		with(func(s *state) { s.snapshot.DryRun, s.snapshot.Unchanged, s.snapshot.CommitsCounted = true, 1_500, true }),
		[]string{
			" reading   25% ███░░░░░░░░░░  12,340 of 49,321 commits, 960/s, 40 s left",
			" writing 1,500 unchanged, 10,100 would be written",
		},
		[]string{" reading   25% █░░░░░  960/s, 40 s left", " writing 10,100 would be written"},
		"reading 120 of 500 repositories, 12,340 of 49,321 commits, 960/s, 40 s left; writing 1,500 unchanged, 10,100 would be written",
	},
	"ended": {with(func(s *state) { s.snapshot.Stage = backfill.Ended }), []string{}, []string{}, ""},
}

func TestState(t *testing.T) {
	for name, test := range states {
		t.Run(name, func(t *testing.T) {
			for width, want := range map[int][]string{80: test.usual, 40: test.narrow} {
				if diff := cmp.Diff(want, alignRows(test.state.rows("⠋"), width, false)); diff != "" {
					t.Errorf("%d columns (-want +got):\n%s", width, diff)
				}
			}
			if diff := cmp.Diff(test.line, test.state.line()); diff != "" {
				t.Errorf("line (-want +got):\n%s", diff)
			}
		})
	}
}

// TestStateNeverWraps at any width, nor takes more than two lines.
func TestStateNeverWraps(t *testing.T) {
	for name, test := range states {
		for width := 3; width < 160; width++ {
			lines := alignRows(test.state.rows("⠋"), width, false)
			for _, line := range lines {
				if len(lines) > 2 || utf8.RuneCountInString(line) >= width {
					t.Fatalf("%s at %d columns: %q", name, width, lines)
				}
			}
		}
	}
}

func TestMeter(t *testing.T) {
	for name, test := range map[string]struct {
		counts []int // a second apart
		want   float64
	}{
		"at once":           {[]int{100}, 0},
		"after a second":    {[]int{100, 200}, 0},
		"steady":            {[]int{0, 100, 200, 300}, 100},
		"begun late":        {[]int{0, 0, 0, 0, 0, 0, 100, 200, 300}, 100},
		"stopped":           {append([]int{0, 100}, slowly(200, 0, 30)...), 0},
		"slower":            {append(slowly(0, 100, 30), slowly(3000, 10, 30)...), 10},
		"far from 0 at all": {[]int{0, 0, 0, 0}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			var m meter
			got := 0.0
			for i, count := range test.counts {
				got = m.rate(moment.Add(time.Duration(i)*time.Second), count)
			}
			if got != test.want {
				t.Errorf("rate %v, want %v", got, test.want)
			}
			if len(m) > 50 {
				t.Errorf("%d readings are kept", len(m))
			}
		})
	}
}

// slowly counts on from a number.
func slowly(from, step, times int) []int {
	var counts []int
	for i := range times {
		counts = append(counts, from+i*step)
	}
	return counts
}

func TestTimeLeft(t *testing.T) {
	for _, test := range []struct {
		count int
		rate  float64
		want  string
	}{
		{0, 10, ""}, {-5, 10, ""}, {10, 0, ""}, {1 << 40, 0.001, ""},
		{10, 10, "seconds left"}, {110, 10, "15 s left"}, {900, 10, "1 min 30 s left"}, {901, 10, "2 min left"},
		{54_000, 10, "1 h 30 min left"}, {54_001, 10, "2 h left"},
	} {
		if got := timeLeft(test.count, test.rate); got != test.want {
			t.Errorf("%d at %v a second: %q, want %q", test.count, test.rate, got, test.want)
		}
	}
}

func TestReadShare(t *testing.T) {
	for _, test := range []struct {
		snapshot backfill.Snapshot
		want     float64
	}{
		{backfill.Snapshot{}, 0},
		{backfill.Snapshot{Stage: backfill.Reading}, 0},
		{backfill.Snapshot{Stage: backfill.Reading, Repositories: 4, RepositoriesDone: 1, Commits: 10}, 0.25},
		{backfill.Snapshot{Stage: backfill.Reading, Repositories: 4, RepositoriesDone: 1, Commits: 10, CommitsExpected: 20}, 0.5},
		{backfill.Snapshot{Stage: backfill.Reading, Repositories: 4, RepositoriesDone: 4, Commits: 20, CommitsExpected: 20}, 0.99},
		{backfill.Snapshot{Stage: backfill.Writing}, 1},
	} {
		if got := readShare(test.snapshot); got != test.want {
			t.Errorf("%+v: %v, want %v", test.snapshot, got, test.want)
		}
	}
}

// TestBarNeverGoesBack: the bar stays where it is when more commits are expected than before.
func TestBarNeverGoesBack(t *testing.T) {
	var followed state
	for i, s := range []backfill.Snapshot{{Commits: 50, CommitsExpected: 100}, {Commits: 60, CommitsExpected: 200}, {Commits: 150, CommitsExpected: 200}} {
		s.Stage = backfill.Reading
		followed.update(s, moment.Add(time.Duration(i)*time.Second))
		if got, want := followed.readShare, []float64{0.5, 0.5, 0.75}[i]; got != want {
			t.Errorf("update %d: share %v, want %v", i, got, want)
		}
	}
}

// guarded is a buffer for several at once.
type guarded struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (g *guarded) Write(text []byte) (int, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.text.Write(text)
}

func (g *guarded) String() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.text.String()
}

// TestFollowWithoutATerminal: a line with the time after 2 seconds, and then every 5 seconds.
func TestFollowWithoutATerminal(t *testing.T) {
	for name, test := range map[string]struct {
		after time.Duration
		want  []int // seconds after the start
	}{
		"a short run": {1900 * time.Millisecond, nil},
		"a long run":  {13 * time.Second, []int{2, 7, 12}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
				var out guarded
				start, want := time.Now(), ""
				for _, second := range test.want {
					want += start.Add(time.Duration(second)*time.Second).Format(time.TimeOnly) + " listing Codecov's repositories and reading back Port\n"
				}
				streams := &Streams{Err: &out}
				stop := follow(t.Context(), streams, new(backfill.Progress))
				time.Sleep(test.after) // of the bubble's clock
				stop()
				if got := out.String(); got != want {
					t.Errorf("printed %q, want %q", got, want)
				}
				time.Sleep(time.Minute)
				if got := out.String(); got != want {
					t.Errorf("printed %q after its end", got)
				}
			})
		})
	}
}

// TestFollowIsSilentDuringAQuestion.
func TestFollowIsSilentDuringAQuestion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out guarded
		streams := &Streams{Err: &out}
		defer follow(t.Context(), streams, new(backfill.Progress))()
		resume := streams.LiveView().Ask("sure? ")
		time.Sleep(11 * time.Second)
		if got := out.String(); got != "sure? " {
			t.Errorf("printed %q meanwhile", got)
		}
		resume(true)
		time.Sleep(5 * time.Second)
		if got := strings.Count(out.String(), "\n"); got != 1 {
			t.Errorf("printed %d lines after it", got)
		}
	})
}
