package backfill

import (
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
	points []Point
	stride int            // one of so many commits is kept
	count  int            // commits added
	last   codecov.Commit // added last
}

// add adds a commit with coverage.
func (s *sampler) add(commit codecov.Commit) {
	if commit.Timestamp.Before(firstCommits) {
		return
	}
	s.stride = max(s.stride, 1)
	if s.count%s.stride == 0 && len(s.points) == MaxPoints-1 {
		half := s.points[:0] // every second point
		for i := 0; i < len(s.points); i += 2 {
			half = append(half, s.points[i])
		}
		s.points, s.stride = half, 2*s.stride
	}
	if s.count%s.stride == 0 {
		s.keep(commit)
	}
	s.last = commit
	s.count++
}

func (s *sampler) keep(commit codecov.Commit) {
	coverage, err := strconv.ParseFloat(mapper.Coverage(*commit.Totals), 64)
	if err != nil {
		return // it has none
	}
	point := Point{At: commit.Timestamp.UTC().Truncate(time.Second), Coverage: coverage}
	if commit.Totals.Lines != nil {
		point.Lines = max(*commit.Totals.Lines, 0)
	}
	s.points = append(s.points, point)
}

// history returns the points, which end with the commit added last.
func (s *sampler) history(r repository) History {
	if s.count > 0 && (s.count-1)%s.stride != 0 {
		s.keep(s.last)
	}
	slices.Reverse(s.points) // they came newest first
	slices.SortStableFunc(s.points, func(a, b Point) int { return a.At.Compare(b.At) })
	return History{Owner: r.owner, Repository: r.row.Name, Commits: s.count, Points: s.points}
}

// AccountTrend is the coverage of all repositories together, weighted by their lines: now, and over time.
type AccountTrend struct {
	Percent float64 `json:"percent"`
	Lines   int64   `json:"lines"`
	Trend   []Point `json:"trend"` // oldest first
}

func accountTrend(histories []History) *AccountTrend {
	const moments = 24
	points := AccountCoverage(histories, moments)
	if len(points) == 0 {
		return nil
	}
	for i := range points {
		points[i].Coverage = math.Round(points[i].Coverage*1e5) / 1e5
	}
	newest := points[len(points)-1]
	return &AccountTrend{Percent: newest.Coverage, Lines: newest.Lines, Trend: points}
}

// AccountCoverage returns the coverage of all repositories together at so many moments, evenly between the oldest point and the
// newest: the last known coverage of each repository, weighted by its lines. Before its first point a repository counts with
// that point: one that starts later than others would otherwise move the mean. Oldest first; the last one is the current
// state. It returns one point if no repository has a past, and none if moments is below 1 or there are no lines.
func AccountCoverage(histories []History, moments int) []Point {
	if len(histories) == 0 || moments < 1 {
		return nil
	}
	var points []Point
	places := make([]int, len(histories)) // of the last known point of each
	for _, at := range evenly(histories, moments) {
		sum, lines := 0.0, int64(0)
		for i, history := range histories {
			for places[i]+1 < len(history.Points) && !history.Points[places[i]+1].At.After(at) {
				places[i]++
			}
			known := history.Points[places[i]]
			sum += known.Coverage * float64(known.Lines)
			lines += known.Lines
		}
		if lines > 0 {
			points = append(points, Point{At: at, Coverage: sum / float64(lines), Lines: lines})
		}
	}
	return points
}

// evenly returns the moments; the last one is that of the newest point.
func evenly(histories []History, moments int) []time.Time {
	first := slices.MinFunc(histories, func(a, b History) int { return a.Points[0].At.Compare(b.Points[0].At) }).Points[0].At
	last := slices.MaxFunc(histories, func(a, b History) int { return a.Newest().At.Compare(b.Newest().At) }).Newest().At
	past := slices.ContainsFunc(histories, func(h History) bool { return len(h.Points) > 1 })
	if moments == 1 || !past || first.Equal(last) {
		return []time.Time{last}
	}
	span := last.Unix() - first.Unix() // a time.Duration would end at 292 years
	times := make([]time.Time, moments)
	for i := range times {
		times[i] = time.Unix(first.Unix()+span*int64(i)/int64(moments-1), 0).UTC()
	}
	times[moments-1] = last
	return times
}

// Hundredths returns a coverage in hundredths of a percent, rounded down as Codecov shows it: 97.229 is 9722, and only 100 is
// 10000.
func Hundredths(percent float64) int {
	const slack = 1e-7 // 1.15 * 100 is 114.99999999999999
	return int(math.Floor(percent*100 + slack))
}
