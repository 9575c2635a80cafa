package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/codecov-port/codecov-port/internal/ui"
	"github.com/codecov-port/codecov-port/pkg/backfill"
)

// causes are the causes of failures that somebody can do something about, in the order in which they are told.
var causes = []struct{ code, advice string }{
	{backfill.CodeNoSeat, "the token's user has no activated seat: activate it in Codecov › Members, or use the token of one who has a seat"},
	{backfill.CodeProviderLogin, "the git provider refuses the login of the token's user, the token itself is fine: sign in to Codecov again, then run sync again"},
	{backfill.CodeProviderLimit, "the git provider limits its rate, the token is fine: run sync again in an hour"},
	{backfill.CodeNoAccess, "there is no such repository, or the token's user may not see it: check the name and the user's access at the git provider"},
	{backfill.CodeOutage, "Codecov or the git provider is down: run sync again later"},
	{backfill.CodeRowUnreadable, "Codecov itself cannot answer with this row: all others were brought in; its support can mend the row"},
	{backfill.CodeListStopped, "Codecov cannot list what lies behind this row, but finds it by name: name the repositories with --repo NAME"},
	{backfill.CodeListIncomplete, "the list changed while it was read: run sync again"},
}

// printAdvice tells what can be done about the failures, a line a cause.
func printAdvice(text *strings.Builder, failures []backfill.Failure) {
	for _, cause := range causes {
		if slices.ContainsFunc(failures, func(f backfill.Failure) bool { return f.Blueprint == "" && f.Code == cause.code }) {
			fmt.Fprintf(text, "hint          %s: %s\n", cause.code, cause.advice)
		}
	}
}

// warnAboutAccess tells where the token sees less than its owner may believe: Codecov leaves private repositories out of
// its lists without a word.
func warnAboutAccess(w io.Writer, o backfill.Options, r *backfill.Result) {
	switch {
	case o.Narrowed() || r.Repositories.Private > 0:
	case r.Repositories.Listed == 0:
		_, _ = fmt.Fprintf(w, "warning: the token sees no repository of %s\n", ui.Safe(strings.Join(o.Owners, ", ")))
	default:
		_, _ = fmt.Fprintf(w, "warning: the token sees no private repository of %s: where there are any, %s\n", ui.Safe(strings.Join(o.Owners, ", ")), seeMore)
	}
}

const seeMore = "the token's user lacks access to them, or the git provider refuses the user's login at Codecov"
