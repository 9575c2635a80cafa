package backfill

import (
	"math"
	"time"
)

// AccountCoverage returns the coverage of all repositories together at so many moments, evenly between the oldest point and the
// newest: the last known coverage of each repository, weighted by its lines. Before its first point a repository counts with
// that point: one that starts later than others would otherwise move the mean. Oldest first; the last one is the current
// state. It returns one point if no repository has a past, and none if moments is below 1 or there are no lines.
func AccountCoverage(histories []History, moments int) []Point {
	if len(histories) == 0 || moments < 1 {
		return nil
	}
	var points []Point
	place := make([]int, len(histories)) // of the next point of each
	last := make([]Point, len(histories))
	for i, history := range histories {
		last[i] = history.Points[0]
	}
	for _, at := range evenly(histories, moments) {
		for i, history := range histories {
			for place[i] < len(history.Points) && !history.Points[place[i]].At.After(at) {
				last[i] = history.Points[place[i]]
				place[i]++
			}
		}
		if point, ok := weighted(at, last); ok {
			points = append(points, point)
		}
	}
	return points
}

// trendPoints is the number of points of an AccountTrend.
const trendPoints = 24

func accountTrend(histories []History) *AccountTrend {
	points := AccountCoverage(histories, trendPoints)
	if len(points) == 0 {
		return nil
	}
	for i := range points {
		points[i].Coverage = math.Round(points[i].Coverage*1e5) / 1e5
	}
	newest := points[len(points)-1]
	return &AccountTrend{Percent: newest.Coverage, Lines: newest.Lines, Trend: points}
}

// evenly returns the moments; the last one is that of the newest point.
func evenly(histories []History, moments int) []time.Time {
	first, last := histories[0].Points[0].At, histories[0].Newest().At
	past := false
	for _, history := range histories {
		past = past || len(history.Points) > 1
		if at := history.Points[0].At; at.Before(first) {
			first = at
		}
		if at := history.Newest().At; at.After(last) {
			last = at
		}
	}
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

// weighted returns the mean by lines, and false if there are no lines.
func weighted(at time.Time, known []Point) (Point, bool) {
	sum, lines := 0.0, int64(0)
	for _, point := range known {
		sum += point.Coverage * float64(point.Lines)
		lines += point.Lines
	}
	if lines == 0 {
		return Point{}, false
	}
	return Point{At: at, Coverage: sum / float64(lines), Lines: lines}, true
}

// Hundredths returns a coverage in hundredths of a percent, rounded down as Codecov shows it: 97.229 is 9722, and only 100 is
// 10000.
func Hundredths(percent float64) int {
	const slack = 1e-7 // 1.15 * 100 is 114.99999999999999
	return int(math.Floor(percent*100 + slack))
}
