package mapper

import "github.com/codecov-port/codecov-port/pkg/codecov"

// Reason is why a commit is not replayed.
type Reason string

// The reasons. The webhook does not report such a commit, or reports no coverage.
const (
	Pending      Reason = "pending"       // reports are still being processed
	Errored      Reason = "error"         // the reports could not be processed
	Skipped      Reason = "skipped"       // Codecov skipped it
	NoState      Reason = "no state"      // the state is null
	UnknownState Reason = "unknown state" // a state that Codecov's API did not have when this was written
	NoTotals     Reason = "no totals"
	NoCoverage   Reason = "no coverage"
)

// Usable reports whether the webhook would have reported the commit with coverage: it is complete and has totals with
// a coverage. The reason is empty if it is usable.
func Usable(c codecov.Commit) (ok bool, reason Reason) {
	switch {
	case c.State == nil:
		reason = NoState
	case *c.State == string(Pending), *c.State == string(Errored), *c.State == string(Skipped):
		reason = Reason(*c.State)
	case *c.State != codecov.StateComplete:
		reason = UnknownState
	case c.Totals == nil:
		reason = NoTotals
	case c.Totals.Coverage == nil:
		reason = NoCoverage
	}
	return reason == "", reason
}
