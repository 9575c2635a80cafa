package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/codecov-port/codecov-port/internal/ui"
	"github.com/codecov-port/codecov-port/pkg/backfill"
)

// printResult tells what became of a run.
func printResult(w io.Writer, r *backfill.Result) error {
	var text strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&text, format+"\n", args...) }
	for _, blueprint := range r.CreatedBlueprints {
		line("%s blueprint %s", verb(r, "created", "would create"), blueprint)
	}
	repositories := r.Repositories
	line("repositories  %d listed, %d private, %d without coverage, %d read, %d failed",
		repositories.Listed, repositories.Private, repositories.WithoutCoverage, repositories.Read, repositories.Failed)
	line("commits       %d read, %d replayed%s", r.Commits.Read, r.Commits.Replayed, skipped(r.Commits.Skipped))
	for _, entities := range r.Entities {
		line("entities      %d of %s %s, %d failed", entities.Written, entities.Blueprint, verb(r, "written", "would be written"), entities.Failed)
	}
	line("requests      %d to Codecov, %d to Port, in %s", r.Codecov.Requests, r.Port.Requests, r.Duration.Round(time.Millisecond))
	for _, leftOut := range r.LeftOut {
		line("left out      %s of %s, %d times: %s", ui.Safe(leftOut.Property), ui.Safe(leftOut.Blueprint), leftOut.Count, leftOut.Reason)
	}
	printFailures(&text, r.Failures)
	_, err := io.WriteString(w, text.String())
	return err
}

func verb(r *backfill.Result, done, would string) string {
	if r.DryRun {
		return would
	}
	return done
}

func skipped(reasons map[string]int) string {
	if len(reasons) == 0 {
		return ""
	}
	var parts []string
	for _, reason := range slices.Sorted(maps.Keys(reasons)) {
		parts = append(parts, fmt.Sprintf("%d %s", reasons[reason], reason))
	}
	return ", skipped: " + strings.Join(parts, ", ")
}

func printFailures(text *strings.Builder, failures []backfill.Failure) {
	for _, failure := range failures {
		what := "repository " + failure.Repository
		if failure.Blueprint != "" {
			what = failure.Blueprint + " " + failure.Identifier
		}
		fmt.Fprintf(text, "failed        %s: %s: %s\n", ui.Safe(what), ui.Safe(failure.Code), ui.Safe(failure.Message))
	}
}
