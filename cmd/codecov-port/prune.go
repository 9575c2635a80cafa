package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/pflag"

	"github.com/codecov-port/codecov-port/internal/backfill"
	"github.com/codecov-port/codecov-port/internal/terminal"
	"github.com/codecov-port/codecov-port/pkg/mapper"
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
func (f *pruneFlags) pruning(streams *terminal.Streams, mapping string, agreed bool) (*backfill.Prune, error) {
	if !f.prune {
		return nil, nil
	}
	if mapping != mapper.ChoiceAuto && mapping != mapper.ChoiceBuiltin {
		return nil, usage(errors.New("--prune goes with the built-in mapping alone"), "leave --mapping out")
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

func askAboutPrune(streams *terminal.Streams, stop <-chan struct{}) func([]backfill.StaleRepository) bool {
	return func(gone []backfill.StaleRepository) bool {
		var question strings.Builder
		question.WriteString("Codecov no longer has these repositories:\n")
		for _, u := range gone {
			fmt.Fprintf(&question, "  %s: %s\n", terminal.Safe(u.Owner+"/"+u.Repository), terminal.Several(u.Entities, "entity"))
		}
		question.WriteString("remove them and their history from Port?")
		return agrees(streams, stop, question.String())
	}
}
