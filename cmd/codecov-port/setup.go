package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/codecov-port/codecov-port/internal/setup"
	"github.com/codecov-port/codecov-port/internal/terminal"
	"github.com/codecov-port/codecov-port/pkg/port"
)

const aboutSetup = `Setup creates the blueprints codecov_coverage and codecov_commit_coverage and the webhook codecov_mapper in Port, if
they are missing, and prints the YAML that makes Codecov post to the webhook. It never changes what exists, but shows
how it differs; --update adds what is missing and keeps everything else. Run it as often as you like.`

// setupFlags are the flags of setup that are not settings.
type setupFlags struct {
	update, dryRun, onlyYAML bool
	branches                 []string
}

func (f *setupFlags) add(flags *pflag.FlagSet) {
	flags.BoolVar(&f.update, "update", false, "Add what is missing to existing blueprints and the webhook")
	flags.BoolVarP(&f.dryRun, "dry-run", "n", false, "Show the requests without sending them")
	flags.BoolVar(&f.onlyYAML, "only-yaml", false, "Only print the YAML for Codecov")
	flags.StringSliceVar(&f.branches, "branches", nil, "Only let Codecov post coverage of these `branches` (comma-separated)")
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
  codecov-port setup --only-yaml >codecov.yml`,
		Args: arguments(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := readSettings(cmd, portSide)
			if err != nil {
				return err
			}
			s.log = newLog(streams)
			return runSetup(cmd.Context(), streams, s, flags)
		},
	}
	addSettingsFlags(cmd.Flags(), portSide)
	flags.add(cmd.Flags())
	return cmd
}

func runSetup(ctx context.Context, streams *terminal.Streams, s settings, flags setupFlags) error {
	catalog, err := newPort(s)
	if err != nil {
		return err
	}
	report, err := setup.Run(ctx, setup.Options{Port: catalog, Update: flags.update, DryRun: flags.dryRun})
	if err != nil {
		return explainSetup(err, s)
	}
	if flags.onlyYAML {
		return printOnlyYAML(streams.Out, report, flags)
	}
	if err := printSetup(streams.Out, report, flags); err != nil {
		return err
	}
	warnAboutWebhook(streams, report, flags)
	return nil
}

func explainSetup(err error, s settings) error {
	if port.IsPermissionError(err) {
		return withHint(err, "use the credentials of an admin of the organization")
	}
	return explainPort(err, s)
}

// cleanBranches returns the branches without blanks around their names.
func (f *setupFlags) cleanBranches() []string {
	var branches []string
	for _, branch := range f.branches {
		branches = append(branches, strings.TrimSpace(branch))
	}
	return slices.DeleteFunc(branches, func(branch string) bool { return branch == "" })
}

func printOnlyYAML(w io.Writer, report *setup.Report, flags setupFlags) error {
	if report.Webhook.URL == "" {
		return withHint(errors.New("the webhook does not exist yet"), "run it without --dry-run")
	}
	_, err := io.WriteString(w, setup.YAML(report.Webhook.URL, flags.cleanBranches()))
	return err
}

func printSetup(w io.Writer, report *setup.Report, flags setupFlags) error {
	var text strings.Builder
	for _, step := range report.Steps {
		text.WriteString(stepText(step, flags.dryRun))
	}
	if flags.dryRun {
		if err := printRequests(&text, report.Requests); err != nil {
			return err
		}
	}
	if address := report.Webhook.URL; address != "" {
		fmt.Fprintf(&text, "\nThe webhook's address is a secret: everybody who knows it can write to Port\n  %s\n", terminal.Safe(address))
		fmt.Fprintf(&text, "\nFor Codecov › Settings › Global YAML:\n\n%s", setup.YAML(address, flags.cleanBranches()))
	}
	_, err := io.WriteString(w, text.String())
	return err
}

// stepText returns a line for a step, with its diff below.
func stepText(step setup.Step, dryRun bool) string {
	line := fmt.Sprintf("%-8s %s %s", step.State, step.Kind, step.Identifier)
	if wouldChange := step.State == setup.Created || step.State == setup.Updated; dryRun && wouldChange {
		line = fmt.Sprintf("would be %s: %s %s", step.State, step.Kind, step.Identifier)
	}
	lacks := terminal.Safe(strings.Join(step.Missing, ", "))
	switch {
	case step.State == setup.Updated:
		line += ": " + terminal.Safe(strings.Join(step.Added, ", "))
	case step.State == setup.Differs && lacks != "":
		line += " from the built-in; --update adds: " + lacks
	case step.State == setup.Differs:
		line += " from the built-in; nothing is missing"
	}
	return line + "\n" + indented(step.Diff)
}

func indented(text string) string {
	var lines strings.Builder
	for line := range strings.Lines(text) {
		lines.WriteString("    " + terminal.SafeLines(line))
	}
	return lines.String()
}

func printRequests(text *strings.Builder, requests []port.Request) error {
	for _, request := range requests {
		var body bytes.Buffer
		if len(request.Body) == 0 { // a deletion
			fmt.Fprintf(text, "\n%s %s\n", request.Method, request.Path)
			continue
		}
		if err := json.Indent(&body, request.Body, "", "  "); err != nil {
			return fmt.Errorf("show the request %s %s: %w", request.Method, request.Path, err)
		}
		fmt.Fprintf(text, "\n%s %s\n%s\n", request.Method, request.Path, terminal.SafeLines(strings.TrimSpace(body.String())))
	}
	return nil
}

// warnAboutWebhook warns about a disabled webhook and about branches.
func warnAboutWebhook(streams *terminal.Streams, report *setup.Report, flags setupFlags) {
	if !report.Webhook.Enabled {
		warn(streams, "the webhook is disabled: enable it in Port to receive new coverage")
	}
	if report.Webhook.URL != "" && len(flags.cleanBranches()) == 0 {
		warn(streams, "Codecov will post the coverage of every branch, and each overwrites the repository's current state")
		advise(streams, "use --branches main to select branches")
	}
}
