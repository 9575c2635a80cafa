package main

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"strconv"

	"github.com/codecov-port/codecov-port/internal/ui"
	"github.com/codecov-port/codecov-port/pkg/port/porttest"
)

// measured is one entity of a repository's history.
type measured struct {
	at       string // RFC 3339 in UTC: orders as text
	coverage float64
}

const demoTrend = 24 // characters

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

// demoCoverage is the repository's current coverage as its entity tells it, cut downwards as Codecov shows it.
func demoCoverage(catalog *porttest.Server, repository string) string {
	entity, _ := catalog.Entity("codecov_coverage", repository)
	text, _ := entity.Properties["coverage"].(string)
	coverage, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return "-"
	}
	return strconv.FormatFloat(math.Floor(coverage*100)/100, 'f', 2, 64) + " %"
}
