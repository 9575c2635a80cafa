package report

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/codecov-port/codecov-port/internal/backfill"
)

// chart is the account's course, ready to draw in SVG. Lines lie in a square of the side 1000, which the page
// stretches; everything else has its place in percents, so that text keeps its size.
type chart struct {
	Line, Area string // paths
	Moments    []spot
	Levels     []tick
	Dates      []tick
}

// spot is a moment of the course.
type spot struct {
	backfill.Point
	X, Y        string
	Left, Width string // of the strip that belongs to it
}

// tick is a mark on an axis.
type tick struct{ Place, Text string }

const side = 1000

// newChart gives nil where there are no two points to draw a line between.
func newChart(course []backfill.Point) *chart {
	if len(course) < 2 {
		return nil
	}
	times, levels := newSpan(course), levelsOf(course)
	c := &chart{Dates: dates(times.first, times.last), Levels: levels.ticks()}
	var line strings.Builder
	for i, point := range course {
		x, y := times.place(point.At), 1-levels.place(point.Coverage)
		line.WriteString(command(i) + coordinate(x*side) + " " + coordinate(y*side))
		width := 1 / float64(len(course)-1)
		c.Moments = append(c.Moments, spot{point, share(x), share(y), share(x - width/2), share(width)})
	}
	c.Line = line.String()
	c.Area = c.Line + "V" + coordinate(side) + "H0Z"
	return c
}

func command(i int) string {
	if i == 0 {
		return "M"
	}
	return "L"
}

// coordinate writes a number with at most one decimal.
func coordinate(n float64) string { return strconv.FormatFloat(math.Round(n*10)/10, 'f', -1, 64) }

// share writes a part of a whole as a percentage.
func share(part float64) string {
	return strconv.FormatFloat(math.Round(part*1e4)/100, 'f', -1, 64) + "%"
}

// span is a stretch of time.
type span struct{ first, last time.Time }

func newSpan(course []backfill.Point) span { return span{course[0].At, course[len(course)-1].At} }

// place is where in the span a moment lies, from 0 to 1. Seconds: a time.Duration ends at 292 years.
func (s span) place(at time.Time) float64 {
	whole := s.last.Unix() - s.first.Unix()
	if whole <= 0 {
		return 1
	}
	return float64(at.Unix()-s.first.Unix()) / float64(whole)
}

// levels are the lower and upper end of an axis of percents, and how far apart its marks are.
type levels struct{ low, high, step float64 }

const (
	mostLevels  = 5
	leastSpread = 2 // percentage points: a smaller change is not to look like a large one
)

func levelsOf(course []backfill.Point) levels {
	low, high := extent(course)
	if missing := leastSpread - (high - low); missing > 0 {
		low, high = max(low-missing/2, 0), min(high+missing/2, 100)
	}
	for _, step := range []float64{0.5, 1, 2, 5, 10, 20} {
		l := levels{max(math.Floor(low/step)*step, 0), min(math.Ceil(high/step)*step, 100), step}
		if (l.high-l.low)/step <= mostLevels {
			return l
		}
	}
	return levels{0, 100, 25}
}

// extent gives the lowest and the highest coverage.
func extent(course []backfill.Point) (low, high float64) {
	low, high = 100, 0
	for _, point := range course {
		low, high = min(low, within(point.Coverage)), max(high, within(point.Coverage))
	}
	return low, high
}

// within holds a coverage to what one can be.
func within(coverage float64) float64 {
	if math.IsNaN(coverage) {
		return 0
	}
	return min(max(coverage, 0), 100)
}

// place is where between both ends a coverage lies, from 0 to 1.
func (l levels) place(coverage float64) float64 {
	if l.high <= l.low {
		return 0.5
	}
	return (within(coverage) - l.low) / (l.high - l.low)
}

func (l levels) ticks() []tick {
	var ticks []tick
	for level := l.low; level <= l.high+l.step/10; level += l.step {
		ticks = append(ticks, tick{share(1 - l.place(level)), strconv.FormatFloat(level, 'f', -1, 64) + "%"})
	}
	return ticks
}
