package report

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/codecov-port/codecov-port/internal/backfill"
	"github.com/codecov-port/codecov-port/internal/terminal"
	"github.com/codecov-port/codecov-port/pkg/mapper"
)

// skippedItem is something that was skipped, and why.
type skippedItem struct {
	Name, Reason string
	Count        int
}

// reasons explain the reasons of mapper.
var reasons = map[mapper.Reason]string{
	mapper.Pending:      "Codecov is still processing their reports",
	mapper.Errored:      "Codecov could not process their reports",
	mapper.Skipped:      "Codecov skipped them",
	mapper.NoState:      "Codecov returns no state",
	mapper.UnknownState: "their state is unknown to this program",
	mapper.NoTotals:     "they have no totals",
	mapper.NoCoverage:   "their totals hold no coverage",
}

func skippedItems(r *backfill.Result) []skippedItem {
	var all []skippedItem
	for _, reason := range slices.Sorted(maps.Keys(r.Commits.Skipped)) {
		all = append(all, skippedItem{"commits: " + reason, reasons[mapper.Reason(reason)], r.Commits.Skipped[reason]})
	}
	for _, l := range r.DroppedValues {
		all = append(all, skippedItem{"values of " + l.Property + " of " + l.Blueprint, l.Reason, l.Count})
	}
	if r.NotWritten > 0 {
		all = append(all, skippedItem{"new entities that were not written", "the run was interrupted", r.NotWritten})
	}
	for _, entry := range r.EntriesWithoutIdentifier {
		all = append(all, skippedItem{fmt.Sprintf("entry %d of the mapping", entry), "it returned no identifier for any commit", r.Commits.Replayed})
	}
	return all
}

// failureGroup is a group of failures of the same kind.
type failureGroup struct {
	Code      string
	Blueprint string // empty: reading from Codecov
	Count     int
	Failures  []failure
	More      int // not shown
}

// failure is a backfill.Failure in text.
type failure struct {
	Name, Message string
	Status        int
	TraceID       string
}

const (
	maxFailures = 300 // of all groups together
	minFailures = 3   // of each group
	maxGroups   = 40
)

// groupFailures returns the largest groups, and the number of the other groups.
func groupFailures(failures []backfill.Failure) (shown []failureGroup, more int) {
	groups := terminal.GroupFailures(failures)
	room := maxFailures
	for _, group := range groups[:min(maxGroups, len(groups))] {
		count := min(len(group), max(room, minFailures))
		room -= count
		g := failureGroup{Code: group[0].Code, Blueprint: group[0].Blueprint, Count: len(group), More: len(group) - count}
		for _, f := range group[:count] {
			g.Failures = append(g.Failures, failure{cmp.Or(f.Identifier, f.Repository, "a list"), shorten(f.Message), f.Status, f.TraceID})
		}
		shown = append(shown, g)
	}
	return shown, len(groups) - len(shown)
}
