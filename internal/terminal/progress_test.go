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
)

// moment is an instant within a run.
var moment = time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)

// midway is a run at its best.
func midway() state {
	return state{
		snapshot: backfill.Snapshot{
			Stage: backfill.Reading, Listed: 520, Repositories: 500, RepositoriesDone: 120, Commits: 12_340, CommitsExpected: 49_321,
			Found: 10_100, Written: 8_000, Settled: 8_000,
		},
		at: moment, read: 951, settled: 250, readingLeft: 40 * time.Second, writingLeft: 2 * time.Minute, readShare: 0.25, toSettle: 40_368,
	}
}

func with(change func(*state)) state {
	c := midway()
	change(&c)
	return c
}

var states = map[string]struct {
	state    state
	wide     []string // at 120 columns
	usual    []string // at 80
	narrow   []string // at 40
	sentence string
}{
	"midway": {
		midway(),
		[]string{
			" reading   25% █████░░░░░░░░░░░░░░░  120 of 500 repositories, 12,340 of ~50,000 commits, 960/s, 40 s left",
			" writing   19% ███░░░░░░░░░░░░░░░░░  8,000 of ~41,000 entities, 250/s, 2 min left",
		},
		[]string{
			" reading   25% ███░░░░░░░░░░  12,340 of ~50,000 commits, 960/s, 40 s left",
			" writing   19% ██░░░░░░░░░░░  8,000 of ~41,000 entities, 250/s, 2 min left",
		},
		[]string{
			" reading   25% █░░░░░  40 s left",
			" writing   19% █░░░░░  2 min left",
		},
		"reading 120 of 500 repositories, 12,340 of about 50,000 commits; wrote 8,000 of about 41,000 entities, 250 per second, 2 min left",
	},
	"at the beginning": {
		with(func(c *state) { *c = state{at: c.at} }),
		[]string{" ⠋ listing Codecov's repositories and reading back Port"},
		[]string{" ⠋ listing Codecov's repositories and reading back Port"},
		[]string{" ⠋ reading both sides"},
		"listing Codecov's repositories and reading back Port",
	},
	"listing, and waiting": {
		with(func(c *state) {
			*c = state{at: c.at, snapshot: backfill.Snapshot{Listed: 1_200}}
			c.snapshot.Port.WaitsUntil = moment.Add(11_200 * time.Millisecond)
		}),
		[]string{" ⠋ listing Codecov's repositories, 1,200 so far, and reading back Port: waiting 12 s for Port's rate limit"},
		[]string{" ⠋ reading both sides: waiting 12 s for Port's rate limit"},
		[]string{" ⠋ waiting 12 s for Port's rate limit"},
		"listing Codecov's repositories, 1,200 so far, and reading back Port; waiting 12 s for Port's rate limit",
	},
	"before anything is known": {
		with(func(c *state) {
			*c = state{at: c.at, snapshot: backfill.Snapshot{Stage: backfill.Reading, Repositories: 500, Held: true}}
		}),
		[]string{" reading    0% ░░░░░░░░░░░░░░░░░░░░  0 of 500 repositories, 0 commits", " writing nothing yet"},
		[]string{" reading    0% ░░░░░░░░░░░░░  0 of 500 repositories, 0 commits", " writing nothing yet"},
		[]string{" reading    0% ░░░░░░  0 commits", " writing nothing yet"},
		"reading 0 of 500 repositories, 0 commits; nothing to write yet",
	},
	"held back": {
		with(func(c *state) {
			c.snapshot.Held, c.snapshot.Settled, c.snapshot.Written, c.settled, c.writingLeft = true, 0, 0, 0, 0
		}),
		[]string{
			" reading   25% █████░░░░░░░░░░░░░░░  120 of 500 repositories, 12,340 of ~50,000 commits, 960/s, 40 s left",
			" writing 10,100 new entities wait until everything is read",
		},
		[]string{
			" reading   25% ███░░░░░░░░░░  12,340 of ~50,000 commits, 960/s, 40 s left",
			" writing 10,100 new entities wait until everything is read",
		},
		[]string{" reading   25% █░░░░░  40 s left", " writing 10,100 to write"},
		"reading 120 of 500 repositories, 12,340 of about 50,000 commits; 10,100 entities wait until everything is read, 40 s left",
	},
	"waiting for both": {
		with(func(c *state) {
			c.snapshot.Port.WaitsUntil, c.snapshot.Codecov.WaitsUntil = moment.Add(12*time.Second), moment.Add(61*time.Second)
		}),
		[]string{
			" reading   25% █████░░░░░░░░░░░░░░░  120 of 500 repositories, waiting 61 s for Codecov's rate limit",
			" writing   19% ███░░░░░░░░░░░░░░░░░  8,000 of ~41,000 entities, waiting 12 s for Port's rate limit",
		},
		[]string{
			" reading   25% ███░░░░░░░░░░  12,340, waiting 61 s for Codecov's rate limit",
			" writing   19% ██░░░░░░░░░░░  8,000, waiting 12 s for Port's rate limit",
		},
		[]string{" reading   25% █░░░░░  waiting 61 s", " writing   19% █░░░░░  waiting 12 s"},
		"reading 120 of 500 repositories, 12,340 of about 50,000 commits; wrote 8,000 of about 41,000 entities, 250 per second, 2 min left; waiting 12 s for Port's rate limit; waiting 61 s for Codecov's rate limit",
	},
	"waiting for less than a second": {
		with(func(c *state) { c.snapshot.Port.WaitsUntil = moment.Add(999 * time.Millisecond) }),
		[]string{
			" reading   25% █████░░░░░░░░░░░░░░░  120 of 500 repositories, 12,340 of ~50,000 commits, 960/s, 40 s left",
			" writing   19% ███░░░░░░░░░░░░░░░░░  8,000 of ~41,000 entities, 250/s, 2 min left",
		},
		[]string{
			" reading   25% ███░░░░░░░░░░  12,340 of ~50,000 commits, 960/s, 40 s left",
			" writing   19% ██░░░░░░░░░░░  8,000 of ~41,000 entities, 250/s, 2 min left",
		},
		[]string{" reading   25% █░░░░░  40 s left", " writing   19% █░░░░░  2 min left"},
		"reading 120 of 500 repositories, 12,340 of about 50,000 commits; wrote 8,000 of about 41,000 entities, 250 per second, 2 min left",
	},
	"with failures, all read": {
		with(func(c *state) {
			c.snapshot.Stage, c.snapshot.RepositoriesDone, c.snapshot.Commits, c.readShare, c.readingLeft = backfill.Writing, 500, 49_321, 1, 0
			c.snapshot.Found, c.toSettle, c.snapshot.Settled, c.snapshot.Failed = 40_000, 40_000, 39_960, 3
		}),
		[]string{
			" reading  100% ████████████████████  500 repositories, 49,321 commits",
			" writing   99% ███████████████████░  39,960 of 40,000 entities, 3 failed, 250/s, 2 min left",
		},
		[]string{
			" reading  100% █████████████  500 repositories, 49,321 commits",
			" writing   99% ████████████░  39,960 entities, 3 failed, 250/s, 2 min left",
		},
		[]string{" reading  100% ██████  49,321", " writing   99% █████░  2 min left"},
		"read 500 repositories, 49,321 commits; wrote 8,000 of 40,000 entities, 3 failed, 250 per second, 2 min left",
	},
	"a dry run": {
		with(func(c *state) {
			c.snapshot.DryRun, c.snapshot.Unchanged, c.snapshot.CommitsCounted, c.writingLeft = true, 1_500, true, 0
		}),
		[]string{
			" reading   25% █████░░░░░░░░░░░░░░░  120 of 500 repositories, 12,340 of 49,321 commits, 960/s, 40 s left",
			" writing 10,100 entities would be written, 1,500 unchanged",
		},
		[]string{
			" reading   25% ███░░░░░░░░░░  12,340 of 49,321 commits, 960/s, 40 s left",
			" writing 10,100 entities would be written, 1,500 unchanged",
		},
		[]string{" reading   25% █░░░░░  40 s left", " writing 10,100 entities"},
		"reading 120 of 500 repositories, 12,340 of 49,321 commits; 10,100 entities would be written, 40 s left",
	},
	"ended": {with(func(c *state) { c.snapshot.Stage = backfill.Ended }), []string{}, []string{}, []string{}, ""},
}

func TestState(t *testing.T) {
	for name, test := range states {
		t.Run(name, func(t *testing.T) {
			for width, want := range map[int][]string{120: test.wide, 80: test.usual, 40: test.narrow} {
				if diff := cmp.Diff(want, Rows(test.state.rows("⠋"), width, Style{})); diff != "" {
					t.Errorf("%d columns: %s", width, diff)
				}
			}
			if diff := cmp.Diff(test.sentence, test.state.sentence()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestStateNeverWraps at any width, nor takes more than two lines.
func TestStateNeverWraps(t *testing.T) {
	for name, test := range states {
		for width := 3; width < 160; width++ {
			lines := Rows(test.state.rows("⠋"), width, Style{})
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
			if len(m.readings) > 50 {
				t.Errorf("%d readings are kept", len(m.readings))
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
		{10, 10, "seconds left"}, {110, 10, "15 s left"}, {900, 10, "90 s left"}, {901, 10, "2 min left"},
		{54_000, 10, "90 min left"}, {54_001, 10, "2 h left"},
	} {
		if got := timeLeft(timeFor(test.count, test.rate)); got != test.want {
			t.Errorf("%d at %v a second: %q, want %q", test.count, test.rate, got, test.want)
		}
	}
}

func TestShareRead(t *testing.T) {
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
		if got := shareRead(test.snapshot); got != test.want {
			t.Errorf("%+v: %v, want %v", test.snapshot, got, test.want)
		}
	}
}

// TestBarNeverGoesBack when more turns out to be expected than before.
func TestBarNeverGoesBack(t *testing.T) {
	var f follower
	for i, s := range []backfill.Snapshot{{Commits: 50, CommitsExpected: 100}, {Commits: 60, CommitsExpected: 200}, {Commits: 150, CommitsExpected: 200}} {
		s.Stage = backfill.Reading
		f.update(s, moment.Add(time.Duration(i)*time.Second))
		if want := []float64{0.5, 0.5, 0.75}[i]; f.state.readShare != want {
			t.Errorf("update %d: %v, want %v", i, f.state.readShare, want)
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

// TestFollowElsewhere: where there is no terminal, a line now and then.
func TestFollowElsewhere(t *testing.T) {
	const line = "listing Codecov's repositories and reading back Port\n"
	for name, test := range map[string]struct {
		quiet bool
		after time.Duration
		want  string
	}{
		"a short run": {false, 4900 * time.Millisecond, ""},
		"a long run":  {false, 16 * time.Second, line + line + line},
		"quiet":       {true, 16 * time.Second, ""},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
				var out guarded
				streams := &Streams{Err: &out, Quiet: test.quiet}
				stop := follow(t.Context(), streams, new(backfill.Progress))
				time.Sleep(test.after) // of the bubble's clock
				stop()
				if got := out.String(); got != test.want {
					t.Errorf("printed %q, want %q", got, test.want)
				}
				time.Sleep(time.Minute)
				if got := out.String(); got != test.want {
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
		resume := streams.Live().Hide()
		time.Sleep(11 * time.Second)
		if got := out.String(); got != "" {
			t.Errorf("printed %q meanwhile", got)
		}
		resume()
		time.Sleep(5 * time.Second)
		if got := strings.Count(out.String(), "\n"); got != 1 {
			t.Errorf("printed %d lines after it", got)
		}
	})
}
