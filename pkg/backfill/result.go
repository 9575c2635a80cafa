package backfill

import (
	"time"

	"github.com/codecov-port/codecov-port/pkg/codecov"
	"github.com/codecov-port/codecov-port/pkg/port"
)

// Result is what became of a run.
type Result struct {
	DryRun            bool
	Interrupted       bool     // reading was stopped before its end
	HeldBack          int      // new entities that were read and not written, for that reason
	CreatedBlueprints []string // under DryRun: that would be created
	Repositories      RepositoryCounts
	Commits           CommitCounts
	Entities          []EntityCounts // one a blueprint, in the order of the mapping
	LeftOut           []LeftOut      // values that do not fit their blueprint, by property and reason
	Unlisted          []Unlisted     // repositories that Port holds and that Codecov's lists do not have
	Changes           []Change       // under DryRun: what updates would change, the first MaxChanges of them
	Histories         []History      // of each repository with a commit that was replayed, by owner and name
	Barren            []int          // the mapping's entries (from 0) that gave no identifier on any commit
	Idle              []int          // those whose filter passed on no commit, which may be meant so
	Failures          []Failure
	Codecov           codecov.Counts
	Port              port.Counts
	Duration          time.Duration
}

// RepositoryCounts tells what became of the repositories of the list.
type RepositoryCounts struct {
	Listed          int
	Private         int
	WithoutCoverage int // not active and without totals: not asked for
	Read            int
	Failed          int
}

// CommitCounts tells what became of the commits.
type CommitCounts struct {
	Read     int
	Replayed int
	Skipped  map[string]int // by reason
}

// EntityCounts tells what became of a blueprint's entities.
type EntityCounts struct {
	Blueprint string
	Created   int // under DryRun: that would be created
	Updated   int // under DryRun: that would be updated
	Unchanged int
	Failed    int
}

// MaxChanges is how many changes a result tells at the most.
const MaxChanges = 1000

// LeftOut counts the values of one property that were left out for one reason.
type LeftOut struct {
	Blueprint, Property, Reason string
	Count                       int
}

// The codes of failures that are not Port's.
const (
	CodeTaken               = "identifier_taken"
	CodeForbiddenIdentifier = "identifier_forbidden"
	CodeUnsendable          = "unsendable"
	CodeNoAnswer            = "no_answer"
	CodeUnreadable          = "unreadable"
	CodePruneLimit          = "prune_limit" // of a repository: more than Prune.Limit would have gone with it
	CodeNotRemoved          = "not_removed" // of a repository that was to be pruned
	CodeUnfinished          = "unfinished"  // of a repository: the run ended before it
)

// Failure is an entity that is not in Port as it should be, or, without a blueprint, a repository that could
// not be read.
type Failure struct {
	Repository string
	Blueprint  string
	Identifier string
	Status     int // of the answer; 0: none
	Code       string
	Message    string
	TraceID    string
}

// Complete tells whether everything that was asked for is done.
func (r *Result) Complete() bool {
	return !r.Interrupted && len(r.Failures) == 0 && len(r.Barren) == 0
}
