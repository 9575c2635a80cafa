package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/codecov-port/codecov-port/internal/check"
	"github.com/codecov-port/codecov-port/internal/terminal"
	"github.com/codecov-port/codecov-port/pkg/port"
)

const aboutCheck = `Check tests everything that sync needs: the settings, both APIs, the credentials, the account, the webhook, the
mapping on real commits, the blueprints, and the size of the next run. It changes nothing.

✓ ok, ! warning, ✗ blocks sync, - skipped`

type checkFlags struct{ mapping, output string }

func newCheck(streams *terminal.Streams) *cobra.Command {
	var flags checkFlags
	cmd := &cobra.Command{
		Use:   "check [flags]",
		Short: "Test the settings, both APIs and the mapping",
		Long:  aboutCheck,
		Example: `  codecov-port check
  codecov-port check --mapping examples/mapping.json
  codecov-port check --output json`,
		Args: arguments(0),
		RunE: func(cmd *cobra.Command, _ []string) error { return runCheck(cmd, streams, flags) },
	}
	addSettingsFlags(cmd.Flags())
	addMappingFlag(cmd.Flags(), &flags.mapping)
	addOutputFlag(cmd.Flags(), &flags.output)
	return cmd
}

func runCheck(cmd *cobra.Command, streams *terminal.Streams, flags checkFlags) error {
	options, err := checkOptions(cmd, streams, flags)
	if err != nil {
		return err
	}
	var steps []check.Step
	var printed error
	check.Run(cmd.Context(), options, func(step check.Step) {
		steps = append(steps, step)
		if flags.output == outputText {
			printed = cmp.Or(printed, printStep(streams, step))
		}
	})
	if flags.output == outputJSON {
		if err := writeJSON(streams.Out, map[string]any{"steps": steps}); err != nil {
			return err
		}
	}
	return cmp.Or(checkError(steps), printed)
}

// checkOptions creates the clients that the settings suffice for. The check reports what is missing.
func checkOptions(cmd *cobra.Command, streams *terminal.Streams, flags checkFlags) (check.Options, error) {
	choice, err := readChoice(flags.mapping, streams.In)
	if err != nil {
		return check.Options{}, err
	}
	options := check.Options{Choice: choice, Now: time.Now(), Owners: owners(cmd)}
	report := func(err error) {
		if err != nil {
			options.Problems = append(options.Problems, check.Step{Text: err.Error(), Hint: hintOf(err)})
		}
	}
	report(missingVariables(cmd, bothSides))
	if missingVariables(cmd, portSide) == nil {
		report(addPort(cmd, streams, &options))
	}
	service, _ := cmd.Flags().GetString("service")
	if environment(cmd, "CODECOV_TOKEN") != "" && service != "" {
		report(addCodecov(cmd, streams, &options))
	}
	return options, nil
}

func addPort(cmd *cobra.Command, streams *terminal.Streams, options *check.Options) error {
	s, err := parseSettings(cmd, streams, portSide)
	if err != nil {
		return err
	}
	options.PortURL = s.port.BaseURL
	if options.Port, err = newPort(s); err != nil {
		return err
	}
	options.OtherRegion = map[string]string{port.EUBaseURL: "us", port.USBaseURL: "eu"}[s.port.BaseURL]
	if options.OtherRegion != "" {
		s.port.BaseURL, _ = port.RegionURL(options.OtherRegion)
		options.OtherPort, err = newPort(s)
	}
	return err
}

func addCodecov(cmd *cobra.Command, streams *terminal.Streams, options *check.Options) error {
	s, err := parseSettings(cmd, streams, codecovSide)
	if err != nil {
		return err
	}
	options.Owners = s.owners
	options.CodecovURL, options.AppURL = s.codecov.BaseURL, s.codecovApp
	options.Codecov, err = newCodecov(s)
	return err
}

// printStep prints one step: wrapped on a terminal, else on one line.
func printStep(streams *terminal.Streams, step check.Step) error {
	text := terminal.Safe(step.Name) + ": " + terminal.Safe(step.Text)
	hint := terminal.SafeLines(step.Hint)
	if terminal.IsTerminal(streams.Out) {
		text = terminal.Fit(text, terminal.Width(streams.Out)-2)
		hint = terminal.Fit(hint, terminal.Width(streams.Out)-4)
	}
	style := streams.Style(streams.Out)
	mark := map[check.State]string{
		check.OK:      style.Paint(terminal.Green, "✓"),
		check.Warning: style.Paint(terminal.Yellow, "!"),
		check.Failed:  style.Paint(terminal.Red, "✗"),
		check.Skipped: style.Paint(terminal.Dim, "-"),
	}[step.State]
	lines := mark + " " + strings.ReplaceAll(text, "\n", "\n  ") + "\n"
	if hint != "" {
		lines += "    " + strings.ReplaceAll(hint, "\n", "\n    ") + "\n"
	}
	_, err := io.WriteString(streams.Out, lines)
	return err
}

// checkError returns an error if a step failed. It leads to the exit code of the worst one.
func checkError(steps []check.Step) error {
	failed, causes := 0, make(map[check.Cause]bool)
	for _, step := range steps {
		if step.State == check.Failed {
			failed++
			causes[step.Cause] = true
		}
	}
	err := errors.New(terminal.Plural(failed, "step") + " failed")
	switch {
	case failed == 0:
		return nil
	case causes[check.Credentials]:
		return fmt.Errorf("%w: %w", err, port.ErrUnauthorized)
	case causes[check.Configuration]:
		return usage(err, "")
	}
	return err
}
