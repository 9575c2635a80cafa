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
	shortTrend   = 8  // bars of a repository
	longTrend    = 24 // bars of the account
	longestName  = 32 // characters of a repository's name
	shortestName = 8
	besideName   = labelWidth + 28 // columns of a ranking without the name
)

// writeCoverage writes the coverage of the account, and the repositories that are lowest or changed most. An interrupted
// run has none: the figures would look final.
func (s *summary) writeCoverage(r *backfill.Result) {
	if r.Coverage == nil || r.Interrupted {
		return
	}
	s.text.WriteByte('\n')
	s.writeAccount(r.Coverage)
	if isUnchanged(r) || len(r.Histories) < 2 {
		return
	}
	var rows [][]cell
	several := slices.ContainsFunc(r.Histories, func(h backfill.History) bool { return h.Owner != r.Histories[0].Owner })
	for _, ranking := range []struct {
		label     string
		histories []backfill.History
	}{
		{"lowest", Lowest(r.Histories)}, {"fell most", Moved(r.Histories, -1)}, {"rose most", Moved(r.Histories, +1)},
	} {
		for i, h := range ranking.histories {
			if i > 0 {
				ranking.label = ""
			}
			label := cell{text: fmt.Sprintf("%-*s", labelWidth-2, ranking.label), ink: Dim}
			rows = append(rows, append([]cell{label}, s.rankedCells(h, several)...))
		}
	}
	s.table(rows)
}

// writeAccount writes the current coverage, its change and, if there is room, its trend.
func (s *summary) writeAccount(account *backfill.AccountTrend) {
	percent := Percent(account.Percent)
	text, change := percent+" of "+Plural(int(account.Lines), "line"), cell{}
	if len(account.Trend) > 1 {
		first := account.Trend[0]
		change = changeCell(first.Coverage, account.Percent)
		text += ", " + change.text + " since " + first.At.Format(time.DateOnly)
		if room := s.width - labelWidth - len(text) - 2; room >= shortTrend {
			text += "  " + Trend(account.Trend, min(room, longTrend))
		}
	}
	text = strings.Replace(s.fit(text), percent, s.style.Paint(Bold, percent), 1)
	s.entry(Dim, "coverage", strings.Replace(text, change.text+" since", s.style.Paint(change.ink, change.text)+" since", 1))
}

// changeCell is a cell with a change in percentage points, red or green.
func changeCell(from, to float64) cell {
	text := Points(from, to)
	return cell{text: text, right: true, ink: map[byte]Ink{'-': Red, '+': Green}[text[0]]}
}

// rankedCells returns a repository's name, coverage, change in percentage points, and trend.
func (s *summary) rankedCells(h backfill.History, withOwner bool) []cell {
	if withOwner {
		h.Repository = h.Owner + "/" + h.Repository
	}
	name := Shorten(Safe(h.Repository), min(max(s.width-besideName, shortestName), longestName))
	row := []cell{{text: name}, {text: Percent(h.Newest().Coverage), right: true}, changeCell(h.Points[0].Coverage, h.Newest().Coverage)}
	if s.width >= besideName+shortestName {
		row = append(row, cell{text: Trend(h.Points, shortTrend)})
	}
	return row
}

// Lowest returns the five repositories with the lowest coverage.
func Lowest(histories []backfill.History) []backfill.History {
	sorted := slices.SortedStableFunc(slices.Values(histories), func(a, b backfill.History) int {
		return cmp.Compare(a.Newest().Coverage, b.Newest().Coverage)
	})
	return sorted[:min(ranked, len(sorted))]
}

// Moved returns the five repositories whose coverage fell (direction -1) or rose (+1) most, by the change that is shown.
func Moved(histories []backfill.History, direction int) []backfill.History {
	change := func(h backfill.History) int {
		return direction * (backfill.Hundredths(h.Newest().Coverage) - backfill.Hundredths(h.Points[0].Coverage))
	}
	sorted := slices.DeleteFunc(slices.Clone(histories), func(h backfill.History) bool { return change(h) <= 0 })
	slices.SortStableFunc(sorted, func(a, b backfill.History) int { return cmp.Compare(change(b), change(a)) })
	return sorted[:min(ranked, len(sorted))]
}
