package terminal

import (
	"cmp"
	"net/http"

	"github.com/codecov-port/codecov-port/internal/backfill"
)

// hints are the remedies for failures, by code.
var hints = map[string]string{
	backfill.CodeNoSeat:           "activate a seat for the token's user in Codecov › Members, or use another user's token",
	backfill.CodeProviderLogin:    "sign in to Codecov again as the token's user: the git provider rejects the login, the token itself works",
	backfill.CodeProviderLimit:    "run sync again in an hour: the git provider limits Codecov's requests",
	backfill.CodeNoAccess:         "check the name, and the access of the token's user at the git provider",
	backfill.CodeOutage:           "run sync again later: Codecov or the git provider is down",
	backfill.CodeRowUnreadable:    "ask Codecov's support to repair the row; everything else was read",
	backfill.CodeCommitUnreadable: "ask Codecov's support to repair these commits; the others of the repository were read",
	backfill.CodeListStopped:      "name the repositories with --repo NAME: Codecov finds them by name, but cannot list what follows this row",
	backfill.CodeListIncomplete:   "run sync again: the list changed while it was read",
	backfill.CodeNoBranch:         "check the name: branches are case-sensitive",
	backfill.CodeUnreadable:       "run sync again; -vv logs every request",
	backfill.CodeUnfinished:       "run sync again: it writes what is missing",

	backfill.CodeTaken:               "put the owner into the identifier with a --mapping of your own",
	backfill.CodeOtherAccount:        "if the account was renamed, run sync --adopt; otherwise put the owner into the identifier with a --mapping of your own",
	backfill.CodeForbiddenIdentifier: "use a --mapping that replaces other characters: Port only allows letters, digits and @ _ . + : \\ / = -",
	backfill.CodeUnsendable:          "use a --mapping that leaves long properties out: an entity must be smaller than 1 MiB",
	backfill.CodeNoAnswer:            "run sync again: Port may have stored them, and sync compares first",
}

// statusHints are the remedies for failures with a code of Port's, by the status of the response. 500 stands for all above it.
var statusHints = map[int]string{
	http.StatusBadRequest:            valueHint,
	http.StatusUnauthorized:          permissionHint,
	http.StatusForbidden:             permissionHint,
	http.StatusNotFound:              "run codecov-port check: the blueprint or a related entity is missing in Port",
	http.StatusRequestTimeout:        overloadHint,
	http.StatusConflict:              "run sync again: something else changed the entity at the same time",
	http.StatusRequestEntityTooLarge: hints[backfill.CodeUnsendable],
	http.StatusUnprocessableEntity:   valueHint,
	http.StatusTooManyRequests:       overloadHint,
	http.StatusInternalServerError:   "run sync again later: Port is down",
}

const (
	permissionHint = "use credentials that may write entities in Port"
	valueHint      = "change the blueprint or the mapping: a value does not fit; codecov-port check compares them"
	overloadHint   = "run sync again later, or with a lower --port-share: Port was overloaded"
)

// hintFor returns the remedy for a failure.
func hintFor(f backfill.Failure) string {
	return cmp.Or(hints[f.Code], statusHints[min(f.Status, http.StatusInternalServerError)], "run sync again with -vv, which logs every request")
}
