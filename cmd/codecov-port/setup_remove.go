package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/codecov-port/codecov-port/internal/backfill"
	"github.com/codecov-port/codecov-port/internal/setup"
	"github.com/codecov-port/codecov-port/internal/terminal"
)

// removalDocument is the document of setup --remove --output json.
type removalDocument struct {
	DryRun bool `json:"dryRun"`
	*setup.Removal
}

// runRemove removes what setup and sync have made. It reads the account to distinguish its entities from those of others.
func runRemove(cmd *cobra.Command, streams *terminal.Streams, flags setupFlags) error {
	if err := missingVariables(cmd, portSide); err != nil {
		return err
	}
	s, err := parseSettings(cmd, streams, bothSides)
	if err != nil {
		return err
	}
	catalog, err := newPort(s)
	if err != nil {
		return err
	}
	ctx, first, end := interruptible(cmd.Context(), streams.Err)
	defer end()
	options := setup.RemoveOptions{Port: catalog, Site: backfill.Site{AppURL: s.codecovApp, Service: s.codecov.Service, Owners: s.owners}, All: flags.all, DryRun: flags.options.DryRun}
	options.Confirm = func(removal *setup.Removal) error { return confirmRemoval(streams, first.Done(), removal, flags.yes) }
	removal, err := setup.Remove(ctx, options)
	if err = explainSetup(err, s); err != nil && ctx.Err() != nil {
		err = withHint(errInterrupted, "run it again: it continues where it stopped")
	}
	switch {
	case removal != nil && flags.output == outputJSON:
		return cmp.Or(err, writeJSON(streams.Out, removalDocument{flags.options.DryRun, removal}))
	case err != nil:
		return err
	}
	text := removalText(removal)
	if len(removal.Requests) == 0 {
		text += "nothing to remove\n"
	}
	if flags.options.DryRun {
		text += requestsText(removal.Requests)
	}
	_, err = io.WriteString(streams.Out, text)
	return err
}

// confirmRemoval asks for the name of the first blueprint with entities to be typed.
func confirmRemoval(streams *terminal.Streams, stop <-chan struct{}, removal *setup.Removal, yes bool) error {
	if yes {
		return nil
	}
	question, word := "remove these?", ""
	isFull := func(b setup.RemovedBlueprint) bool { return b.Entities > 0 }
	if i := slices.IndexFunc(removal.Blueprints, isFull); i >= 0 {
		word = removal.Blueprints[i].Identifier
		question = fmt.Sprintf("type %s to remove it with %s:", word, terminal.Plural(removal.Blueprints[i].Entities, "entity"))
	}
	return confirmChange(streams, stop, removalText(removal), question, word)
}

// removalText returns a line for each thing that goes or stays.
func removalText(removal *setup.Removal) string {
	verb := "would remove"
	if removal.Removed {
		verb = "removed"
	}
	var lines []string
	for _, b := range removal.Blueprints {
		line := fmt.Sprintf("%s blueprint %s with %s", verb, b.Identifier, terminal.Plural(b.Entities, "entity"))
		var accounts []string
		for _, account := range slices.Sorted(maps.Keys(b.Accounts)) {
			accounts = append(accounts, fmt.Sprintf("%s: %s", account, terminal.Count(b.Accounts[account])))
		}
		if len(accounts) > 0 {
			line += " (" + strings.Join(accounts, ", ") + ")"
		}
		lines = append(lines, line)
	}
	for _, part := range removal.Parts {
		lines = append(lines, verb+" "+part)
	}
	for _, kept := range removal.Kept {
		lines = append(lines, "kept "+kept)
	}
	var text strings.Builder
	for _, line := range lines {
		fmt.Fprintln(&text, terminal.Safe(line))
	}
	return text.String()
}
