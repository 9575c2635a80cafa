package backfill

import (
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"time"

	"github.com/codecov-port/codecov-port/pkg/codecov"
	"github.com/codecov-port/codecov-port/pkg/port"
)

// SchemaVersion is the version of the document that a Result is. Documents without one are of version 1.
const SchemaVersion = 2

// Result is what a run did, and the document of --output json: docs/sync-output.schema.json describes it.
// Every list is present, an empty one as []. Version, ExitCode, Error and PortURL are set by the caller of Run.
type Result struct {
	SchemaVersion int           `json:"schemaVersion"`
	Version       string        `json:"version"` // of the program
	DryRun        bool          `json:"dryRun"`
	Interrupted   bool          `json:"interrupted"` // the run was stopped before its end
	Complete      bool          `json:"complete"`    // everything was done: nothing failed, was interrupted or went without an identifier
	ExitCode      int           `json:"exitCode"`
	Error         *ErrorSummary `json:"error"` // nil when ExitCode is 0
	Duration      Seconds       `json:"durationSeconds"`

	Repositories             RepositoryCounts  `json:"repositories"`
	Commits                  CommitCounts      `json:"commits"`
	CreatedBlueprints        []string          `json:"createdBlueprints"`        // in a dry run: that would be created
	Entities                 []EntityCounts    `json:"entities"`                 // one per blueprint, in the order of the mapping
	NotWritten               int               `json:"notWritten"`               // new entities that were read but not written because the run was stopped
	DroppedValues            []DroppedValue    `json:"droppedValues"`            // values that do not fit their blueprint, by property and reason
	Relations                []Relation        `json:"relations"`                // to entities of blueprints outside the mapping
	EntriesWithoutIdentifier []int             `json:"entriesWithoutIdentifier"` // entries of the mapping, from 1, that returned no identifier for any commit
	UnusedMappingEntries     []int             `json:"unusedMappingEntries"`     // entries of the mapping, from 1, whose filter passed for no commit
	EmptyDefaultBranches     []EmptyBranch     `json:"emptyDefaultBranches"`     // default branches without commits, though their repositories have coverage
	StaleRepositories        []StaleRepository `json:"staleRepositories"`        // repositories in Port that Codecov no longer lists
	Plan                     *DryRunPlan       `json:"plan"`                     // what the real run needs; nil unless it is a dry run
	Changes                  []Change          `json:"changes"`                  // in a dry run: what updates would change, at most MaxChanges
	Failures                 []Failure         `json:"failures"`
	Requests                 Requests          `json:"requests"`
	Coverage                 *AccountTrend     `json:"coverage"`  // nil when no commit has coverage
	Histories                []History         `json:"histories"` // of each repository with a replayed commit, by owner and name
	PortURL                  *string           `json:"portUrl"`
}

// NewResult returns an empty Result, with every list present.
func NewResult() Result {
	return Result{
		SchemaVersion:            SchemaVersion,
		Commits:                  CommitCounts{Skipped: map[string]int{}, Every: EveryCommit},
		CreatedBlueprints:        []string{},
		Entities:                 []EntityCounts{},
		DroppedValues:            []DroppedValue{},
		Relations:                []Relation{},
		EntriesWithoutIdentifier: []int{},
		UnusedMappingEntries:     []int{},
		EmptyDefaultBranches:     []EmptyBranch{},
		StaleRepositories:        []StaleRepository{},
		Changes:                  []Change{},
		Failures:                 []Failure{},
		Histories:                []History{},
	}
}

// EmptyBranch is a default branch without commits, after a change of the default branch for example.
type EmptyBranch struct {
	Owner      string `json:"owner"`
	Repository string `json:"repository"`
	Branch     string `json:"branch"`
	Newest     string `json:"newest"` // the branch that was updated last; "" if unknown
}

// ErrorSummary is the error that a run ended with.
type ErrorSummary struct {
	Message string `json:"message"`
	Hint    string `json:"hint"` // what to do about it; may be empty
}

// Requests counts the requests to both services.
type Requests struct {
	Codecov codecov.Counts `json:"codecov"`
	Port    port.Counts    `json:"port"`
}

// Seconds is a duration that is written to JSON as seconds with three decimals.
type Seconds time.Duration

// MarshalJSON writes the seconds as a number.
func (s Seconds) MarshalJSON() ([]byte, error) {
	return json.Marshal(math.Round(time.Duration(s).Seconds()*1000) / 1000)
}

// UnmarshalJSON reads what MarshalJSON writes.
func (s *Seconds) UnmarshalJSON(data []byte) error {
	var seconds float64
	err := json.Unmarshal(data, &seconds)
	*s = Seconds(seconds * float64(time.Second))
	return err
}

// RepositoryCounts counts the repositories of the list.
type RepositoryCounts struct {
	Listed          int `json:"listed"`
	Private         int `json:"private"`
	WithoutCoverage int `json:"withoutCoverage"` // neither active nor with totals: their commits are only read with Selection.Branches
	Read            int `json:"read"`
	Failed          int `json:"failed"`
}

// CommitCounts counts the commits.
type CommitCounts struct {
	Read     int            `json:"read"`
	Replayed int            `json:"replayed"`
	Skipped  map[string]int `json:"skipped"` // by reason
	Every    Period         `json:"every"`   // one commit of each period was replayed: the last one
}

// EntityCounts counts the entities of one blueprint.
type EntityCounts struct {
	Blueprint string `json:"blueprint"`
	Created   int    `json:"created"` // in a dry run: that would be created
	Updated   int    `json:"updated"` // in a dry run: that would be updated
	Unchanged int    `json:"unchanged"`
	Failed    int    `json:"failed"`
}

// MaxChanges is the number of changes that a Result lists at most.
const MaxChanges = 1000

// DroppedValue counts the values of one property that were left out for one reason.
type DroppedValue struct {
	Blueprint string `json:"blueprint"`
	Property  string `json:"property"`
	Reason    string `json:"reason"`
	Count     int    `json:"count"`
}

// Relation counts the entities that a relation leads from, to a blueprint outside the mapping.
type Relation struct {
	Blueprint    string   `json:"blueprint"`
	Relation     string   `json:"relation"`
	Target       string   `json:"target"`
	Related      int      `json:"related"`
	Unrelated    int      `json:"unrelated"`    // written without the relation, because Port doesn't have the related entity
	Repositories []string `json:"repositories"` // those of the unrelated entities, as owner/name
}

// DryRunPlan is what the real run needs to write what a dry run found.
type DryRunPlan struct {
	Requests          int     `json:"requests"`          // bulk requests
	Delay             Seconds `json:"delaySeconds"`      // that Port's rate limit adds; 0 if the requests fit or the limit is unknown
	MaxEntities       int     `json:"maxEntities"`       // new entities that are created without asking
	NeedsConfirmation bool    `json:"needsConfirmation"` // there are more, and Options.Yes is not set
}

// Failure is an entity that is not in Port as it should be or, without a blueprint, a repository or a list that could not be read.
type Failure struct {
	Repository string `json:"repository,omitempty"`
	Blueprint  string `json:"blueprint,omitempty"`
	Identifier string `json:"entity,omitempty"`
	Status     int    `json:"status,omitempty"` // of the response; 0 if there was none
	Code       string `json:"code"`             // one of the constants below, or an error code of Port
	Message    string `json:"message"`
	TraceID    string `json:"traceId,omitempty"`
}

// The codes of failures that are not Port's own.
const (
	CodeNoSeat           = "no_seat"             // the token's user has no activated seat (403)
	CodeProviderLimit    = "provider_rate_limit" // the git provider limits its rate (403)
	CodeProviderLogin    = "provider_login"      // the git provider rejects the user's login at Codecov (401)
	CodeNoAccess         = "no_access"           // no such repository, or none that the token's user may see (404)
	CodeOutage           = "outage"              // Codecov or the git provider is down
	CodeRowUnreadable    = "row_unreadable"      // a repository that Codecov cannot list, or whose row cannot be parsed
	CodeCommitUnreadable = "commit_unreadable"   // a commit of a repository that was read otherwise
	CodeListStopped      = "list_stopped"        // a list that cannot be read from one row on
	CodeListIncomplete   = "list_incomplete"     // a list whose rows moved while it was read
	CodeNoBranch         = "no_branch"           // a selected branch that no repository has
	CodeUnreadable       = "unreadable"          // any other error of Codecov

	CodeTaken               = "identifier_taken" // another repository of the run keeps it
	CodeOtherAccount        = "other_account"    // Port holds it for another account; Options.Adopt takes it over
	CodeForbiddenIdentifier = "identifier_forbidden"
	CodeUnsendable          = "unsendable" // larger than a request to Port may be
	CodeNoAnswer            = "no_answer"  // Port did not answer
	CodeUnfinished          = "unfinished" // of a repository: the run ended before it
)

// readFailure is the failure to read something of a repository.
func readFailure(repository string, err error) Failure {
	status, _ := statusOf(err)
	failure := Failure{Repository: repository, Status: status, Code: CodeUnreadable, Message: err.Error()}
	switch {
	case errors.As(err, new(*codecov.SkippedRowError)):
		failure.Code = CodeRowUnreadable
	case errors.As(err, new(*codecov.TruncatedListError)):
		failure.Code = CodeListStopped
	case errors.As(err, new(*codecov.IncompleteError)):
		failure.Code = CodeListIncomplete
	case errors.Is(err, codecov.ErrOutage):
		failure.Code = CodeOutage
	case errors.Is(err, codecov.ErrForbidden):
		failure.Code = CodeNoSeat
	case errors.Is(err, codecov.ErrProviderRefused) && status == http.StatusForbidden:
		failure.Code = CodeProviderLimit
	case errors.Is(err, codecov.ErrProviderRefused):
		failure.Code = CodeProviderLogin
	case errors.Is(err, codecov.ErrNotFound):
		failure.Code = CodeNoAccess
	}
	return failure
}
