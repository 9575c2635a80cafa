package summary

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/codecov-port/codecov-port/internal/backfill"
	"github.com/codecov-port/codecov-port/internal/terminal"
)

const (
	listed       = 5  // repositories in each of the lists
	longestName  = 32 // characters of a repository's name in them,
	besideName   = 22 // and of what else its line has: the coverage, the trend, and blanks
	shortestName = 8
	smallTrend   = 8  // bars of a repository
	accountTrend = 24 // bars of the account
)

// coverage tells of the account's coverage, and of the repositories that stand out.
func (s *sheet) coverage(r *backfill.Result) {
	account := backfill.AccountCoverage(r.Histories, accountTrend)
	if len(account) == 0 {
		return
	}
	s.blank()
	s.account(account)
	if untouched(r) || len(r.Histories) < 2 {
		return
	}
	lowest, moved := lowestCoverage(r.Histories), mostMoved(r.Histories)
	title := titles(r.Histories, min(longestName, max(shortestName, s.width-besideName)))
	left := s.lowest(lowest, title)
	if len(moved) == 0 {
		s.put(left)
		return
	}
	full, brief := s.moved(moved, title, true), s.moved(moved, title, false)
	switch {
	case s.beside(left, full), s.beside(left, brief):
	case terminal.Wide(full.rows) <= s.width:
		s.put(left)
		s.put(full)
	default:
		s.put(left)
		s.put(brief)
	}
}

// account tells the current coverage and, where there is a past, how it went.
func (s *sheet) account(points []backfill.Point) {
	first, last := points[0], points[len(points)-1]
	text := Percent(last.Coverage)
	rest := fmt.Sprintf(" of %s", terminal.Several(int(last.Lines), "line"))
	if len(points) == 1 {
		s.raw(s.label(s.style.Dim, "coverage") + s.style.Bold(text) + rest)
		return
	}
	change := pointsText(first.Coverage, last.Coverage)
	since := " since " + first.At.Format(time.DateOnly)
	head := s.label(s.style.Dim, "coverage") + s.style.Bold(text) + rest
	trend := func(room int) string {
		return terminal.Trend(coverages(points), max(smallTrend, min(room, accountTrend)))
	}
	tail := s.upOrDown(change)(change) + since
	room := s.width - gutter - len(text+rest+change+since) - 4
	if room >= smallTrend {
		s.raw(head + "  " + trend(room) + "  " + tail)
		return
	}
	s.raw(head)
	s.raw(s.label(nil, "") + trend(s.width-gutter))
	s.raw(s.label(nil, "") + tail)
}

// upOrDown gives the color for a change.
func (s *sheet) upOrDown(change string) func(string) string {
	if change[0] == '-' {
		return s.style.Red
	}
	return s.style.Green
}

// ranking is a headed list of repositories.
type ranking struct {
	title string
	rows  [][]terminal.Cell
}

func (s *sheet) lowest(histories []backfill.History, title func(backfill.History) string) ranking {
	l := ranking{title: "lowest"}
	for _, h := range histories {
		l.rows = append(l.rows, []terminal.Cell{{Text: "  " + title(h)}, {Text: Percent(h.Newest().Coverage), Right: true}, {Text: trendOf(h)}})
	}
	return l
}

// moved lists the repositories with their change in percentage points and, if there is room, from what to what.
func (s *sheet) moved(histories []backfill.History, title func(backfill.History) string, withRoom bool) ranking {
	l := ranking{title: "moved most, in points"}
	for _, h := range histories {
		from, to := h.Points[0].Coverage, h.Newest().Coverage
		change := pointsText(from, to)
		row := []terminal.Cell{{Text: "  " + title(h)}, {Text: change, Right: true, Color: s.upOrDown(change)}}
		if withRoom {
			row = append(row, terminal.Cell{Text: decimals(backfill.Hundredths(from)) + " → " + Percent(to), Right: true})
		}
		l.rows = append(l.rows, append(row, terminal.Cell{Text: trendOf(h)}))
	}
	return l
}

func trendOf(h backfill.History) string { return terminal.Trend(coverages(h.Points), smallTrend) }

func coverages(points []backfill.Point) []float64 {
	values := make([]float64, len(points))
	for i, point := range points {
		values[i] = point.Coverage
	}
	return values
}

func (s *sheet) put(l ranking) {
	s.raw(s.style.Dim(l.title))
	for _, line := range terminal.Columns(l.rows) {
		s.raw(line)
	}
}

const between = 3 // blanks between two lists

// beside puts two lists side by side where they fit, and tells whether they did.
func (s *sheet) beside(left, right ranking) bool {
	width := max(terminal.Wide(left.rows), len(left.title))
	if width+between+max(terminal.Wide(right.rows), len(right.title)) > s.width {
		return false
	}
	leftLines, rightLines := terminal.Columns(left.rows), terminal.Columns(right.rows)
	s.raw(terminal.Cell{Text: left.title, Color: s.style.Dim}.Padded(width+between) + s.style.Dim(right.title))
	for i := range max(len(leftLines), len(rightLines)) {
		s.raw(lineOf(leftLines, i, width+between) + lineOf(rightLines, i, 0))
	}
	return true
}

func lineOf(lines []string, i, blanks int) string {
	if i < len(lines) {
		return lines[i] + strings.Repeat(" ", min(blanks, between))
	}
	return strings.Repeat(" ", blanks)
}

// lowestCoverage gives the repositories with the lowest current coverage, the lowest first.
func lowestCoverage(histories []backfill.History) []backfill.History {
	lowest := slices.SortedStableFunc(slices.Values(histories), func(a, b backfill.History) int {
		return cmp.Compare(a.Newest().Coverage, b.Newest().Coverage)
	})
	return lowest[:min(listed, len(lowest))]
}

// mostMoved gives the repositories whose coverage has changed most from their first point to their last, where it can
// be seen.
func mostMoved(histories []backfill.History) []backfill.History {
	by := func(h backfill.History) int {
		moved := backfill.Hundredths(h.Newest().Coverage) - backfill.Hundredths(h.Points[0].Coverage)
		return max(moved, -moved)
	}
	moved := slices.DeleteFunc(slices.Clone(histories), func(h backfill.History) bool { return by(h) == 0 })
	slices.SortStableFunc(moved, func(a, b backfill.History) int { return cmp.Compare(by(b), by(a)) })
	return moved[:min(listed, len(moved))]
}

// titles gives the function that names a repository in so many characters: with its account where there are several.
func titles(histories []backfill.History, longest int) func(backfill.History) string {
	mixed := slices.ContainsFunc(histories, func(h backfill.History) bool { return h.Owner != histories[0].Owner })
	return func(h backfill.History) string {
		name := h.Repository
		if mixed {
			name = h.Owner + "/" + name
		}
		return terminal.Shorten(terminal.Safe(name), longest)
	}
}
