package codecov

import "time"

// StateComplete is the state of a commit whose reports have all been processed.
// The others are pending, error and skipped; a state may also be null.
const StateComplete = "complete"

// Commit is a row of Codecov's list of commits. A nil pointer is a JSON null.
type Commit struct {
	CommitID  string    `json:"commitid"`
	Message   *string   `json:"message"`
	Timestamp time.Time `json:"timestamp"` // UTC; the years 1 and 9999 and times in the future occur
	CIPassed  *bool     `json:"ci_passed"`
	Author    *Author   `json:"author"`
	Branch    *string   `json:"branch"`
	Totals    *Totals   `json:"totals"`
	State     *string   `json:"state"`
	Parent    *string   `json:"parent"`
}
