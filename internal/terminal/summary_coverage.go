package terminal

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/codecov-port/codecov-port/internal/backfill"
)

const (
	ranked       = 5  // repositories in each list
	longestName  = 32 // characters of a repository's name in a list,
	besideName   = 22 // and of the rest of its line
	shortestName = 8
	smallTrend   = 8  // bars of a repository
	accountTrend = 24 // bars of the account
)

// coverage writes the coverage of the account, and the repositories with the lowest coverage and the largest changes. An interrupted
// run has no figures of the account: they would look final.
func (s *sheet) coverage(r *backfill.Result) {
	account := backfill.AccountCoverage(r.Histories, accountTrend)
	if len(account) == 0 || r.Interrupted {
		return
	}
	s.blank()
	s.account(account)
	if isUnchanged(r) || len(r.Histories) < 2 {
		return
	}
	title := titles(r.Histories, min(longestName, max(shortestName, s.width-besideName)))
	fell, rose := changed(r.Histories, title, -1, s), changed(r.Histories, title, +1, s)
	s.put(lowest(r.Histories, title))
	if !s.beside(fell, rose) {
		s.put(fell)
		s.put(rose)
	}
}

// account writes the current coverage and its trend.
func (s *sheet) account(points []backfill.Point) {
	first, last := points[0], points[len(points)-1]
	percent, lines := Percent(last.Coverage), " of "+Plural(int(last.Lines), "line")
	head := s.label(s.style.Dim, "coverage") + s.style.Bold(percent) + lines
	if len(points) == 1 {
		s.raw(head)
		return
	}
	change := Points(first.Coverage, last.Coverage)
	since := " since " + first.At.Format(time.DateOnly)
	trend := func(room int) string { return Trend(coverages(points), max(smallTrend, min(room, accountTrend))) }
	tail := s.changeColor(change)(change) + since
	room := s.width - gutter - len(percent+lines+change+since) - 4
	if room >= smallTrend {
		s.raw(head + "  " + trend(room) + "  " + tail)
		return
	}
	s.raw(head)
	s.raw(s.label(nil, "") + trend(s.width-gutter))
	s.raw(s.label(nil, "") + tail)
}

func (s *sheet) changeColor(change string) func(string) string {
	if change[0] == '-' {
		return s.style.Red
	}
	return s.style.Green
}

// ranking is a list of repositories with a title.
type ranking struct {
	title string
	rows  [][]Cell
}

// lowest ranks the repositories with the lowest coverage.
func lowest(histories []backfill.History, title func(backfill.History) string) ranking {
	sorted := slices.SortedStableFunc(slices.Values(histories), func(a, b backfill.History) int {
		return cmp.Compare(a.Newest().Coverage, b.Newest().Coverage)
	})
	list := ranking{title: "lowest coverage"}
	for _, h := range sorted[:min(ranked, len(sorted))] {
		list.rows = append(list.rows, []Cell{{Text: "  " + title(h)}, {Text: Percent(h.Newest().Coverage), Right: true}, {Text: trendOf(h)}})
	}
	return list
}

// changed ranks the repositories that fell (direction -1) or rose (+1) most, by the change in percentage points.
func changed(histories []backfill.History, title func(backfill.History) string, direction int, s *sheet) ranking {
	by := func(h backfill.History) int {
		return direction * (backfill.Hundredths(h.Newest().Coverage) - backfill.Hundredths(h.Points[0].Coverage))
	}
	moved := slices.DeleteFunc(slices.Clone(histories), func(h backfill.History) bool { return by(h) <= 0 })
	slices.SortStableFunc(moved, func(a, b backfill.History) int { return cmp.Compare(by(b), by(a)) })
	list := ranking{title: "rose most, in points"}
	if direction < 0 {
		list.title = "fell most, in points"
	}
	for _, h := range moved[:min(ranked, len(moved))] {
		change := Points(h.Points[0].Coverage, h.Newest().Coverage)
		list.rows = append(list.rows, []Cell{{Text: "  " + title(h)}, {Text: change, Right: true, Color: s.changeColor(change)}, {Text: trendOf(h)}})
	}
	return list
}

func trendOf(h backfill.History) string { return Trend(coverages(h.Points), smallTrend) }

func coverages(points []backfill.Point) []float64 {
	values := make([]float64, len(points))
	for i, point := range points {
		values[i] = point.Coverage
	}
	return values
}

func (s *sheet) put(l ranking) {
	if len(l.rows) == 0 {
		return
	}
	s.raw(s.style.Dim(l.title))
	for _, line := range Columns(l.rows) {
		s.raw(line)
	}
}

const between = 3 // blanks between two lists

// beside writes two lists side by side, and reports false if they do not fit or one is empty.
func (s *sheet) beside(left, right ranking) bool {
	width := max(Wide(left.rows), len(left.title))
	if len(left.rows) == 0 || len(right.rows) == 0 || width+between+max(Wide(right.rows), len(right.title)) > s.width {
		return false
	}
	leftLines, rightLines := Columns(left.rows), Columns(right.rows)
	s.raw(Cell{Text: left.title, Color: s.style.Dim}.Padded(width+between) + s.style.Dim(right.title))
	for i := range max(len(leftLines), len(rightLines)) {
		line := strings.Repeat(" ", width+between)
		if i < len(leftLines) {
			line = leftLines[i] + strings.Repeat(" ", width-Wide(left.rows)+between)
		}
		if i < len(rightLines) {
			line += rightLines[i]
		}
		s.raw(line)
	}
	return true
}

// titles returns a function that returns a repository's name in so many characters, with its account if there are several.
func titles(histories []backfill.History, longest int) func(backfill.History) string {
	several := slices.ContainsFunc(histories, func(h backfill.History) bool { return h.Owner != histories[0].Owner })
	return func(h backfill.History) string {
		name := h.Repository
		if several {
			name = fmt.Sprintf("%s/%s", h.Owner, name)
		}
		return Shorten(Safe(name), longest)
	}
}
