package backfill

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/codecov-port/codecov-port/pkg/codecov"
	"github.com/codecov-port/codecov-port/pkg/mapper"
)

// eldest is when git began: a commit from before has a wrong clock, and would stretch every chart to 1970.
var eldest = time.Date(2005, time.April, 1, 0, 0, 0, 0, time.UTC)

// MaxPoints is how many points a History has at the most.
const MaxPoints = 64

// History is how a repository's coverage went over the commits that were replayed: those of its default branch, or of
// the first branch that was asked for. Commits that are dated into the future, or to before 2005, have a wrong clock and are not in it.
type History struct {
	Owner      string  `json:"owner"`
	Repository string  `json:"repository"`
	Commits    int     `json:"commits"` // the number of commits that the points were chosen from
	Points     []Point `json:"points"`  // oldest first, both ends and evenly many commits between them; at least one
}

// Point is the coverage at one commit.
type Point struct {
	At       time.Time `json:"at"`
	Coverage float64   `json:"percent"`
	Lines    int64     `json:"lines"` // that can be covered: the weight of this repository among others
}

// Newest is the current state.
func (h History) Newest() Point { return h.Points[len(h.Points)-1] }

// Moved is by how many percentage points the coverage has changed from the oldest point to the newest.
func (h History) Moved() float64 { return h.Newest().Coverage - h.Points[0].Coverage }

// sampler keeps a bounded number of the commits that it is given, newest first. The zero value is ready.
type sampler struct {
	kept   []sample
	stride int // every how many commits one is kept
	given  int

	last   *codecov.Totals // of the commit given last, kept or not
	lastAt time.Time
}

// sample is a Point in little room: they are kept of each repository.
type sample struct {
	at       uint32  // Unix seconds, from 1970 to 2106
	coverage float32 // seven digits: Codecov keeps five decimals at the most
	lines    uint32
}

// add takes the totals of a commit that has a coverage.
func (s *sampler) add(at time.Time, totals *codecov.Totals) {
	if at.Before(eldest) {
		return
	}
	s.stride = max(s.stride, 1)
	if s.given%s.stride == 0 && len(s.kept) == MaxPoints-1 {
		s.thin()
	}
	if s.given%s.stride == 0 {
		s.keep(at, totals)
	}
	s.last, s.lastAt = totals, at
	s.given++
}

func (s *sampler) keep(at time.Time, totals *codecov.Totals) {
	coverage, err := strconv.ParseFloat(mapper.Coverage(*totals), 64)
	if err != nil {
		return // it has none
	}
	s.kept = append(s.kept, sample{
		at:       uint32(min(max(at.Unix(), 0), math.MaxUint32)),
		coverage: float32(coverage),
		lines:    uint32(min(max(totals.Lines, 0), math.MaxUint32)),
	})
}

// thin drops every second point.
func (s *sampler) thin() {
	s.stride *= 2
	half := s.kept[:0]
	for i := 0; i < len(s.kept); i += 2 {
		half = append(half, s.kept[i])
	}
	s.kept = half
}

// samples gives what was kept, and the last one given, oldest first.
func (s *sampler) samples() []sample {
	if s.given > 0 && (s.given-1)%s.stride != 0 {
		s.keep(s.lastAt, s.last)
	}
	slices.Reverse(s.kept) // they came newest first
	slices.SortStableFunc(s.kept, func(a, b sample) int { return cmp.Compare(a.at, b.at) })
	return s.kept
}

// sampled is what has been kept of a repository.
type sampled struct {
	owner, repository string
	commits           int
	samples           []sample
}

// keepHistory hands what was kept of the repository to the tally.
func (p *replay) keepHistory() {
	if samples := p.sampler.samples(); len(samples) > 0 {
		kept := sampled{p.owner, p.Name, p.sampler.given, samples}
		p.tally.count(func(*Result) { p.tally.sampled = append(p.tally.sampled, kept) })
	}
}

// histories makes the histories of what was kept, by owner and name.
func (t *tally) histories() []History {
	var all []History
	for _, s := range t.sampled {
		all = append(all, History{Owner: s.owner, Repository: s.repository, Commits: s.commits, Points: points(s.samples)})
	}
	slices.SortFunc(all, func(a, b History) int {
		return cmp.Or(cmp.Compare(a.Owner, b.Owner), cmp.Compare(a.Repository, b.Repository))
	})
	return all
}

func points(samples []sample) []Point {
	points := make([]Point, len(samples))
	for i, kept := range samples {
		points[i] = Point{time.Unix(int64(kept.at), 0).UTC(), legible(kept.coverage), int64(kept.lines)}
	}
	return points
}

// legible is the number that a shorter one was made of: 97.2 and not 97.19999694824219.
func legible(short float32) float64 {
	number, err := strconv.ParseFloat(strconv.FormatFloat(float64(short), 'g', -1, 32), 64)
	if err != nil {
		return float64(short)
	}
	return math.Round(number*1e5) / 1e5 // the decimals that Codecov keeps
}
