package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/codecov-port/codecov-port/internal/setup"
	"github.com/codecov-port/codecov-port/internal/terminal"
)

// removalDocument is the document of setup --remove --output json.
type removalDocument struct {
	DryRun     bool                     `json:"dryRun"`
	Removed    bool                     `json:"removed"`
	Blueprints []setup.RemovedBlueprint `json:"blueprints"`
	Parts      []string                 `json:"parts"`
	Kept       []string                 `json:"kept"`
	Reasons    []string                 `json:"refusedBecause"`
}

// runRemove removes what setup and sync have made. It reads the account to distinguish its entities from those of others.
func runRemove(cmd *cobra.Command, streams *terminal.Streams, flags setupFlags) error {
	if err := missingVariables(cmd, portSide); err != nil {
		return err
	}
	s, err := parseSettings(cmd, bothSides)
	if err != nil {
		return err
	}
	s.log = newLog(streams)
	catalog, err := newPort(s)
	if err != nil {
		return err
	}
	ctx, first, end := interruptible(cmd.Context(), streams.Err)
	defer end()
	asking := &removalQuestion{streams: streams, stop: first.Done(), yes: flags.yes}
	removal, err := setup.Remove(ctx, setup.RemoveOptions{
		Port: catalog, Service: s.service, Owners: s.owners, AppURL: s.codecovApp, All: flags.all, DryRun: flags.dryRun, Confirm: asking.confirm,
	})
	refused := (*setup.RefusedError)(nil)
	switch {
	case errors.As(err, &refused):
		err = usage(err, "remove or change those in Port first, or run it with --all where it says so")
	case err != nil && ctx.Err() != nil:
		err = withHint(errInterrupted, "run it again: it continues where it stopped")
	case err != nil:
		err = explainSetup(err, s)
	default:
		err = asking.err
	}
	if removal == nil {
		return err
	}
	if flags.output == outputJSON {
		document := removalDocument{flags.dryRun, removal.Removed, list(removal.Blueprints), list(removal.Parts), list(removal.Kept), []string{}}
		if refused != nil {
			document.Reasons = refused.Reasons
		}
		return cmp.Or(err, writeJSON(streams.Out, document))
	}
	return cmp.Or(err, printRemoval(streams.Out, removal, flags.dryRun))
}

// list returns an empty list for nil, which JSON shows as [].
func list[T any](items []T) []T { return append([]T{}, items...) }

// removalQuestion asks before something is removed. err is why it was not.
type removalQuestion struct {
	streams *terminal.Streams
	stop    <-chan struct{}
	yes     bool
	err     error
}

func (q *removalQuestion) confirm(removal *setup.Removal) bool {
	if q.yes {
		return true
	}
	if !q.streams.Interactive() {
		q.err = usage(errors.New("setup --remove needs a terminal to ask on"), "add --yes to remove without asking, or --dry-run to show what would go")
		return false
	}
	_, _ = io.WriteString(q.streams.Err, removalText(removal, "would remove"))
	for _, b := range removal.Blueprints {
		if b.Entities == 0 {
			continue
		}
		question := fmt.Sprintf("type %s to remove it with %s:", b.Identifier, terminal.Plural(b.Entities, "entity"))
		if ask(q.streams, q.stop, question) != b.Identifier {
			q.err = usage(errors.New("declined: nothing was removed"), "type the name as it is shown")
			return false
		}
		return true
	}
	if !confirm(q.streams, q.stop, "remove these?") {
		q.err = usage(errors.New("declined: nothing was removed"), "--dry-run shows what would go")
		return false
	}
	return true
}

// removalText returns a line for each thing that goes or stays.
func removalText(removal *setup.Removal, verb string) string {
	var text strings.Builder
	for _, b := range removal.Blueprints {
		line := fmt.Sprintf("%s blueprint %s with %s", verb, b.Identifier, terminal.Plural(b.Entities, "entity"))
		var accounts []string
		for _, account := range slices.Sorted(maps.Keys(b.Accounts)) {
			accounts = append(accounts, fmt.Sprintf("%s: %s", account, terminal.Count(b.Accounts[account])))
		}
		if len(accounts) > 0 {
			line += " (" + strings.Join(accounts, ", ") + ")"
		}
		fmt.Fprintln(&text, terminal.Safe(line))
	}
	for _, part := range removal.Parts {
		fmt.Fprintf(&text, "%s %s\n", verb, terminal.Safe(part))
	}
	for _, kept := range removal.Kept {
		fmt.Fprintf(&text, "kept %s\n", terminal.Safe(kept))
	}
	return text.String()
}

func printRemoval(w io.Writer, removal *setup.Removal, dryRun bool) error {
	verb := "removed"
	if dryRun {
		verb = "would remove"
	}
	text := removalText(removal, verb)
	if len(removal.Requests) == 0 {
		text += "nothing to remove\n"
	}
	if dryRun {
		var requests strings.Builder
		if err := printRequests(&requests, removal.Requests); err != nil {
			return err
		}
		text += requests.String()
	}
	_, err := io.WriteString(w, text)
	return err
}

// confirmAdditions returns how to ask before the additions of --scorecard, --dashboard and --relate, and nil if there is
// nothing to ask. A refusal is stored in failure.
func confirmAdditions(ctx context.Context, streams *terminal.Streams, flags setupFlags, failure *error) func(*setup.Report) bool {
	if flags.yes || flags.scorecard == "" && len(flags.relate) == 0 {
		return nil
	}
	return func(report *setup.Report) bool {
		if !streams.Interactive() {
			*failure = usage(errors.New("setup --scorecard and --relate change Port, and there is no terminal to ask on"),
				"add --yes to change it without asking, or --dry-run to show what would change")
			return false
		}
		var text strings.Builder
		for _, step := range report.Steps {
			if step.State == setup.Created || step.State == setup.Updated {
				text.WriteString(stepText(step, true))
			}
		}
		_, _ = io.WriteString(streams.Err, text.String())
		if !confirm(streams, ctx.Done(), "change Port like this?") {
			*failure = usage(errors.New("declined: nothing was changed"), "--dry-run shows the requests")
			return false
		}
		return true
	}
}
