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
	"github.com/spf13/viper"

	"github.com/codecov-port/codecov-port/internal/setup"
	"github.com/codecov-port/codecov-port/internal/terminal"
	"github.com/codecov-port/codecov-port/pkg/port"
)

const aboutSetup = `Make Port ready: create what is missing of the blueprints codecov_coverage and codecov_commit_coverage and of the
webhook codecov_mapper, which brings new coverage in from now on. Then print the webhook's address and the YAML
that makes Codecov post to it. What exists is never altered unasked; where it differs from the built-in, the
difference is shown, and --update adds what is missing and keeps everything else. Running it again is harmless.

`

// setupFlags are the flags of setup that are no settings.
type setupFlags struct {
	update, dryRun, onlyYAML bool
	branches                 []string
}

func (f *setupFlags) bind(flags *pflag.FlagSet) {
	flags.BoolVar(&f.update, "update", false, "add to what exists what it lacks, and keep everything of yours")
	flags.BoolVar(&f.dryRun, "dry-run", false, "change nothing, and show the requests that would be sent")
	flags.BoolVar(&f.onlyYAML, "only-yaml", false, "print the YAML for Codecov alone, for a pipe")
	flags.StringSliceVar(&f.branches, "branches", nil, "branches that Codecov shall tell of, with commas between them; none: all")
}

func newSetup(streams *terminal.Streams) *cobra.Command {
	var flags setupFlags
	values := viper.New()
	cmd := &cobra.Command{
		Use:   "setup",
		Short: "Create the blueprints and the webhook in Port, and print the YAML for Codecov",
		Long:  aboutSetup + aboutVariables(portSide) + "\n\n" + exitCodes,
		Example: `  codecov-port setup --dry-run
  codecov-port setup --branches main,release
  codecov-port setup --update
  codecov-port setup --only-yaml >codecov.yml`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := readSettings(values, portSide)
			if err != nil {
				return err
			}
			s.log = newLog(streams)
			return runSetup(cmd.Context(), streams, s, flags)
		},
	}
	bindSettings(cmd, values, portSide)
	flags.bind(cmd.Flags())
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
	warnOfSetup(streams, report, flags)
	return nil
}

func explainSetup(err error, s settings) error {
	if port.IsPermissionError(err) {
		return withHint(err, "the credentials of an organisation's admin may do this")
	}
	return explainPort(err, s)
}

// explainPort adds what the user can do about credentials that Port refuses.
func explainPort(err error, s settings) error {
	if !errors.Is(err, port.ErrUnauthorized) {
		return err
	}
	hint := "check both, and the address: " + s.portURL + " was asked"
	switch s.portURL {
	case port.EUBaseURL:
		hint = "check both, and the region: eu was asked; for the other one set PORT_REGION=us"
	case port.USBaseURL:
		hint = "check both, and the region: us was asked; for the other one set PORT_REGION=eu"
	}
	return withHint(fmt.Errorf("port refuses PORT_CLIENT_ID and PORT_CLIENT_SECRET: %w", err), hint)
}

// cleanBranches gives the branches without the blanks around their names.
func (f *setupFlags) cleanBranches() []string {
	var branches []string
	for _, branch := range f.branches {
		branches = append(branches, strings.TrimSpace(branch))
	}
	return slices.DeleteFunc(branches, func(branch string) bool { return branch == "" })
}

func printOnlyYAML(w io.Writer, report *setup.Report, flags setupFlags) error {
	if report.Webhook.URL == "" {
		return withHint(errors.New("the webhook's address is not known before the webhook is created"), "leave --dry-run out")
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
		fmt.Fprintf(&text, "\nThe webhook's address, which is a secret: who knows it can write to Port\n  %s\n", terminal.Safe(address))
		fmt.Fprintf(&text, "\nFor Codecov › Settings › Global YAML:\n\n%s", setup.YAML(address, flags.cleanBranches()))
	}
	_, err := io.WriteString(w, text.String())
	return err
}

// stepText tells of a step on one line, and of a difference below it.
func stepText(step setup.Step, dryRun bool) string {
	line := fmt.Sprintf("%-8s %s %s", step.State, step.Kind, step.Identifier)
	if wouldChange := step.State == setup.Created || step.State == setup.Updated; dryRun && wouldChange {
		line = fmt.Sprintf("would be %s: %s %s", step.State, step.Kind, step.Identifier)
	}
	lacks := terminal.Safe(strings.Join(step.Missing, ", "))
	switch {
	case step.State == setup.Updated:
		line += ": " + lacks
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
		if err := json.Indent(&body, request.Body, "", "  "); err != nil {
			return fmt.Errorf("show the request %s %s: %w", request.Method, request.Path, err)
		}
		fmt.Fprintf(text, "\n%s %s\n%s\n", request.Method, request.Path, terminal.SafeLines(strings.TrimSpace(body.String())))
	}
	return nil
}

// warnOfSetup tells what will not be as one expects it.
func warnOfSetup(streams *terminal.Streams, report *setup.Report, flags setupFlags) {
	if !report.Webhook.Enabled {
		warn(streams, "the webhook is disabled: new coverage does not arrive until it is enabled in Port")
	}
	if report.Webhook.URL != "" && len(flags.cleanBranches()) == 0 {
		warn(streams, "with only_pulls: false the build of every branch overwrites a repository's current state")
		advise(streams, "setup --branches main names those that count in the YAML")
	}
}
