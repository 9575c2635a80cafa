package prune

import (
	"cmp"
	"slices"
	"time"

	"github.com/codecov-port/codecov-port/internal/backfill"
)

// Codes of failures.
const (
	CodeLimit      = "prune_limit" // more than Options.Limit of the account would have been removed
	CodeNotRemoved = "not_removed"
)

// Result is what a run did, and the document of prune --output json: docs/output.md describes it.
// Version, ExitCode and Error are set by the caller of Run.
type Result struct {
	SchemaVersion int                    `json:"schemaVersion"`
	Version       string                 `json:"version"` // of the program
	DryRun        bool                   `json:"dryRun"`
	Interrupted   bool                   `json:"interrupted"`
	Complete      bool                   `json:"complete"` // nothing failed or was interrupted
	ExitCode      int                    `json:"exitCode"`
	Error         *backfill.ErrorSummary `json:"error"` // nil if ExitCode is 0
	Duration      backfill.Seconds       `json:"durationSeconds"`
	Repositories  []Repository           `json:"repositories"` // in Port, but not in Codecov's lists
	Failures      []backfill.Failure     `json:"failures"`
	Requests      backfill.Requests      `json:"requests"`
}

// Repository is a repository that Port holds and Codecov doesn't list under this name, or commits of a listed one.
type Repository struct {
	Owner       string `json:"owner"`
	Repository  string `json:"repository"`  // its name, which is the identifier of its entity
	RenamedTo   string `json:"renamedTo"`   // the name in Codecov, if only the case differs
	HistoryOnly bool   `json:"historyOnly"` // only commits that Codecov doesn't have, with Options.History
	Removed     bool   `json:"removed"`     // in a dry run: it would be removed
	Entities    int    `json:"entities"`    // removed entities, those of the history included; in a dry run: to be removed
	Kept        string `json:"kept"`        // why it was not removed, or only in part
}

// NewResult returns an empty Result, with every list present.
func NewResult() Result {
	return Result{SchemaVersion: backfill.SchemaVersion, Repositories: []Repository{}, Failures: []backfill.Failure{}}
}

// result returns what the run did, in an order that doesn't depend on timing.
func (p *pruner) result(took time.Duration) *Result {
	r := NewResult()
	r.DryRun, r.Duration = p.options.DryRun, backfill.Seconds(took)
	for _, c := range p.candidates {
		r.Repositories = append(r.Repositories, c.result(c.removed))
		r.Interrupted = r.Interrupted || c.kept == errStopped.Error()
	}
	slices.SortFunc(r.Repositories, func(a, b Repository) int {
		return cmp.Or(cmp.Compare(a.Owner, b.Owner), cmp.Compare(a.Repository, b.Repository))
	})
	r.Failures = append(r.Failures, p.failures...)
	slices.SortFunc(r.Failures, func(a, b backfill.Failure) int {
		return cmp.Or(cmp.Compare(a.Repository, b.Repository), cmp.Compare(a.Message, b.Message))
	})
	r.Requests = backfill.Requests{Codecov: p.options.Codecov.Counts(), Port: p.options.Port.Counts()}
	return &r
}
