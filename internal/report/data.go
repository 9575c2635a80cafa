package report

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/codecov-port/codecov-port/internal/backfill"
)

// data is what script.js draws the charts from.
type data struct {
	Account      course            `json:"account"`
	Repositories map[string]course `json:"repositories"` // by owner/name
}

// course is a trend, oldest first: for each point Unix seconds, hundredths of a percent, and lines.
type course [][3]int64

func newCourse(points []backfill.Point) course {
	c := make(course, len(points))
	for i, p := range points {
		c[i] = [3]int64{p.At.Unix(), int64(backfill.Hundredths(within(p.Coverage))), p.Lines}
	}
	return c
}

// within limits a coverage to what is possible.
func within(coverage float64) float64 {
	if math.IsNaN(coverage) {
		return 0
	}
	return min(max(coverage, 0), 100)
}

// spark is a trend in the size of a word, in scales of its own: an SVG path and its last point.
type spark struct {
	Path      string
	X, Y      string
	Low, High float64
}

const (
	sparkWidth  = 112
	sparkHeight = 26
	sparkMargin = 3
	minSpread   = 2 // percentage points: a smaller change does not look like a large one
)

func newSpark(points []backfill.Point) spark {
	s := spark{Low: 100, High: 0}
	for _, p := range points {
		s.Low, s.High = min(s.Low, within(p.Coverage)), max(s.High, within(p.Coverage))
	}
	middle, spread := (s.Low+s.High)/2, max(s.High-s.Low, minSpread)
	var path strings.Builder
	command := "M"
	for _, p := range points {
		x := coordinate(timeShare(points, p.At), sparkWidth)
		y := coordinate(0.5-(within(p.Coverage)-middle)/spread, sparkHeight)
		if x != s.X || y != s.Y {
			path.WriteString(command + x + " " + y)
			command = "L"
		}
		s.X, s.Y = x, y
	}
	s.Path = path.String()
	return s
}

// timeShare returns where in the span of the points a time is, from 0 to 1. It counts seconds: a time.Duration ends at 292 years.
func timeShare(points []backfill.Point, at time.Time) float64 {
	first, last := points[0].At.Unix(), points[len(points)-1].At.Unix()
	if last <= first {
		return 1
	}
	return float64(at.Unix()-first) / float64(last-first)
}

// coordinate returns a share of a length as a coordinate inside of the margins, with at most one decimal.
func coordinate(share float64, length int) string {
	at := sparkMargin + share*float64(length-2*sparkMargin)
	return strconv.FormatFloat(math.Round(at*10)/10, 'f', -1, 64)
}
