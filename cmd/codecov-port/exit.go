package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/codecov-port/codecov-port/pkg/codecov"
	"github.com/codecov-port/codecov-port/pkg/port"
)

// The exit codes. Help lists them.
const (
	exitDone        = 0
	exitFailed      = 1
	exitUsage       = 2
	exitPart        = 3
	exitCredentials = 4
	exitInterrupted = 130
)

// errPart ends a run that did all it could but not all that was asked; the result has been printed.
var errPart = errors.New("done in part")

// errInterrupted ends a run that was told to stop; the result so far has been printed.
var errInterrupted = errors.New("interrupted")

// errUsage marks wrong usage or configuration.
var errUsage = errors.New("wrong usage")

// hinted is an error with a line on what the user can do.
type hinted struct {
	err  error
	hint string
}

func (h hinted) Error() string { return h.err.Error() }
func (h hinted) Unwrap() error { return h.err }

func withHint(err error, hint string) error { return hinted{err: err, hint: hint} }

// usage makes err end with the exit code for wrong usage.
func usage(err error, hint string) error { return withHint(misused{err}, hint) }

type misused struct{ error }

func (m misused) Unwrap() error        { return m.error }
func (m misused) Is(target error) bool { return target == errUsage }

func errorf(format string, args ...any) error { return fmt.Errorf(format, args...) }

func exitCode(err error) int {
	switch {
	case err == nil:
		return exitDone
	case errors.Is(err, errUsage):
		return exitUsage
	case errors.Is(err, errInterrupted), errors.Is(err, context.Canceled):
		return exitInterrupted
	case errors.Is(err, errPart):
		return exitPart
	case errors.Is(err, codecov.ErrUnauthorized), errors.Is(err, port.ErrUnauthorized):
		return exitCredentials
	}
	return exitFailed
}
