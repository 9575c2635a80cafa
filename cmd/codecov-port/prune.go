package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/pflag"

	"github.com/codecov-port/codecov-port/internal/ui"
	"github.com/codecov-port/codecov-port/pkg/backfill"
)

const pruneLimitFlag = "prune-limit"

// pruneFlags say what becomes of repositories that Codecov no longer has.
type pruneFlags struct {
	prune bool
	limit string
}

func (f *pruneFlags) bind(flags *pflag.FlagSet) {
	flags.BoolVar(&f.prune, "prune", false, "remove from Port, with their history, the repositories that Codecov says it no longer has")
	flags.StringVar(&f.limit, pruneLimitFlag, "20%", "remove nothing when more than this share of an account's repositories in Port would go")
}

// pruning gives what the flags come to: nil without --prune. Somebody must be there to agree, or have agreed beforehand.
func (f *pruneFlags) pruning(streams *ui.Streams, agreed bool) (*backfill.Prune, error) {
	if !f.prune {
		return nil, nil
	}
	limit, err := parseShare(pruneLimitFlag, f.limit)
	if err != nil {
		return nil, usage(err, "for example --prune-limit 10%")
	}
	if !agreed && !streams.Interactive() {
		return nil, usage(errors.New("--prune removes entities from Port, and there is no terminal to ask on"), "--yes agrees beforehand; --dry-run tells what would go")
	}
	return &backfill.Prune{Limit: limit}, nil
}

func askAboutPrune(streams *ui.Streams, stop <-chan struct{}) func([]backfill.Unlisted) bool {
	return func(gone []backfill.Unlisted) bool {
		var question strings.Builder
		question.WriteString("Codecov no longer has these repositories:\n")
		for _, u := range gone {
			fmt.Fprintf(&question, "  %s: %s\n", ui.Safe(title(u)), several(u.Entities, "entity"))
		}
		question.WriteString("remove them and their history from Port?")
		return agrees(streams, stop, question.String())
	}
}

const shownUnlisted = 10

// unlisted tells of the repositories that Port holds and that Codecov's lists do not have.
func (s *sheet) unlisted(r *backfill.Result) {
	if len(r.Unlisted) == 0 {
		return
	}
	var names []string
	for _, u := range r.Unlisted[:min(shownUnlisted, len(r.Unlisted))] {
		names = append(names, title(u))
	}
	if more := len(r.Unlisted) - shownUnlisted; more > 0 {
		names = append(names, fmt.Sprintf("and %s more", ui.Count(more)))
	}
	s.line("not listed", "%s of Port's repositories by Codecov: %s", ui.Count(len(r.Unlisted)), strings.Join(names, ", "))
	for _, u := range r.Unlisted {
		switch {
		case u.Removed:
			s.line(verb(r, "pruned", "would prune"), "%s: %s", title(u), several(u.Entities, "entity"))
		case u.Entities > 0:
			s.line("pruned partly", "%s: %s: %s", title(u), several(u.Entities, "entity"), u.Kept)
		case u.Kept != "":
			s.line("kept", "%s: %s", title(u), u.Kept)
		}
	}
}

func title(u backfill.Unlisted) string { return u.Owner + "/" + u.Repository }

// hintAtPrune tells, at the end of a run, how to get rid of what Codecov's lists do not have, where that can be done.
func (r syncRun) hintAtPrune(result *backfill.Result) {
	if len(result.Unlisted) > 0 && r.options.Prune == nil && r.options.Mapping.NamesAsBuiltin() {
		advise(r.streams, "sync --prune removes from Port the repositories that Codecov no longer has; with --dry-run it tells which")
	}
}
