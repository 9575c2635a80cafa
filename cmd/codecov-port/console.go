package main

import (
	"errors"
	"log/slog"
	"time"

	"github.com/lmittmann/tint"
	"github.com/spf13/pflag"

	"github.com/codecov-port/codecov-port/internal/terminal"
)

// bindConsole declares the flags on how every command speaks. They act from where they stand on: an error in a later one
// is told accordingly.
func bindConsole(flags *pflag.FlagSet, streams *terminal.Streams) {
	flags.BoolVarP(&streams.Quiet, "quiet", "q", false, "no progress and no hints: the result, warnings and errors alone")
	flags.CountVarP(&streams.Verbose, "verbose", "v", "tell what happens: repositories, waits, repeated requests; -vv: each request")
	flags.Var(&streams.Color, "color", "colours: auto (on a terminal, heeding NO_COLOR and CLICOLOR_FORCE), always or never")
}

func checkConsole(streams *terminal.Streams) error {
	if streams.Quiet && streams.Verbose > 0 {
		return usage(errors.New("--quiet and --verbose: one or the other"), "leave one of them out")
	}
	return nil
}

// logFor gives the log for one of the sides; nil where there is no log.
func logFor(log *slog.Logger, side string) *slog.Logger {
	if log == nil {
		return nil
	}
	return log.With("to", side)
}

// newLog gives the log that the flags ask for, on the standard error; nil where they ask for none.
func newLog(streams *terminal.Streams) *slog.Logger {
	if streams.Verbose == 0 {
		return nil
	}
	level, times := slog.LevelInfo, time.TimeOnly
	if streams.Verbose > 1 {
		level, times = slog.LevelDebug, "15:04:05.000"
	}
	return slog.New(tint.NewTextHandler(streams.Live(), &tint.Options{
		Level:      level,
		TimeFormat: times,
		NoColor:    !streams.ErrStyle().On(),
		ReplaceAttr: func(_ []string, attr slog.Attr) slog.Attr {
			if attr.Value.Kind() == slog.KindString {
				attr.Value = slog.StringValue(terminal.Safe(attr.Value.String()))
			}
			return attr
		},
	}))
}
