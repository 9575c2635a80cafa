package report

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/codecov-port/codecov-port/internal/backfill"
	"github.com/codecov-port/codecov-port/pkg/mapper"
)

// leftOut is something that was left out, and why.
type leftOut struct {
	What, Why string
	Count     int
}

// why explains the reasons of mapper.
var why = map[mapper.Reason]string{
	mapper.Pending:      "Codecov is still processing their reports",
	mapper.Errored:      "Codecov could not process their reports",
	mapper.Skipped:      "Codecov skipped them",
	mapper.NoState:      "Codecov returns no state",
	mapper.UnknownState: "their state is unknown to this program",
	mapper.NoTotals:     "they have no totals",
	mapper.NoCoverage:   "their totals hold no coverage",
}

func leftOuts(r *backfill.Result) []leftOut {
	var all []leftOut
	for _, reason := range slices.Sorted(maps.Keys(r.Commits.Skipped)) {
		all = append(all, leftOut{"commits: " + reason, why[mapper.Reason(reason)], r.Commits.Skipped[reason]})
	}
	for _, l := range r.DroppedValues {
		all = append(all, leftOut{"values of " + l.Property + " of " + l.Blueprint, l.Reason, l.Count})
	}
	if r.NotWritten > 0 {
		all = append(all, leftOut{"new entities that were not written", "the run was interrupted", r.NotWritten})
	}
	for _, entry := range r.EntriesWithoutIdentifier {
		all = append(all, leftOut{fmt.Sprintf("entry %d of the mapping", entry), "it returned no identifier for any commit", r.Commits.Replayed})
	}
	return all
}

// cause is a group of failures with one code and one blueprint.
type cause struct {
	Code  string
	Of    string // the blueprint; empty: reading from Codecov
	Count int
	Items []failure
	More  int // not shown
}

// failure is a backfill.Failure in text.
type failure struct {
	What, Message string
	Status        int
	TraceID       string
}

const (
	shownFailures = 300 // of all causes together
	shownAtLeast  = 3   // of each cause
	shownCauses   = 40
)

// causes groups failures, the largest group first, and returns the number of groups that it left out.
func causes(failures []backfill.Failure) (shown []cause, more int) {
	type kind struct{ code, blueprint string }
	grouped := map[kind][]backfill.Failure{}
	for _, f := range failures {
		grouped[kind{f.Code, f.Blueprint}] = append(grouped[kind{f.Code, f.Blueprint}], f)
	}
	kinds := slices.SortedFunc(maps.Keys(grouped), func(a, b kind) int {
		return cmp.Or(cmp.Compare(len(grouped[b]), len(grouped[a])), cmp.Compare(a.blueprint, b.blueprint), cmp.Compare(a.code, b.code))
	})
	left := shownFailures
	for _, kind := range kinds[:min(shownCauses, len(kinds))] {
		group := grouped[kind]
		here := min(len(group), max(left, shownAtLeast))
		left -= here
		items := make([]failure, here)
		for i, f := range group[:here] {
			items[i] = failure{What: cmp.Or(f.Identifier, f.Repository, "a list"), Message: short(f.Message), Status: f.Status, TraceID: f.TraceID}
		}
		shown = append(shown, cause{Code: kind.code, Of: kind.blueprint, Count: len(group), Items: items, More: len(group) - here})
	}
	return shown, len(kinds) - len(shown)
}
