package main

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/codecov-port/codecov-port/internal/backfill"
	"github.com/codecov-port/codecov-port/internal/setup"
	"github.com/codecov-port/codecov-port/internal/terminal"
	"github.com/codecov-port/codecov-port/pkg/mapper"
	"github.com/codecov-port/codecov-port/pkg/port"
)

// hintAtLiveEvents tells, at the end of a run that wrote the history, where live events will not extend it. It says
// nothing where the webhook cannot be read.
func hintAtLiveEvents(streams *terminal.Streams, o backfill.Options, read webhookReader) {
	if o.DryRun || !slices.Contains(o.Mapping.Blueprints(), mapper.HistoryBlueprint) {
		return
	}
	webhook, err := read()
	cause := "has no entry for " + mapper.HistoryBlueprint + ": 'codecov-port setup --update' adds it"
	switch {
	case errors.Is(err, port.ErrNotFound):
		cause = "does not exist: 'codecov-port setup' creates it"
	case err != nil, setup.LiveExtendsHistory(webhook):
		return
	case !webhook.Enabled:
		cause = "is disabled: enable it in Port"
	}
	advise(streams, "new coverage will not extend the history: Port's webhook %s %s", mapper.WebhookIdentifier, cause)
}

// hintAtPrune tells, at the end of a run, how to get rid of what Codecov's lists do not have, where that can be done.
func (r syncRun) hintAtPrune(result *backfill.Result) {
	if len(result.StaleRepositories) > 0 && r.options.Mapping.NamesAsBuiltin() {
		advise(r.streams, "codecov-port prune removes repositories from Port that Codecov no longer has")
	}
}

// warnAboutNothing tells where repositories have no commits that the selection asks for: a branch may be misspelt.
func warnAboutNothing(streams *terminal.Streams, o backfill.Options, r *backfill.Result) {
	selective := len(o.Branches) > 0 || !o.Since.IsZero()
	if !selective || r.Repositories.Read == 0 || r.Commits.Read > 0 {
		return
	}
	have, where := "have", ""
	if r.Repositories.Read == 1 {
		have = "has"
	}
	if len(o.Branches) > 0 {
		where = " on " + strings.Join(o.Branches, " or ")
	}
	if !o.Since.IsZero() {
		where += " since " + o.Since.Format(time.DateOnly)
	}
	warn(streams, "%s %s no commits%s", terminal.Several(r.Repositories.Read, "repository"), have, where)
}

// warnAboutIdle tells of entries of the mapping whose filter never passed, which may be meant so.
func warnAboutIdle(streams *terminal.Streams, r *backfill.Result) {
	for _, entry := range r.UnusedMappingEntries {
		warn(streams, "entry %d of the mapping gave nothing: its filter passed on no commit", entry)
	}
}

// warnAboutAccess tells where the token sees less than its owner may believe: Codecov leaves private repositories out of
// its lists without a word.
func warnAboutAccess(streams *terminal.Streams, o backfill.Options, r *backfill.Result) {
	switch {
	case o.Narrowed() && r.Repositories.Listed == 0 && len(r.Failures) == 0:
		warn(streams, "no repository of %s matches --repo %s", strings.Join(o.Owners, ", "), strings.Join(o.Repositories, " "))
	case o.Narrowed() || r.Repositories.Private > 0:
	case r.Repositories.Listed == 0:
		warn(streams, "the token sees no repository of %s", strings.Join(o.Owners, ", "))
	default:
		warn(streams, "the token sees no private repository of %s: where there are any, %s", strings.Join(o.Owners, ", "), seeMore)
	}
}

const seeMore = "the token's user lacks access to them, or the git provider refuses the user's login at Codecov"
