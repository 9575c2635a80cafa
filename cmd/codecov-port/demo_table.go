package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/codecov-port/codecov-port/internal/backfill"
	fakeport "github.com/codecov-port/codecov-port/internal/fake/port"
	"github.com/codecov-port/codecov-port/internal/terminal"
)

const (
	demoRows    = 5
	demoTrend   = 24 // characters
	besideTrend = 31 // characters of the columns before it
)

// print prints what Port contains now, and the summary.
func (s scene) print(streams *terminal.Streams, result *backfill.Result) error {
	if err := s.printTable(streams); err != nil {
		return err
	}
	return terminal.WriteSummary(streams, result)
}

// printTable prints what Port contains now.
func (s scene) printTable(streams *terminal.Streams) error {
	title := "A sample Codecov account in a Port on this machine"
	if s.latency > 0 {
		title += fmt.Sprintf(" (%d ms per response)", s.latency.Milliseconds())
	}
	var text strings.Builder
	text.WriteString(terminal.Fit(title+":\n\n", streams.Width()))
	rows := demoTable(s.Port, min(demoTrend, streams.Width()-besideTrend))
	columns := []terminal.Column{{Title: "REPOSITORY"}, {Title: "COVERAGE", Right: true}, {Title: "COMMITS", Right: true}, {Title: "TREND"}}
	if err := terminal.Table(&text, columns, rows[:min(demoRows, len(rows))]); err != nil {
		return err
	}
	if more := len(rows) - demoRows; more > 0 {
		fmt.Fprintf(&text, "… and %d more\n", more)
	}
	text.WriteByte('\n')
	_, err := io.WriteString(streams.Out, text.String())
	return err
}

// measured is an entity of a repository's history.
type measured struct {
	at       string // RFC 3339 in UTC: sorts as text
	coverage float64
}

// demoTable returns a row for each repository, the longest history first, with a trend of so many bars.
func demoTable(catalog *fakeport.Server, bars int) [][]string {
	histories := make(map[string][]measured)
	for _, entity := range catalog.Entities("codecov_commit_coverage") {
		repository, _ := entity.Relations["repository"].(string)
		at, _ := entity.Properties["committedAt"].(string)
		coverage, _ := entity.Properties["coverage"].(float64)
		histories[repository] = append(histories[repository], measured{at, coverage})
	}
	byLength := func(a, b string) int {
		return cmp.Or(cmp.Compare(len(histories[b]), len(histories[a])), cmp.Compare(a, b))
	}
	var rows [][]string
	for _, repository := range slices.SortedFunc(maps.Keys(histories), byLength) {
		history := histories[repository]
		slices.SortStableFunc(history, func(a, b measured) int { return cmp.Compare(a.at, b.at) })
		values := make([]float64, len(history))
		for i, m := range history {
			values[i] = m.coverage
		}
		rows = append(rows, []string{repository, demoCoverage(catalog, repository), strconv.Itoa(len(history)), terminal.Trend(values, bars)})
	}
	return rows
}

// demoCoverage returns the current coverage of a repository, from its entity.
func demoCoverage(catalog *fakeport.Server, repository string) string {
	entity, _ := catalog.Entity("codecov_coverage", repository)
	text, _ := entity.Properties["coverage"].(string)
	coverage, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return "-"
	}
	return terminal.Percent(coverage)
}
