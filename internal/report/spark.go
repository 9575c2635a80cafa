package report

import (
	"strings"

	"github.com/codecov-port/codecov-port/internal/backfill"
)

// spark is a repository's course in the size of a word. Each has scales of its own.
type spark struct {
	Line      string // a path
	X, Y      string // of the newest point
	Low, High float64
	First     backfill.Point
	Newest    backfill.Point
}

const (
	sparkWidth  = 112
	sparkHeight = 26
	sparkMargin = 3
)

func newSpark(course []backfill.Point) spark {
	low, high := extent(course)
	times, scale := newSpan(course), levels{low: low, high: high}
	if spread := high - low; spread < leastSpread {
		scale.low, scale.high = low-(leastSpread-spread)/2, high+(leastSpread-spread)/2
	}
	s := spark{Low: low, High: high, First: course[0], Newest: course[len(course)-1]}
	var line strings.Builder
	for i, point := range course {
		x := coordinate(sparkMargin + times.place(point.At)*(sparkWidth-2*sparkMargin))
		y := coordinate(sparkMargin + (1-scale.place(point.Coverage))*(sparkHeight-2*sparkMargin))
		if x != s.X || y != s.Y {
			line.WriteString(command(i) + x + " " + y)
		}
		s.X, s.Y = x, y
	}
	s.Line = line.String()
	return s
}
