package backfill

import (
	"errors"
	"net/http"

	"github.com/codecov-port/codecov-port/pkg/codecov"
)

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
	return Failure{Repository: repository, Status: status, Code: readCode(err, status), Message: err.Error()}
}

func readCode(err error, status int) string {
	var (
		row        *codecov.SkippedRowError
		truncated  *codecov.TruncatedListError
		incomplete *codecov.IncompleteError
	)
	switch {
	case errors.As(err, &row):
		return CodeRowUnreadable
	case errors.As(err, &truncated):
		return CodeListStopped
	case errors.As(err, &incomplete):
		return CodeListIncomplete
	case errors.Is(err, codecov.ErrOutage):
		return CodeOutage
	case errors.Is(err, codecov.ErrForbidden):
		return CodeNoSeat
	case errors.Is(err, codecov.ErrProviderRefused):
		if status == http.StatusForbidden {
			return CodeProviderLimit
		}
		return CodeProviderLogin
	case errors.Is(err, codecov.ErrNotFound):
		return CodeNoAccess
	}
	return CodeUnreadable
}
