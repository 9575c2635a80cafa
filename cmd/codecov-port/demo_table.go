package main

import (
	"cmp"
	"fmt"
	"io"
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
	if _, err := io.WriteString(streams.Out, text.String()+"\n"); err != nil {
		return err
	}
	return terminal.WriteSummary(streams, result)
}

// demoTable returns a row for each repository, the longest history first, with a trend of so many bars.
func demoTable(catalog *fakeport.Server, bars int) [][]string {
	commits := catalog.Entities("codecov_commit_coverage")
	committedAt := func(e fakeport.Entity) string { return fmt.Sprint(e.Properties["committedAt"]) } // RFC 3339 in UTC: sorts as text
	slices.SortStableFunc(commits, func(a, b fakeport.Entity) int { return cmp.Compare(committedAt(a), committedAt(b)) })
	histories := make(map[string][]float64)
	for _, commit := range commits {
		repository, _ := commit.Relations["repository"].(string)
		coverage, _ := commit.Properties["coverage"].(float64)
		histories[repository] = append(histories[repository], coverage)
	}
	var rows [][]string
	for repository, history := range histories {
		state, _ := catalog.Entity("codecov_coverage", repository)
		current := "-"
		if coverage, err := strconv.ParseFloat(fmt.Sprint(state.Properties["coverage"]), 64); err == nil {
			current = terminal.Percent(coverage)
		}
		rows = append(rows, []string{repository, current, strconv.Itoa(len(history)), terminal.Trend(history, bars)})
	}
	slices.SortFunc(rows, func(a, b []string) int {
		return cmp.Or(cmp.Compare(len(histories[b[0]]), len(histories[a[0]])), cmp.Compare(a[0], b[0]))
	})
	return rows
}
