package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/codecov-port/codecov-port/internal/ui"
	"github.com/codecov-port/codecov-port/pkg/backfill"
	"github.com/codecov-port/codecov-port/pkg/port/porttest"
)

const (
	demoRows  = 5
	demoTrend = 24 // characters
)

// tell shows what landed, the end as every run has it, and what one can do next.
func (s scene) tell(streams *ui.Streams, result *backfill.Result, kept bool) error {
	if err := s.tellLanded(streams.Out); err != nil {
		return err
	}
	if err := printResult(streams, ending{}, result); err != nil {
		return err
	}
	next := demoNext
	if kept {
		next = demoKept + exports(s.settings)
	}
	_, err := io.WriteString(streams.Out, next)
	return err
}

// tellLanded shows what the emulated Port holds now.
func (s scene) tellLanded(w io.Writer) error {
	rows := demoTable(s.port)
	var text strings.Builder
	text.WriteString("A made-up Codecov account in an emulated Port")
	if s.latency > 0 {
		fmt.Fprintf(&text, " (%v an answer)", s.latency)
	}
	text.WriteString(", read back:\n\n")
	columns := []ui.Column{{Title: "REPOSITORY"}, {Title: "COVERAGE", Align: ui.Right}, {Title: "COMMITS", Align: ui.Right}, {Title: "TREND"}}
	if err := ui.Table(&text, columns, rows[:min(demoRows, len(rows))]); err != nil {
		return err
	}
	if more := len(rows) - demoRows; more > 0 {
		fmt.Fprintf(&text, "… and %d more\n", more)
	}
	text.WriteByte('\n')
	_, err := io.WriteString(w, text.String())
	return err
}

// measured is one entity of a repository's history.
type measured struct {
	at       string // RFC 3339 in UTC: orders as text
	coverage float64
}

// demoTable reads back what landed: a row a repository, those with the longest history first.
func demoTable(catalog *porttest.Server) [][]string {
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
		rows = append(rows, []string{repository, demoCoverage(catalog, repository), strconv.Itoa(len(history)), ui.Trend(values, demoTrend)})
	}
	return rows
}

// demoCoverage is the repository's current coverage as its entity tells it.
func demoCoverage(catalog *porttest.Server, repository string) string {
	entity, _ := catalog.Entity("codecov_coverage", repository)
	text, _ := entity.Properties["coverage"].(string)
	coverage, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return "-"
	}
	return percentText(coverage)
}
