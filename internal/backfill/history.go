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

// firstCommits is when git was born. An older commit has a wrong clock and would stretch every chart to 1970.
var firstCommits = time.Date(2005, time.April, 1, 0, 0, 0, 0, time.UTC)

// MaxPoints is the number of points of a History at most.
const MaxPoints = 64

// History is the coverage of a repository over the commits that were replayed: those of its default branch, or of the first selected
// branch. Commits dated in the future or before 2005 have a wrong clock and are left out.
type History struct {
	Owner      string  `json:"owner"`
	Repository string  `json:"repository"`
	Commits    int     `json:"commits"` // the number of commits that the points were chosen from
	Points     []Point `json:"points"`  // oldest first, evenly over the commits; at least one
}

// Point is the coverage at one commit.
type Point struct {
	At       time.Time `json:"at"`
	Coverage float64   `json:"percent"`
	Lines    int64     `json:"lines"` // that can be covered: the weight of this repository among others
}

// Newest returns the current coverage.
func (h History) Newest() Point { return h.Points[len(h.Points)-1] }

// Moved returns the change from the oldest point to the newest, in percentage points.
func (h History) Moved() float64 { return h.Newest().Coverage - h.Points[0].Coverage }

// sampler keeps a bounded number of the commits that are added, newest first. The zero value is ready to use.
type sampler struct {
	kept   []sample
	stride int // one of so many commits is kept
	count  int // commits added

	last   *codecov.Totals // of the commit added last
	lastAt time.Time
}

// sample is a Point in 12 bytes: they are kept for each repository.
type sample struct {
	at       uint32  // Unix seconds, from 1970 to 2106
	coverage float32 // seven digits: Codecov stores at most five decimals
	lines    uint32
}

// add adds a commit with coverage.
func (s *sampler) add(at time.Time, totals *codecov.Totals) {
	if at.Before(firstCommits) {
		return
	}
	s.stride = max(s.stride, 1)
	if s.count%s.stride == 0 && len(s.kept) == MaxPoints-1 {
		s.thin()
	}
	if s.count%s.stride == 0 {
		s.keep(at, totals)
	}
	s.last, s.lastAt = totals, at
	s.count++
}

func (s *sampler) keep(at time.Time, totals *codecov.Totals) {
	coverage, err := strconv.ParseFloat(mapper.Coverage(*totals), 64)
	if err != nil {
		return // it has none
	}
	s.kept = append(s.kept, sample{
		at:       uint32(min(max(at.Unix(), 0), math.MaxUint32)),
		coverage: float32(coverage),
		lines:    uint32(min(max(linesOf(totals), 0), math.MaxUint32)),
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

// samples returns what was kept and the commit added last, oldest first.
func (s *sampler) samples() []sample {
	if s.count > 0 && (s.count-1)%s.stride != 0 {
		s.keep(s.lastAt, s.last)
	}
	slices.Reverse(s.kept) // they came newest first
	slices.SortStableFunc(s.kept, func(a, b sample) int { return cmp.Compare(a.at, b.at) })
	return s.kept
}

// repositoryHistory is a History in little memory.
type repositoryHistory struct {
	owner, repository string
	commits           int
	samples           []sample
}

// histories returns the histories by owner and name.
func histories(kept []repositoryHistory) []History {
	all := make([]History, len(kept))
	for i, h := range kept {
		all[i] = History{Owner: h.owner, Repository: h.repository, Commits: h.commits, Points: points(h.samples)}
	}
	slices.SortFunc(all, func(a, b History) int {
		return cmp.Or(cmp.Compare(a.Owner, b.Owner), cmp.Compare(a.Repository, b.Repository))
	})
	return all
}

func points(samples []sample) []Point {
	points := make([]Point, len(samples))
	for i, kept := range samples {
		points[i] = Point{time.Unix(int64(kept.at), 0).UTC(), widened(kept.coverage), int64(kept.lines)}
	}
	return points
}

// widened returns the float64 that a float32 was made of: 97.2 and not 97.19999694824219.
func widened(short float32) float64 {
	number, err := strconv.ParseFloat(strconv.FormatFloat(float64(short), 'g', -1, 32), 64)
	if err != nil {
		return float64(short)
	}
	return math.Round(number*1e5) / 1e5 // the decimals that Codecov keeps
}

// linesOf returns the number of lines, 0 if Codecov has none.
func linesOf(totals *codecov.Totals) int64 {
	if totals.Lines == nil {
		return 0
	}
	return *totals.Lines
}
