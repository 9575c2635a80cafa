package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/lmittmann/tint"
	"github.com/spf13/cobra"

	"github.com/codecov-port/codecov-port/internal/terminal"
)

const aboutRoot = `codecov-port backfills test coverage from Codecov into Port: it reads an account's repositories and commits from
Codecov's API, maps each commit as Port's webhook would have, and upserts the entities in bulk.`

// run executes the command line and returns the exit code.
func run(ctx context.Context, args []string, streams *terminal.Streams) int {
	streams.LiveView()
	root := newRoot(streams)
	root.SetArgs(args)
	err := networkHint(root.ExecuteContext(ctx))
	if err != nil && !errors.Is(err, errWouldChange) {
		printMessage(streams, terminal.Red, "error:", err.Error())
	}
	if hint := hintOf(err); hint != "" {
		printMessage(streams, terminal.Green, "hint:", hint)
	}
	return exitCode(err)
}

func newRoot(streams *terminal.Streams) *cobra.Command {
	root := &cobra.Command{
		Use:                        "codecov-port",
		Short:                      "Backfill test coverage from Codecov into Port",
		Long:                       aboutRoot,
		Version:                    version().Version,
		Args:                       noCommand,
		RunE:                       func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		SilenceErrors:              true,
		SilenceUsage:               true,
		SuggestionsMinimumDistance: 2,
	}
	root.SetIn(streams.In)
	root.SetOut(streams.Out)
	root.SetErr(streams.Err)
	root.SetFlagErrorFunc(flagError)
	root.SetUsageTemplate(usageTemplate)
	flags := root.PersistentFlags()
	flags.String(configFlag, "", "Read flags from this YAML `file`")
	flags.String(envFileFlag, "", "Read missing environment variables from this `file`")
	flags.BoolVarP(&streams.Quiet, "quiet", "q", false, "Only print results, warnings and errors")
	flags.CountVarP(&streams.Verbose, "verbose", "v", "Log repositories, waits and retries; -vv logs every request")
	addChoice(flags, &streams.Color, "color", "", "Color output: `when` is auto, always or never", "auto", "always", "never")
	root.PersistentPreRunE = func(cmd *cobra.Command, _ []string) error {
		if streams.Quiet && streams.Verbose > 0 {
			return usage(errors.New("--quiet and --verbose exclude each other"), "use one of them")
		}
		return loadSources(cmd, streams)
	}
	root.AddCommand(newSync(streams), newPrune(streams), newSetup(streams), newCheck(streams), newMap(streams), newDemo(streams), newVersion(streams))
	root.AddCommand(helpTopics()...)
	root.InitDefaultHelpCmd()
	completeFlags(root)
	return root
}

// noCommand refuses arguments where the name of a command was expected.
func noCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	if args[0] == "config" {
		return usage(errors.New("the command config was removed"), "run 'codecov-port check' to test the settings, 'codecov-port help environment' for their order")
	}
	hint := "run '" + cmd.CommandPath() + " --help' for a list of commands"
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		hint = "did you mean '" + cmd.CommandPath() + " " + strings.Join(near, "' or '") + "'?"
	}
	return usage(fmt.Errorf("unknown command %q", args[0]), hint)
}

// arguments refuses more than so many arguments.
func arguments(limit int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) <= limit {
			return nil
		}
		return usage(fmt.Errorf("unexpected argument %q", args[limit]), "run '"+cmd.CommandPath()+" --help'")
	}
}

// warn prints a warning to standard error.
func warn(streams *terminal.Streams, format string, args ...any) {
	printMessage(streams, terminal.Yellow, "warning:", fmt.Sprintf(format, args...))
}

// advise prints a hint to standard error, unless --quiet is set.
func advise(streams *terminal.Streams, format string, args ...any) {
	if !streams.Quiet {
		printMessage(streams, terminal.Green, "hint:", fmt.Sprintf(format, args...))
	}
}

// printMessage prints a message, wrapped on a terminal. All but its first line are indented: a line break in a name from outside must not
// begin a line that looks like another message.
func printMessage(streams *terminal.Streams, ink terminal.Ink, label, text string) {
	text = terminal.SafeLines(text)
	if terminal.IsTerminal(streams.Err) {
		text = terminal.Fit(text, terminal.Width(streams.Err)-len("warning: "))
	}
	lines := strings.Split(text, "\n")
	for i := 1; i < len(lines); i++ {
		lines[i] = "  " + strings.TrimPrefix(lines[i], "  ")
	}
	_, _ = fmt.Fprintf(streams.Err, "%s %s\n", streams.Style(streams.Err).Paint(ink, label), strings.Join(lines, "\n"))
}

// newLog returns the log on standard error: that of --verbose, or only warnings about services that do not answer.
func newLog(streams *terminal.Streams) *slog.Logger {
	if streams.Verbose == 0 {
		return slog.New(terminal.NewRetryHandler(streams))
	}
	level, times := slog.LevelInfo, time.TimeOnly
	if streams.Verbose > 1 {
		level, times = slog.LevelDebug, "15:04:05.000"
	}
	return slog.New(tint.NewTextHandler(streams.LiveView(), &tint.Options{
		Level:      level,
		TimeFormat: times,
		NoColor:    !bool(streams.Style(streams.Err)),
		ReplaceAttr: func(_ []string, attr slog.Attr) slog.Attr {
			if attr.Value.Kind() == slog.KindString {
				attr.Value = slog.StringValue(terminal.Safe(attr.Value.String()))
			}
			return attr
		},
	}))
}

// interruptible handles Ctrl-C and SIGTERM until end is called. The first signal ends the context first: stop reading and finish what is
// under way. The second ends ctx: stop at once. It also ignores SIGPIPE: in "codecov-port | tee", Ctrl-C kills tee, too, and the run must
// still finish.
func interruptible(parent context.Context, warnings io.Writer) (ctx, first context.Context, end func()) {
	ctx, cancel := context.WithCancel(parent)
	first, stop := context.WithCancelCause(ctx)
	signal.Ignore(syscall.SIGPIPE)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	var watch sync.WaitGroup
	finish := func() {
		watch.Go(func() { // a blocked standard error must not delay the second signal
			_, _ = fmt.Fprintln(warnings, "interrupted: finishing requests under way; press Ctrl-C again to stop at once")
		})
		stop(errInterrupted)
	}
	watch.Go(func() {
		for _, react := range []func(){finish, cancel} {
			select {
			case <-signals:
				react()
			case <-ctx.Done():
				return
			}
		}
		signal.Stop(signals) // a third one kills the program
	})
	return ctx, first, func() {
		signal.Stop(signals)
		cancel()
		watch.Wait()
	}
}
