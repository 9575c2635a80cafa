package backfill_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/codecov-port/codecov-port/internal/backfill"
	"github.com/codecov-port/codecov-port/internal/fake/recordings"
)

// covered returns totals of 36 lines with a coverage, as Codecov writes it.
func covered(coverage string) string {
	return strings.NewReplacer(`"coverage":90.0`, `"coverage":`+coverage, `"lines":100`, `"lines":36`).Replace(ninety)
}

// daily returns n commits a day apart, newest first; the coverage is their number, the newest being 0.
func daily(n int) []string {
	var all []string
	for i := range n {
		at := recordings.Now().AddDate(0, 0, -i-1).Format(time.RFC3339)
		all = append(all, commit(fmt.Sprintf("c%04d", i), at, ann, covered(fmt.Sprintf("%d.0", i%100))))
	}
	return all
}

func TestHistoryIsBounded(t *testing.T) {
	for _, commits := range []int{1, 2, 62, 63, 64, 65, 126, 127, 128, 129, 500} {
		t.Run(fmt.Sprint(commits), func(t *testing.T) {
			b := newBench(t, account(t, map[string][]string{"app": daily(commits)}, "app"))
			histories := b.run(t).Histories
			if len(histories) != 1 || histories[0].Owner != "acme" || histories[0].Repository != "app" || histories[0].Commits != commits {
				t.Fatalf("histories %+v", histories)
			}
			points := histories[0].Points
			if len(points) > backfill.MaxPoints || len(points) < min(commits, backfill.MaxPoints/2) {
				t.Errorf("%d points of %d commits", len(points), commits)
			}
			newest, oldest := recordings.Now().AddDate(0, 0, -1), recordings.Now().AddDate(0, 0, -commits)
			if first, last := points[0].At, points[len(points)-1].At; first.Sub(oldest).Abs() > time.Second || last.Sub(newest).Abs() > time.Second {
				t.Errorf("from %s to %s, want %s to %s", first, last, oldest, newest)
			}
			checkEven(t, points)
		})
	}
}

// checkEven looks whether the points lie evenly far apart, but for the two oldest, and oldest first.
func checkEven(t *testing.T, points []backfill.Point) {
	t.Helper()
	for i := 2; i < len(points)-1; i++ {
		if before, after := points[i].At.Sub(points[i-1].At), points[i+1].At.Sub(points[i].At); before != after || before <= 0 {
			t.Fatalf("point %d: %s behind the one before, and %s before the next", i, before, after)
		}
	}
}

// TestHistoryTellsWhatCodecovTells: a number that has been kept in little room has the digits that it came with.
func TestHistoryTellsWhatCodecovTells(t *testing.T) {
	coverages := []string{"97.22222", "97.2", "0.0", "100.0", "33.33333", "0.00001", "99.99999"}
	var commits []string
	for i, coverage := range coverages {
		at := recordings.Now().AddDate(0, 0, -len(coverages)+i).Format(time.RFC3339)
		commits = append([]string{commit(fmt.Sprintf("c%d", i), at, ann, covered(coverage))}, commits...)
	}
	b := newBench(t, account(t, map[string][]string{"app": commits}, "app"))
	history := b.run(t).Histories[0]
	var got []float64
	for _, point := range history.Points {
		got = append(got, point.Coverage)
		if point.Lines != 36 {
			t.Errorf("%d lines, want 36", point.Lines)
		}
	}
	if diff := cmp.Diff([]float64{97.22222, 97.2, 0, 100, 33.33333, 0.00001, 99.99999}, got); diff != "" {
		t.Error(diff)
	}
	if newest := history.Newest().Coverage; newest != 99.99999 {
		t.Errorf("newest %v", newest)
	}
	if moved := fmt.Sprintf("%.5f", history.Moved()); moved != "2.77777" {
		t.Errorf("moved by %s", moved)
	}
}

// summaries returns each history as owner/repository and its coverages, oldest first.
func summaries(result *backfill.Result) []string {
	var all []string
	for _, h := range result.Histories {
		text := h.Owner + "/" + h.Repository + ":"
		for _, point := range h.Points {
			text += fmt.Sprintf(" %v", point.Coverage)
		}
		all = append(all, text)
	}
	return all
}

func checkHistories(t *testing.T, b *bench, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, summaries(b.run(t))); diff != "" {
		t.Error(diff)
	}
}

func TestHistoriesAreInOrder(t *testing.T) {
	one := func(coverage string) []string {
		return []string{commit("sha"+coverage, "2026-11-01T00:00:00Z", ann, covered(coverage))}
	}
	b := newBench(t,
		accountOf(t, "zeta", map[string][]string{"b": one("1.0"), "a": one("2.0")}, "b", "a"),
		accountOf(t, "acme", map[string][]string{"y": one("3.0"), "empty": nil, "x": one("4.0")}, "y", "empty", "x"))
	b.options.Owners = []string{"zeta", "acme"}
	checkHistories(t, b, "acme/x: 4", "acme/y: 3", "zeta/a: 2", "zeta/b: 1")
}

// TestHistoryLeavesOut: what says nothing of how the coverage went.
func TestHistoryLeavesOut(t *testing.T) {
	b := newBench(t, account(t, map[string][]string{"app": {
		commit("future", "2099-01-01T00:00:00Z", ann, covered("99.0")),
		commit("newest", "2026-11-02T00:00:00Z", ann, covered("2.0")),
		strings.Replace(commit("pending", "2026-11-01T12:00:00Z", ann, covered("98.0")), `"complete"`, `"pending"`, 1),
		commit("oldest", "2026-11-01T00:00:00Z", ann, covered("1.0")),
	}}, "app"))
	checkHistories(t, b, "acme/app: 1 2")
}

// TestHistoryIsOfTheFirstBranch: those of several would make a saw of it.
func TestHistoryIsOfTheFirstBranch(t *testing.T) {
	on := func(branch, row string) string {
		return strings.Replace(row, `"branch":"main"`, `"branch":"`+branch+`"`, 1)
	}
	repositories := map[string][]string{"app": {
		on("develop", commit("d2", "2026-11-04T00:00:00Z", ann, covered("40.0"))),
		commit("m2", "2026-11-03T00:00:00Z", ann, covered("30.0")),
		on("develop", commit("d1", "2026-11-02T00:00:00Z", ann, covered("20.0"))),
		commit("m1", "2026-11-01T00:00:00Z", ann, covered("10.0")),
	}}
	for name, test := range map[string]struct {
		selection backfill.Selection
		want      string
	}{
		"default":  {backfill.Selection{}, "acme/app: 10 30"},
		"all":      {backfill.Selection{Branches: []string{"*"}}, "acme/app: 10 30"},
		"by name":  {backfill.Selection{Branches: []string{"develop", "main"}}, "acme/app: 20 40"},
		"since":    {backfill.Selection{Since: time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)}, "acme/app: 30"},
		"one each": {backfill.Selection{MaxCommits: 1}, "acme/app: 30"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, account(t, repositories, "app"))
			b.options.Selection = test.selection
			checkHistories(t, b, test.want)
		})
	}
}

func TestWrongClocksAreNoHistory(t *testing.T) {
	commits := append(daily(2), commit("old", "1970-01-01T00:00:00Z", ann, ninety))
	b := newBench(t, account(t, map[string][]string{"app": commits}, "app"))
	result := b.run(t)
	if len(result.Histories) != 1 || result.Histories[0].Commits != 2 || result.Commits.Replayed != 3 {
		t.Errorf("histories %+v of %d commits", result.Histories, result.Commits.Replayed)
	}
}
