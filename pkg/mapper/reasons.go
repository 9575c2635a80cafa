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

// Usable reports whether the webhook would have reported the commit with coverage: it is complete and has totals with a
// coverage. The reason is empty if it is usable.
func Usable(c codecov.Commit) (ok bool, reason Reason) {
	switch {
	case c.State == nil:
		return false, NoState
	case *c.State != codecov.StateComplete:
		return false, incomplete(*c.State)
	case c.Totals == nil:
		return false, NoTotals
	case c.Totals.Coverage == nil:
		return false, NoCoverage
	default:
		return true, ""
	}
}

func incomplete(state string) Reason {
	switch reason := Reason(state); reason {
	case Pending, Errored, Skipped:
		return reason
	default:
		return UnknownState
	}
}
