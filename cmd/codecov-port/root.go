package main

import (
	"cmp"
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/codecov-port/codecov-port/internal/terminal"
)

const about = `Bring the history of your test coverage from Codecov into Port.

Port's Codecov integration tells Port of new coverage, as it comes. codecov-port brings in what was measured
before: it reads an account's repositories and commits from Codecov's API, maps each commit just as Port's
webhook would have, and upserts the entities in bulk.

` + exitCodes

const exitTitle = "Exit codes:"

const exitCodes = exitTitle + `
  0    done
  1    failed
  2    wrong usage or configuration
  3    done in part: the result says what is missing
  4    credentials refused
  130  interrupted`

// run executes the command line args and gives the exit code.
func run(ctx context.Context, args []string, streams *terminal.Streams) int {
	streams.Live()
	root := newRoot(streams)
	root.SetArgs(args)
	err := certificateHint(root.ExecuteContext(ctx))
	if err != nil {
		printError(streams, err)
	}
	return exitCode(err)
}

func newRoot(streams *terminal.Streams) *cobra.Command {
	root := &cobra.Command{
		Use:           "codecov-port",
		Short:         "Bring the history of your test coverage from Codecov into Port",
		Long:          about,
		Version:       version().Version,
		Args:          noCommand,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		SilenceErrors: true,
		SilenceUsage:  true,

		SuggestionsMinimumDistance: 2,
	}
	root.SetIn(streams.In)
	root.SetOut(streams.Out)
	root.SetErr(streams.Err)
	root.SetFlagErrorFunc(flagError)
	root.SetHelpFunc(printHelp)
	root.PersistentFlags().String(configFlag, "", "read settings from this YAML file, not from "+configDefault)
	root.PersistentFlags().String(envFileFlag, "", "read variables from this file: what the environment lacks of them")
	bindConsole(root.PersistentFlags(), streams)
	root.PersistentPreRunE = func(cmd *cobra.Command, _ []string) error {
		return cmp.Or(applySources(cmd, streams), checkConsole(streams))
	}
	root.AddCommand(newSync(streams), newPrune(streams), newSetup(streams), newCheck(streams), newMap(streams), newDemo(streams), newConfig(streams),
		newVersion(streams), newMan())
	describeHelp(root)
	describeCompletion(root)
	completeFlags(root)
	return root
}

// noCommand refuses arguments where a command's name was expected, naming what comes near.
func noCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	hint := "see '" + cmd.CommandPath() + " --help'"
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		hint = "did you mean '" + cmd.CommandPath() + " " + strings.Join(near, "' or '") + "'?"
	}
	return usage(errorf("unknown command %q", args[0]), hint)
}

// noArguments refuses any.
func noArguments(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return usage(errorf("unexpected argument %q", args[0]), "see '"+cmd.CommandPath()+" --help'")
}

// atMostOneArgument refuses a second one.
func atMostOneArgument(cmd *cobra.Command, args []string) error {
	if len(args) < 2 {
		return nil
	}
	return noArguments(cmd, args[1:])
}
