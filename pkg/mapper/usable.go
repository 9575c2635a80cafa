package mapper

import "github.com/codecov-port/codecov-port/pkg/codecov"

// Reason says why a commit is not replayed. There are few of them, so that skipped commits can be counted by reason.
type Reason string

// The reasons. The webhook would not have told of such a commit, or would have had no coverage to tell.
const (
	Pending      Reason = "pending"       // reports are still being processed
	Errored      Reason = "error"         // the reports could not be processed
	Skipped      Reason = "skipped"       // Codecov skipped it
	NoState      Reason = "no state"      // the state is null
	UnknownState Reason = "unknown state" // a state that Codecov's API did not have when this was written
	NoTotals     Reason = "no totals"
	NoCoverage   Reason = "no coverage"
)

// Usable tells whether a commit is one that the webhook would have told of: complete, with totals and a coverage.
// Where it is not, reason says why; else reason is empty.
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
