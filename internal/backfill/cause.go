package backfill

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/codecov-port/codecov-port/pkg/codecov"
)

// The codes of failures to read from Codecov, a cause each.
const (
	CodeNoSeat         = "no_seat"             // the token's user has no activated seat (403)
	CodeProviderLimit  = "provider_rate_limit" // the git provider limits its rate (403)
	CodeProviderLogin  = "provider_login"      // the git provider refuses the user's login at Codecov (401)
	CodeNoAccess       = "no_access"           // no such repository, or none that the token's user may see (404)
	CodeOutage         = "outage"              // Codecov or the git provider is down
	CodeRowUnreadable  = "row_unreadable"      // a row that Codecov cannot answer with, or that cannot be read
	CodeListStopped    = "list_stopped"        // a list that cannot be read from one row on
	CodeListIncomplete = "list_incomplete"     // a list whose rows moved while it was read
)

// codeOf gives the code for an error of the Codecov client.
func codeOf(err error) string {
	var (
		row        *codecov.SkippedRowError
		stopped    *codecov.TruncatedListError
		incomplete *codecov.IncompleteError
	)
	switch {
	case errors.As(err, &row):
		return CodeRowUnreadable
	case errors.As(err, &stopped):
		return CodeListStopped
	case errors.As(err, &incomplete):
		return CodeListIncomplete
	case errors.Is(err, codecov.ErrOutage):
		return CodeOutage
	case errors.Is(err, codecov.ErrForbidden):
		return CodeNoSeat
	case errors.Is(err, codecov.ErrProviderRefused):
		if statusOf(err) == http.StatusForbidden {
			return CodeProviderLimit
		}
		return CodeProviderLogin
	case errors.Is(err, codecov.ErrNotFound), errors.Is(err, errNoSuchRepository):
		return CodeNoAccess
	}
	return CodeUnreadable
}

// statusOf gives the status of the answer that an error of the Codecov client is about; 0 where there was none.
func statusOf(err error) int {
	if apiError := (*codecov.APIError)(nil); errors.As(err, &apiError) {
		return apiError.Status
	}
	return 0
}

// unreadable is the failure to read something of a repository.
func unreadable(repository string, err error) Failure {
	return Failure{Repository: repository, Status: statusOf(err), Code: codeOf(err), Message: err.Error()}
}

// repositoryLeftOut names a row that the list of repositories left out.
func (t *tally) repositoryLeftOut(row *codecov.SkippedRowError) {
	t.count(func(r *Result) {
		r.Repositories.Failed++
		r.Failures = append(r.Failures, unreadable(row.Name, row))
	})
}

// listCut names a list of repositories that was not given to its end, of which some were reached by name.
func (t *tally) listCut(cause error, reached int) {
	failure := unreadable("", cause)
	if reached > 0 {
		failure.Message += fmt.Sprintf("; %d more are known by the names that Port holds", reached)
	}
	t.count(func(r *Result) { r.Failures = append(r.Failures, failure) })
}

// commitsMissing names what is missing of a repository that was read otherwise.
func (t *tally) commitsMissing(repository string, cause error) {
	t.count(func(r *Result) { r.Failures = append(r.Failures, unreadable(repository, cause)) })
}
