package summary

import (
	"cmp"
	"net/http"

	"github.com/codecov-port/codecov-port/internal/backfill"
)

// advice is what somebody can do about a cause of failures, by the failure's code.
var advice = map[string]string{
	backfill.CodeNoSeat:         "the token's user has no activated seat: activate it in Codecov › Members, or use the token of one who has a seat",
	backfill.CodeProviderLogin:  "the git provider refuses the login of the token's user, the token itself is fine: sign in to Codecov again, then run sync again",
	backfill.CodeProviderLimit:  "the git provider limits its rate, the token is fine: run sync again in an hour",
	backfill.CodeNoAccess:       "there is no such repository, or the token's user may not see it: check the name and the user's access at the git provider",
	backfill.CodeOutage:         "Codecov or the git provider is down: run sync again later",
	backfill.CodeRowUnreadable:  "Codecov itself cannot answer with this row: all others were brought in; its support can mend the row",
	backfill.CodeListStopped:    "Codecov cannot list what lies behind this row, but finds it by name: name the repositories with --repo NAME",
	backfill.CodeListIncomplete: "the list changed while it was read: run sync again",
	backfill.CodeUnreadable:     "Codecov's answer is of no use: run sync again; -vv shows each request",
	backfill.CodeUnfinished:     "the run ended before all of it was in Port: run sync again, it writes what is missing",

	backfill.CodeTaken:               "one identifier names one entity: a --mapping of your own can put the account into it; --force takes over what Port holds for another account",
	backfill.CodeForbiddenIdentifier: "Port takes letters, digits and @ _ . + : \\ / = - in identifiers: a --mapping of your own can replace what it refuses",
	backfill.CodeUnsendable:          "Port takes entities of less than 1 MiB: a --mapping of your own can leave long properties out",
	backfill.CodeNoAnswer:            "Port did not answer, so it may hold them all the same: run sync again, it looks first and writes what is missing",
	backfill.CodePruneLimit:          "look at the list with --prune --dry-run; if all of it may go, raise --prune-limit",
	backfill.CodeNotRemoved:          "nothing is lost: run sync --prune again when the cause is mended",
}

// adviceByStatus is what can be done where the code is Port's own, of which it tells no list.
func adviceByStatus(status int) string {
	switch {
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		return "the credentials may not write this: give them the right in Port, or use others"
	case status == http.StatusNotFound:
		return "the blueprint, or what an entity relates to, is not in Port: 'codecov-port check' tells what is missing"
	case status == http.StatusConflict:
		return "something else changed it at the same time: run sync again"
	case status == http.StatusRequestEntityTooLarge:
		return advice[backfill.CodeUnsendable]
	case status == http.StatusBadRequest, status == http.StatusUnprocessableEntity:
		return "a value does not fit its blueprint in Port: 'codecov-port check' compares both; change the blueprint or the mapping"
	case status == http.StatusRequestTimeout, status == http.StatusTooManyRequests:
		return "Port had too much to do: run sync again later, or with a lower --port-share"
	case status >= http.StatusInternalServerError:
		return "Port is down or in trouble: run sync again later, it writes what is missing"
	}
	return ""
}

func adviceAbout(f backfill.Failure) string {
	return cmp.Or(advice[f.Code], adviceByStatus(f.Status), "run sync again; if it stays, -vv shows each request and its answer")
}
