package main

import (
	"encoding/json"
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
		line("%s blueprint %s", verb(r, "created", "would create"), ui.Safe(blueprint))
	}
	repositories := r.Repositories
	line("repositories  %d listed, %d private, %d without coverage, %d read, %d failed",
		repositories.Listed, repositories.Private, repositories.WithoutCoverage, repositories.Read, repositories.Failed)
	line("commits       %d read, %d replayed%s", r.Commits.Read, r.Commits.Replayed, skipped(r.Commits.Skipped))
	for _, entities := range r.Entities {
		line("entities      %s: %d %s, %d %s, %d unchanged, %d failed", ui.Safe(entities.Blueprint),
			entities.Created, verb(r, "created", "would be created"), entities.Updated, verb(r, "updated", "would be updated"),
			entities.Unchanged, entities.Failed)
	}
	line("requests      %d to Codecov, %d to Port, in %s", r.Codecov.Requests, r.Port.Requests, r.Duration.Round(time.Millisecond))
	for _, leftOut := range r.LeftOut {
		line("left out      %s of %s, %d times: %s", ui.Safe(leftOut.Property), ui.Safe(leftOut.Blueprint), leftOut.Count, leftOut.Reason)
	}
	printUnlisted(&text, r)
	printChanges(&text, r.Changes)
	if r.HeldBack > 0 {
		line("held back     %d new entities were read and not written", r.HeldBack)
	}
	for _, entry := range r.Barren {
		line("barren        entry %d of the mapping gave no identifier on any commit", entry+1)
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
		fmt.Fprintf(text, "failed        %s%s: %s\n", ui.Safe(failed(failure)), ui.Safe(failure.Code), ui.Safe(failure.Message))
	}
	printAdvice(text, failures)
}

// failed tells what failed; a row of a list that has no name is told by the message.
func failed(failure backfill.Failure) string {
	switch {
	case failure.Blueprint != "":
		return failure.Blueprint + " " + failure.Identifier + ": "
	case failure.Repository != "":
		return "repository " + failure.Repository + ": "
	}
	return ""
}

const shownChanges = 20

// printChanges tells what updates would change.
func printChanges(text *strings.Builder, changes []backfill.Change) {
	for _, change := range changes[:min(shownChanges, len(changes))] {
		fmt.Fprintf(text, "would update  %s %s: %s from %s to %s\n", ui.Safe(change.Blueprint), ui.Safe(change.Identifier), ui.Safe(change.Property),
			shortJSON(change.From), shortJSON(change.To))
	}
	if more := len(changes) - shownChanges; more > 0 {
		fmt.Fprintf(text, "              … and %d more changes\n", more)
	}
}

// shortJSON writes a value on one line of at most 60 characters.
func shortJSON(value any) string {
	if value == nil {
		return "nothing"
	}
	encoded, err := json.Marshal(value)
	if err != nil {
		return "?"
	}
	return ui.Short(ui.Safe(string(encoded)))
}
