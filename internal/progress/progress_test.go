package progress

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
	"github.com/codecov-port/codecov-port/internal/terminal"
)

// moment is an instant within a run.
var moment = time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)

// midway is a run at its best.
func midway() course {
	return course{
		Snapshot: backfill.Snapshot{
			Stage: backfill.Reading, Listed: 520, Repositories: 500, RepositoriesEnded: 120, Commits: 12_340, CommitsExpected: 49_321,
			Found: 10_100, Written: 8_000, Settled: 8_000,
		},
		at: moment, read: 951, settled: 250, readingLeft: 40 * time.Second, writingLeft: 2 * time.Minute, readShare: 0.25, toSettle: 40_368,
	}
}

func with(change func(*course)) course {
	c := midway()
	change(&c)
	return c
}

var courses = map[string]struct {
	course   course
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
		"reading 120 of 500 repositories, 12,340 of about 50,000 commits; written 8,000 of about 41,000 entities, 250 a second, 2 min left",
	},
	"at the beginning": {
		with(func(c *course) { c.Snapshot = backfill.Snapshot{}; *c = course{at: c.at} }),
		[]string{" ⠋ looking at Codecov's repositories and at what Port holds"},
		[]string{" ⠋ looking at Codecov's repositories and at what Port holds"},
		[]string{" ⠋ looking at both sides"},
		"looking at Codecov's repositories and at what Port holds",
	},
	"listing, and waiting": {
		with(func(c *course) {
			*c = course{at: c.at, Snapshot: backfill.Snapshot{Listed: 1_200}}
			c.Port.WaitsUntil = moment.Add(11_200 * time.Millisecond)
		}),
		[]string{" ⠋ looking at Codecov's repositories, 1,200 so far, and at what Port holds: waiting 12 s for Port's rate limit"},
		[]string{" ⠋ looking at both sides: waiting 12 s for Port's rate limit"},
		[]string{" ⠋ waiting 12 s for Port's rate limit"},
		"looking at Codecov's repositories, 1,200 so far, and at what Port holds; waiting 12 s for Port's rate limit",
	},
	"before anything is known": {
		with(func(c *course) {
			*c = course{at: c.at, Snapshot: backfill.Snapshot{Stage: backfill.Reading, Repositories: 500, Held: true}}
		}),
		[]string{" reading    0% ░░░░░░░░░░░░░░░░░░░░  0 of 500 repositories, 0 commits", " writing nothing so far"},
		[]string{" reading    0% ░░░░░░░░░░░░░  0 of 500 repositories, 0 commits", " writing nothing so far"},
		[]string{" reading    0% ░░░░░░  0 commits", " writing nothing so far"},
		"reading 0 of 500 repositories, 0 commits; nothing to write so far",
	},
	"held back": {
		with(func(c *course) { c.Held, c.Settled, c.Written, c.settled, c.writingLeft = true, 0, 0, 0, 0 }),
		[]string{
			" reading   25% █████░░░░░░░░░░░░░░░  120 of 500 repositories, 12,340 of ~50,000 commits, 960/s, 40 s left",
			" writing 10,100 entities found: to be written once all is read",
		},
		[]string{
			" reading   25% ███░░░░░░░░░░  12,340 of ~50,000 commits, 960/s, 40 s left",
			" writing 10,100 entities found: to be written once all is read",
		},
		[]string{" reading   25% █░░░░░  40 s left", " writing 10,100 to write"},
		"reading 120 of 500 repositories, 12,340 of about 50,000 commits; 10,100 entities to be written once all is read, 40 s left",
	},
	"waiting for both": {
		with(func(c *course) {
			c.Port.WaitsUntil, c.Codecov.WaitsUntil = moment.Add(12*time.Second), moment.Add(61*time.Second)
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
		"reading 120 of 500 repositories, 12,340 of about 50,000 commits; written 8,000 of about 41,000 entities, 250 a second, 2 min left; waiting 12 s for Port's rate limit; waiting 61 s for Codecov's rate limit",
	},
	"waiting for less than a second": {
		with(func(c *course) { c.Port.WaitsUntil = moment.Add(999 * time.Millisecond) }),
		[]string{
			" reading   25% █████░░░░░░░░░░░░░░░  120 of 500 repositories, 12,340 of ~50,000 commits, 960/s, 40 s left",
			" writing   19% ███░░░░░░░░░░░░░░░░░  8,000 of ~41,000 entities, 250/s, 2 min left",
		},
		[]string{
			" reading   25% ███░░░░░░░░░░  12,340 of ~50,000 commits, 960/s, 40 s left",
			" writing   19% ██░░░░░░░░░░░  8,000 of ~41,000 entities, 250/s, 2 min left",
		},
		[]string{" reading   25% █░░░░░  40 s left", " writing   19% █░░░░░  2 min left"},
		"reading 120 of 500 repositories, 12,340 of about 50,000 commits; written 8,000 of about 41,000 entities, 250 a second, 2 min left",
	},
	"with failures, all read": {
		with(func(c *course) {
			c.Stage, c.RepositoriesEnded, c.Commits, c.readShare, c.readingLeft = backfill.Writing, 500, 49_321, 1, 0
			c.Found, c.toSettle, c.Settled, c.Failed = 40_000, 40_000, 39_960, 3
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
		"read 500 repositories, 49,321 commits; written 8,000 of 40,000 entities, 3 failed, 250 a second, 2 min left",
	},
	"a dry run": {
		with(func(c *course) { c.DryRun, c.Unchanged, c.CommitsCounted, c.writingLeft = true, 1_500, true, 0 }),
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
	"settling": {
		with(func(c *course) { c.Stage = backfill.Settling }),
		[]string{" ⠋ asking Codecov for what its list no longer has"},
		[]string{" ⠋ asking Codecov for what its list no longer has"},
		[]string{" ⠋ asking what has gone"},
		"asking Codecov for what its list no longer has",
	},
	"ended": {with(func(c *course) { c.Stage = backfill.Ended }), []string{}, []string{}, []string{}, ""},
}

func TestCourse(t *testing.T) {
	for name, test := range courses {
		t.Run(name, func(t *testing.T) {
			for width, want := range map[int][]string{120: test.wide, 80: test.usual, 40: test.narrow} {
				if diff := cmp.Diff(want, terminal.Rows(test.course.rows("⠋"), width, terminal.Style{})); diff != "" {
					t.Errorf("%d columns: %s", width, diff)
				}
			}
			if diff := cmp.Diff(test.sentence, test.course.sentence()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestCourseNeverWraps at any width, nor takes more than two lines.
func TestCourseNeverWraps(t *testing.T) {
	for name, test := range courses {
		for width := 3; width < 160; width++ {
			lines := terminal.Rows(test.course.rows("⠋"), width, terminal.Style{})
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
		{backfill.Snapshot{Stage: backfill.Reading, Repositories: 4, RepositoriesEnded: 1, Commits: 10}, 0.25},
		{backfill.Snapshot{Stage: backfill.Reading, Repositories: 4, RepositoriesEnded: 1, Commits: 10, CommitsExpected: 20}, 0.5},
		{backfill.Snapshot{Stage: backfill.Reading, Repositories: 4, RepositoriesEnded: 4, Commits: 20, CommitsExpected: 20}, 0.99},
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
		f.look(s, moment.Add(time.Duration(i)*time.Second))
		if want := []float64{0.5, 0.5, 0.75}[i]; f.course.readShare != want {
			t.Errorf("look %d: %v, want %v", i, f.course.readShare, want)
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
	const line = "looking at Codecov's repositories and at what Port holds\n"
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
				streams := &terminal.Streams{Err: &out, Quiet: test.quiet}
				stop := follow(t.Context(), streams, new(backfill.Progress))
				time.Sleep(test.after) // of the bubble's clock
				stop()
				if got := out.String(); got != test.want {
					t.Errorf("told %q, want %q", got, test.want)
				}
				time.Sleep(time.Minute)
				if got := out.String(); got != test.want {
					t.Errorf("told %q after its end", got)
				}
			})
		})
	}
}

// TestFollowIsSilentDuringAQuestion.
func TestFollowIsSilentDuringAQuestion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out guarded
		streams := &terminal.Streams{Err: &out}
		defer follow(t.Context(), streams, new(backfill.Progress))()
		resume := streams.Live().GiveWay()
		time.Sleep(11 * time.Second)
		if got := out.String(); got != "" {
			t.Errorf("told %q meanwhile", got)
		}
		resume()
		time.Sleep(5 * time.Second)
		if got := strings.Count(out.String(), "\n"); got != 1 {
			t.Errorf("told %d lines after it", got)
		}
	})
}
