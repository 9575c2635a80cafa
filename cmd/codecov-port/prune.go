package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/codecov-port/codecov-port/internal/prune"
	"github.com/codecov-port/codecov-port/internal/terminal"
	"github.com/codecov-port/codecov-port/pkg/mapper"
)

const aboutPrune = `Prune removes repositories from Port that Codecov no longer has, with their history. It asks Codecov for each
repository that is not listed, and only removes those that Codecov answers it doesn't have. It shows them and asks first.

A name that was used again mixes two histories in Port. --history looks for commits that Codecov doesn't have, too;
commits whose data was erased at Codecov look the same.`

type pruneFlags struct {
	options                prune.Options
	limit, mapping, output string
}

func newPrune(streams *terminal.Streams) *cobra.Command {
	var flags pruneFlags
	cmd := &cobra.Command{
		Use:   "prune [flags]",
		Short: "Remove repositories that Codecov no longer has",
		Long:  aboutPrune,
		Example: `  codecov-port prune --dry-run
  codecov-port prune --yes --limit 5%`,
		Args: arguments(0),
		RunE: func(cmd *cobra.Command, _ []string) error { return runPrune(cmd, streams, flags) },
	}
	addSettingsFlags(cmd.Flags())
	addMappingFlag(cmd.Flags(), &flags.mapping)
	cmd.Flags().BoolVarP(&flags.options.DryRun, "dry-run", "n", false, "Show what would be removed without removing anything")
	cmd.Flags().BoolVar(&flags.options.History, "history", false, "Also remove commits of listed repositories that Codecov doesn't have")
	cmd.Flags().BoolVarP(&flags.options.Yes, "yes", "y", false, "Remove without asking")
	cmd.Flags().StringVar(&flags.limit, "limit", "20%", "Remove nothing if more than this `share` of an account's repositories in Port would go")
	addOutputFlag(cmd.Flags(), &flags.output)
	return cmd
}

func runPrune(cmd *cobra.Command, streams *terminal.Streams, flags pruneFlags) error {
	ctx, first, end := interruptible(cmd.Context(), streams.Err)
	defer end()
	result, err := pruneWith(ctx, first, cmd, streams, flags)
	if flags.output == outputText {
		if err != nil && len(result.Repositories)+len(result.Failures) == 0 {
			return err // nothing was done
		}
		return cmp.Or(err, printPrune(streams.Out, result))
	}
	result.DryRun, result.Version, result.ExitCode = flags.options.DryRun, version().Version, exitCode(err)
	result.Interrupted = result.Interrupted || result.ExitCode == exitInterrupted
	result.Complete, result.Error = result.Complete && err == nil, errorSummary(err)
	return cmp.Or(err, writeJSON(streams.Out, result))
}

// pruneWith returns a result with every error, too. first ends when the run is to finish what is under way and stop.
func pruneWith(ctx, first context.Context, cmd *cobra.Command, streams *terminal.Streams, flags pruneFlags) (prune.Result, error) {
	none := prune.NewResult()
	o, err := flags.options, error(nil)
	if o.Limit, err = parseShare("limit", flags.limit); err != nil {
		return none, usage(err, "for example --limit 10%")
	}
	if !o.Yes && !o.DryRun && !streams.Interactive() {
		return none, usage(errors.New("prune removes entities from Port, and there is no terminal to ask on"), "add --yes to remove without asking, or --dry-run to show what would go")
	}
	s, err := readSettings(cmd, streams, bothSides)
	if err != nil {
		return none, err
	}
	o.Owners, o.AppURL, o.Log = s.owners, s.codecovApp, s.log
	o.Ask, o.Stop = askAboutPrune(streams, first.Done()), first.Done()
	if o.Codecov, err = newCodecov(s); err != nil {
		return none, err
	}
	if o.Port, err = newPort(s); err != nil {
		return none, err
	}
	choice, err := readChoice(flags.mapping, streams.In)
	if err != nil {
		return none, err
	}
	o.Mapping, err = chooseMapping(choice, newWebhookReader(first, o.Port), nil, mapper.Options{Now: time.Now(), Service: s.codecov.Service}, streams)
	if err != nil {
		return none, explain(ctx, err, s, o.Codecov)
	}
	result, err := prune.Run(ctx, o)
	switch {
	case errors.Is(err, prune.ErrMapping):
		err = usage(err, "prune can't determine which repository an entity belongs to; if sync runs with --mapping builtin, run prune with it, too")
	case err != nil:
		err = explain(ctx, err, s, o.Codecov)
	case result.Interrupted:
		err = withHint(errInterrupted, "run prune again to remove the rest")
	case !result.Complete:
		err = partial(terminal.Plural(len(result.Failures), "failure"))
	}
	return *result, err
}

func askAboutPrune(streams *terminal.Streams, stop <-chan struct{}) func([]prune.Repository) bool {
	return func(going []prune.Repository) bool {
		lists := make(map[bool]string) // true: of old commits
		for _, r := range going {
			lists[r.HistoryOnly] += fmt.Sprintf("  %s: %s\n", terminal.Safe(prunedName(r)), terminal.Plural(r.Entities, "entity"))
		}
		question := "remove them from Port?"
		if commits := lists[true]; commits != "" {
			question = "Codecov doesn't have these commits (erased data looks the same):\n" + commits + question
		}
		if repositories := lists[false]; repositories != "" {
			question = "Codecov no longer has these repositories:\n" + repositories + question
		}
		return confirm(streams, stop, question)
	}
}

func prunedName(r prune.Repository) string {
	name := r.Owner + "/" + r.Name
	switch {
	case r.HistoryOnly:
		name += " (old commits)"
	case r.RenamedTo != "":
		name += " (now " + r.RenamedTo + ")"
	}
	return name
}

// printPrune writes a line for each repository and failure, and the sum.
func printPrune(w io.Writer, r prune.Result) error {
	var text strings.Builder
	line := func(label, format string, args ...any) {
		fmt.Fprintf(&text, "%-15s%s\n", label, terminal.Safe(fmt.Sprintf(format, args...)))
	}
	removed, would := "removed", ""
	if r.DryRun {
		removed, would = "would remove", "would be "
	}
	repositories, entities := 0, 0
	for _, c := range r.Repositories {
		name := prunedName(c)
		entities += c.Entities
		if c.Removed && !c.HistoryOnly {
			repositories++
		}
		switch {
		case c.Removed:
			line(removed, "%s: %s", name, terminal.Plural(c.Entities, "entity"))
		case c.Entities > 0:
			line("removed partly", "%s: %s: %s", name, terminal.Plural(c.Entities, "entity"), c.Kept)
		case c.Kept != "":
			line("kept", "%s: %s", name, c.Kept)
		}
	}
	for _, failure := range r.Failures {
		if failure.Repository == "" {
			line("failed", "%s", failure.Message)
		}
	}
	fmt.Fprintf(&text, "%s (%s) %sremoved from Port\n", terminal.Plural(repositories, "repository"), terminal.Plural(entities, "entity"), would)
	_, err := io.WriteString(w, text.String())
	return err
}
