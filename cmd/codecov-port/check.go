package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/viper"

	"github.com/codecov-port/codecov-port/internal/check"
	"github.com/codecov-port/codecov-port/internal/terminal"
	"github.com/codecov-port/codecov-port/pkg/port"
)

const aboutCheck = `Look at everything that sync needs, step by step: the settings, both addresses, the credentials, the account, the
webhook, the mapping on a real commit, the blueprints, and what a first run would bring. Nothing is changed on either
side. ✓ is well, ! is worth knowing, ✗ keeps sync from its work; - could not be looked at.

` + aboutMapping

type checkFlags struct{ mapping, output string }

func newCheck(streams *terminal.Streams) *cobra.Command {
	var flags checkFlags
	values := viper.New()
	cmd := &cobra.Command{
		Use:   "check",
		Short: "See whether everything fits together, and what to do where it does not",
		Long:  aboutCheck + aboutVariables(bothSides) + "\n\n" + exitCodes,
		Example: `  codecov-port check
  codecov-port check --mapping my-mapping.json
  codecov-port check --output json`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runCheck(cmd.Context(), streams, values, flags)
		},
	}
	bindSettings(cmd, values, bothSides)
	bindMapping(cmd.Flags(), &flags.mapping)
	cmd.Flags().StringVar(&flags.output, "output", outputText, "text, or json: one document with all steps")
	return cmd
}

func runCheck(ctx context.Context, streams *terminal.Streams, values *viper.Viper, flags checkFlags) error {
	if err := checkOutput("check", flags.output); err != nil {
		return err
	}
	options, err := checkOptions(streams, values, flags)
	if err != nil {
		return err
	}
	var steps []check.Step
	var printed error
	check.Run(ctx, options, func(step check.Step) {
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
	return cmp.Or(verdict(steps), printed)
}

// checkOptions makes what the settings suffice for. What they lack is for the check itself to tell.
func checkOptions(streams *terminal.Streams, values *viper.Viper, flags checkFlags) (check.Options, error) {
	choice, err := readChoice(flags.mapping, streams.In)
	if err != nil {
		return check.Options{}, err
	}
	options := check.Options{Choice: choice, Now: time.Now(), Owners: list(values, "CODECOV_SERVICE_PROVIDER_ACCOUNT_NAME")}
	report := func(err error) {
		if err != nil {
			options.Problems = append(options.Problems, problem(err))
		}
	}
	report(missing(values, bothSides))
	if isSet(values, "PORT_CLIENT_ID", "PORT_CLIENT_SECRET") {
		report(addPort(&options, values, newLog(streams)))
	}
	if isSet(values, "CODECOV_TOKEN", "CODECOV_SERVICE_PROVIDER") {
		report(addCodecov(&options, values, newLog(streams)))
	}
	return options, nil
}

func isSet(values *viper.Viper, variables ...string) bool {
	for _, env := range variables {
		if len(list(values, env)) == 0 {
			return false
		}
	}
	return true
}

func problem(err error) check.Problem {
	p := check.Problem{Text: err.Error()}
	if hint := (hinted{}); errors.As(err, &hint) {
		p.Hint = hint.hint
	}
	return p
}

func addPort(options *check.Options, values *viper.Viper, log *slog.Logger) error {
	s, err := parseSettings(values, portSide)
	if err != nil {
		return err
	}
	s.log = log
	options.PortURL, options.Network = s.portURL, s.network
	if options.Port, err = newPort(s); err != nil {
		return err
	}
	options.Regions, err = otherRegions(s)
	return err
}

// otherRegions gives clients of Port's other regions; none where Port is asked at another address than a region's.
func otherRegions(s settings) (map[string]*port.Client, error) {
	addresses := map[string]string{"eu": port.EUBaseURL, "us": port.USBaseURL}
	maps.DeleteFunc(addresses, func(_, address string) bool { return address == s.portURL })
	if len(addresses) == 2 {
		return nil, nil
	}
	regions := make(map[string]*port.Client, len(addresses))
	for name, address := range addresses {
		s.portURL = address
		client, err := newPort(s)
		if err != nil {
			return nil, err
		}
		regions[name] = client
	}
	return regions, nil
}

func addCodecov(options *check.Options, values *viper.Viper, log *slog.Logger) error {
	s, err := parseSettings(values, codecovSide)
	if err != nil {
		return err
	}
	s.log = log
	options.CodecovURL, options.AppURL, options.Network = s.codecovAPI, s.codecovApp, s.network
	options.Codecov, err = newCodecov(s)
	return err
}

// mark is what a step's line begins with.
func mark(style terminal.Style, state check.State) string {
	switch state {
	case check.OK:
		return style.Green("✓")
	case check.Warning:
		return style.Yellow("!")
	case check.Failed:
		return style.Red("✗")
	}
	return style.Dim("-")
}

// printStep tells of one step. A terminal gets lines that fit; elsewhere a step is a line, for grep.
func printStep(streams *terminal.Streams, step check.Step) error {
	text := terminal.Safe(step.Name) + ": " + terminal.Safe(step.Text)
	hint := terminal.SafeLines(step.Hint)
	if streams.OutIsTerminal() {
		text = terminal.Fit(text, streams.Width()-2)
		hint = terminal.Fit(hint, streams.Width()-4)
	}
	lines := mark(streams.OutStyle(), step.State) + " " + strings.ReplaceAll(text, "\n", "\n  ") + "\n"
	if hint != "" {
		lines += "    " + strings.ReplaceAll(hint, "\n", "\n    ") + "\n"
	}
	_, err := io.WriteString(streams.Out, lines)
	return err
}

// unwell is a check with failed steps; it ends with the exit code of its kind.
type unwell struct {
	failed int
	kind   error
}

func (u unwell) Error() string {
	if u.failed == 1 {
		return "one step failed"
	}
	return fmt.Sprintf("%d steps failed", u.failed)
}

func (u unwell) Unwrap() error { return u.kind }

func verdict(steps []check.Step) error {
	u := unwell{}
	for _, step := range steps {
		if step.State == check.Failed {
			u.failed++
		}
	}
	switch check.Worst(steps) {
	case "":
		return nil
	case check.Credentials:
		u.kind = port.ErrUnauthorized
	case check.Configuration:
		u.kind = errUsage
	}
	return u
}
