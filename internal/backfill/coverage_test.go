package backfill_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/codecov-port/codecov-port/internal/backfill"
)

func TestAccountCoverage(t *testing.T) {
	day := func(n int) time.Time { return time.Date(2024, 1, n, 0, 0, 0, 0, time.UTC) }
	point := func(n int, coverage float64, lines int64) backfill.Point {
		return backfill.Point{At: day(n), Coverage: coverage, Lines: lines}
	}
	history := func(points ...backfill.Point) backfill.History { return backfill.History{Points: points} }
	for name, test := range map[string]struct {
		histories []backfill.History
		moments   int
		want      []backfill.Point
	}{
		"none":        {nil, 3, nil},
		"no moments":  {[]backfill.History{history(point(1, 50, 1))}, 0, nil},
		"one moment":  {[]backfill.History{history(point(1, 50, 1), point(2, 60, 2))}, 1, []backfill.Point{point(2, 60, 2)}},
		"one commit":  {[]backfill.History{history(point(1, 50, 10))}, 5, []backfill.Point{point(1, 50, 10)}},
		"by lines":    {[]backfill.History{history(point(1, 50, 300)), history(point(1, 100, 100))}, 2, []backfill.Point{point(1, 62.5, 400)}},
		"no past":     {[]backfill.History{history(point(1, 50, 300)), history(point(9, 100, 100))}, 5, []backfill.Point{point(9, 62.5, 400)}},
		"without any": {[]backfill.History{history(point(1, 0, 0), point(2, 0, 0)), history(point(3, 0, 0))}, 3, nil},
		"only later":  {[]backfill.History{history(point(1, 0, 0), point(3, 80, 5))}, 3, []backfill.Point{point(3, 80, 5)}},
		"last known": {
			[]backfill.History{history(point(1, 40, 10), point(4, 60, 10), point(5, 80, 10)), history(point(3, 100, 10))}, 5,
			[]backfill.Point{point(1, 70, 20), point(2, 70, 20), point(3, 70, 20), point(4, 80, 20), point(5, 90, 20)},
		},
		"of one day the last": {
			[]backfill.History{history(point(1, 10, 1), point(1, 20, 1), point(2, 30, 1), point(2, 40, 1))}, 2,
			[]backfill.Point{point(1, 20, 1), point(2, 40, 1)},
		},
		"a thousand years": {
			[]backfill.History{history(backfill.Point{At: time.Date(1024, 1, 1, 0, 0, 0, 0, time.UTC), Coverage: 10, Lines: 1}, point(1, 30, 1))}, 2,
			[]backfill.Point{{At: time.Date(1024, 1, 1, 0, 0, 0, 0, time.UTC), Coverage: 10, Lines: 1}, point(1, 30, 1)},
		},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, backfill.AccountCoverage(test.histories, test.moments)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
