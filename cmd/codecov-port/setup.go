package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/codecov-port/codecov-port/internal/backfill"
	"github.com/codecov-port/codecov-port/internal/setup"
	"github.com/codecov-port/codecov-port/internal/terminal"
	"github.com/codecov-port/codecov-port/pkg/port"
)

const aboutSetup = `Setup creates the blueprints codecov_coverage and codecov_commit_coverage and the webhook codecov_mapper in Port, if
they are missing, and prints the YAML that makes Codecov post to the webhook. It never changes what exists, but shows
how it differs; --update adds what is missing and keeps everything else. Run it as often as you like.`

// setupFlags are the flags of setup that are not settings.
type setupFlags struct {
	options                             setup.Options
	onlyYAML, showURL, remove, all, yes bool
	scorecard, output                   string
	branches, relate                    []string
}

func (f *setupFlags) add(flags *pflag.FlagSet) {
	flags.BoolVar(&f.options.Update, "update", false, "Add what is missing to existing blueprints and the webhook")
	flags.StringVar(&f.scorecard, "scorecard", "", "Create a scorecard with these `levels` (default 50,70,80)")
	flags.Lookup("scorecard").NoOptDefVal = "50,70,80"
	flags.BoolVar(&f.options.Dashboard, "dashboard", false, "Create a page with charts (Port's API for pages is in beta)")
	flags.StringArrayVar(&f.relate, "relate", nil, "Relate repositories to this `blueprint[=jq]` (repeatable)")
	flags.BoolVar(&f.options.RelateLive, "relate-live", false, "Also relate live events; Port may refuse those without a related entity")
	flags.BoolVar(&f.remove, "remove", false, "Remove what setup and sync have made")
	flags.BoolVar(&f.all, "all", false, "With --remove: also entities of other accounts and the unchanged built-in blueprint")
	flags.BoolVarP(&f.yes, "yes", "y", false, "Change or remove without asking")
	flags.BoolVarP(&f.options.DryRun, "dry-run", "n", false, "Show the requests without sending them")
	flags.BoolVar(&f.onlyYAML, "only-yaml", false, "Only print the YAML for Codecov")
	flags.BoolVar(&f.showURL, "show-url", false, "Show the webhook's secret address")
	addOutputFlag(flags, &f.output)
	flags.StringSliceVar(&f.branches, "branches", nil, "Only let Codecov post coverage of these `branches` (comma-separated)")
}

// check rejects flags that exclude each other.
func (f *setupFlags) check() error {
	adds := f.options.Update || f.scorecard != "" || f.options.Dashboard || len(f.relate) > 0 || f.onlyYAML || f.showURL
	switch {
	case f.remove && adds:
		return usage(errors.New("--remove excludes the flags that add or show something"), "run setup twice")
	case f.all && !f.remove:
		return usage(errors.New("--all requires --remove"), "add --remove")
	case f.options.RelateLive && len(f.relate) == 0:
		return usage(errors.New("--relate-live requires --relate"), "for example --relate service --relate-live")
	case f.showURL && (f.options.DryRun || f.output == outputJSON):
		return usage(errors.New("--show-url excludes --dry-run and --output json"), "the address is a secret: run 'codecov-port setup --show-url'")
	case f.onlyYAML && f.output == outputJSON:
		return usage(errors.New("--only-yaml excludes --output json"), "use one of them")
	}
	return f.parse()
}

// parse parses what the scorecard and relations are to be.
func (f *setupFlags) parse() error {
	if f.scorecard != "" {
		thresholds, err := setup.ParseThresholds(f.scorecard)
		if err != nil {
			return usage(fmt.Errorf("--scorecard: %w", err), "for example --scorecard=60,75,90")
		}
		f.options.Scorecard = &thresholds
	}
	for _, text := range f.relate {
		relation, err := setup.ParseRelation(text)
		if err != nil {
			return usage(fmt.Errorf("--relate: %w", err), "for example --relate service or --relate 'service=.body.repo.name'")
		}
		f.options.Relate = append(f.options.Relate, relation)
	}
	return nil
}

func newSetup(streams *terminal.Streams) *cobra.Command {
	var flags setupFlags
	cmd := &cobra.Command{
		Use:   "setup [flags]",
		Short: "Create blueprints and webhook in Port",
		Long:  aboutSetup,
		Example: `  codecov-port setup --dry-run
  codecov-port setup --branches main,release
  codecov-port setup --update
  codecov-port setup --only-yaml >codecov.yml
  codecov-port setup --remove --dry-run`,
		Args: arguments(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := flags.check(); err != nil {
				return err
			}
			if flags.remove {
				return runRemove(cmd, streams, flags)
			}
			s, err := readSettings(cmd, streams, portSide)
			if err != nil {
				return err
			}
			return runSetup(cmd.Context(), streams, s, flags)
		},
	}
	addSettingsFlags(cmd.Flags())
	flags.add(cmd.Flags())
	return cmd
}

// setupDocument is the document of --output json. It has no address of the webhook.
type setupDocument struct {
	DryRun   bool           `json:"dryRun"`
	Overview setup.Overview `json:"overview"`
	*setup.Report
}

func runSetup(ctx context.Context, streams *terminal.Streams, s settings, flags setupFlags) error {
	var err error
	if flags.options.Port, err = newPort(s); err != nil {
		return err
	}
	if asks := flags.options.Scorecard != nil || flags.options.Dashboard || len(flags.options.Relate) > 0; asks && !flags.yes {
		flags.options.Confirm = func(report *setup.Report) error {
			return confirmChange(streams, ctx.Done(), stepsText(report.Steps, isChange, true), "change Port like this?", "")
		}
	}
	report, err := setup.Run(ctx, flags.options)
	if err != nil {
		return explainSetup(err, s)
	}
	overview := report.Overview(flags.options)
	switch {
	case flags.onlyYAML && report.Webhook.URL == "":
		return withHint(errors.New("the webhook does not exist yet"), "run it without --dry-run")
	case flags.onlyYAML:
		_, err := io.WriteString(streams.Out, setup.YAML(report.Webhook.URL, flags.cleanBranches()))
		return err
	case flags.output == outputJSON:
		err = writeJSON(streams.Out, setupDocument{flags.options.DryRun, overview, report})
	default:
		_, err = io.WriteString(streams.Out, setupText(report, overview, flags, streams.Verbose > 0)+pageText(s.port.BaseURL, report, flags))
	}
	if err != nil {
		return err
	}
	warnAboutWebhook(streams, report, flags)
	if last := report.Steps[len(report.Steps)-1]; last.State == setup.Refused {
		return withHint(partial("Port refused the page: "+terminal.Safe(last.Error)), "build it by hand, see docs/charts.md; the rest of setup is done")
	}
	return nil
}

// confirmChange shows a change and asks for it: for yes, or for the word if there is one.
func confirmChange(streams *terminal.Streams, stop <-chan struct{}, change, question, word string) error {
	if !streams.Interactive() {
		return usage(errors.New("there is no terminal to ask for confirmation"), "add --yes to change Port without asking, or --dry-run to show what would change")
	}
	_, _ = io.WriteString(streams.Err, change)
	if word != "" && ask(streams, stop, question) == word || word == "" && confirm(streams, stop, question) {
		return nil
	}
	return usage(errors.New("declined: nothing was changed"), "--dry-run shows the requests")
}

func explainSetup(err error, s settings) error {
	missing := (*backfill.NoMatchError)(nil)
	switch {
	case errors.As(err, &missing):
		return usage(err, suggestion(missing.Value, missing.Known, "create the blueprint in Port first"))
	case errors.Is(err, setup.ErrRefused):
		return usage(err, "remove or change those in Port first, or run it with --all where it says so")
	case port.IsPermissionError(err):
		return withHint(err, "use the credentials of an admin of the organization")
	}
	return explainPort(err, s)
}

// cleanBranches returns the branches without blanks around their names.
func (f *setupFlags) cleanBranches() []string {
	return strings.FieldsFunc(strings.Join(f.branches, ","), func(r rune) bool { return r == ',' || r == ' ' })
}

// showsAddress reports whether the secret address is printed: if it was asked for, or was just created.
func showsAddress(report *setup.Report, flags setupFlags) bool {
	created := report.Sent && slices.ContainsFunc(report.Steps, func(step setup.Step) bool {
		return step.Kind == setup.Webhook && step.State == setup.Created
	})
	return report.Webhook.URL != "" && flags.output == outputText && (flags.showURL || created)
}

func setupText(report *setup.Report, overview setup.Overview, flags setupFlags, verbose bool) string {
	var text strings.Builder
	for _, line := range [][2]string{
		{"in Port", terminal.Safe(strings.Join(overview.Present, ", "))},
		{"missing", terminal.Safe(strings.Join(overview.Missing, ", "))},
		{"next", overview.Next},
	} {
		fmt.Fprintf(&text, "%-9s%s\n", line[0], cmp.Or(line[1], "nothing"))
	}
	text.WriteString(stepsText(report.Steps, func(step setup.Step) bool { return verbose || isLeftAlone(step) }, flags.options.DryRun))
	if flags.options.DryRun {
		text.WriteString(requestsText(report.Requests))
	}
	if address := report.Webhook.URL; showsAddress(report, flags) {
		fmt.Fprintf(&text, "\nThe webhook's address is a secret: everybody who knows it can write to Port\n  %s\n", terminal.Safe(address))
		fmt.Fprintf(&text, "\nFor Codecov › Settings › Global YAML:\n\n%s", setup.YAML(address, flags.cleanBranches()))
	}
	return text.String()
}

// pageText returns the address of the page in Port, or "" if there is no page or the address is unknown.
func pageText(apiURL string, report *setup.Report, flags setupFlags) string {
	last := report.Steps[len(report.Steps)-1]
	if last.Kind != setup.Page || last.State == setup.Refused || flags.options.DryRun || portApps[apiURL] == "" {
		return ""
	}
	return fmt.Sprintf("\nThe page in Port: %s/%s\n", portApps[apiURL], last.Identifier)
}

func isChange(step setup.Step) bool {
	return step.State == setup.Created || step.State == setup.Updated
}

// isLeftAlone reports whether a thing that was asked for exists and differs.
func isLeftAlone(step setup.Step) bool {
	return step.State == setup.Differs && step.Kind != setup.Blueprint && step.Kind != setup.Webhook
}

// stepsText returns a line for each selected step, with its diff below.
func stepsText(steps []setup.Step, selected func(setup.Step) bool, dryRun bool) string {
	var text strings.Builder
	for _, step := range steps {
		if !selected(step) {
			continue
		}
		state := fmt.Sprintf("%-8s", step.State)
		if dryRun && isChange(step) {
			state = fmt.Sprintf("would be %s:", step.State)
		}
		line := state + " " + step.String()
		switch {
		case step.State == setup.Updated:
			line += ": " + strings.Join(step.Added, ", ")
		case isLeftAlone(step):
			line += " from what setup creates, and is left alone"
		case step.State == setup.Differs && len(step.Missing) > 0:
			line += " from the built-in; --update adds: " + strings.Join(step.Missing, ", ")
		case step.State == setup.Differs:
			line += " from the built-in; nothing is missing"
		}
		text.WriteString(terminal.Safe(line) + "\n")
		for line := range strings.Lines(step.Diff) {
			text.WriteString("    " + terminal.SafeLines(line))
		}
	}
	return text.String()
}

// requestsText returns the requests with their bodies.
func requestsText(requests []port.Request) string {
	var text strings.Builder
	for _, request := range requests {
		fmt.Fprintf(&text, "\n%s %s\n", request.Method, request.Path)
		var body bytes.Buffer
		if err := json.Indent(&body, request.Body, "", "  "); err == nil { // a deletion has none
			fmt.Fprintln(&text, terminal.SafeLines(strings.TrimSpace(body.String())))
		}
	}
	return text.String()
}

// warnAboutWebhook warns about a disabled webhook and about branches.
func warnAboutWebhook(streams *terminal.Streams, report *setup.Report, flags setupFlags) {
	if !report.Webhook.Enabled {
		warn(streams, "the webhook is disabled: enable it in Port to receive new coverage")
	}
	if showsAddress(report, flags) && len(flags.cleanBranches()) == 0 {
		warn(streams, "Codecov will post the coverage of every branch, and each overwrites the repository's current state")
		advise(streams, "use --branches main to select branches")
	}
}

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
