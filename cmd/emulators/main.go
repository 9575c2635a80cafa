// Command emulators serves the emulated Codecov and Port on the loopback interface, for tests and for measuring.
// It prints the environment variables that point codecov-port at them, serves until SIGINT or SIGTERM, and then
// prints what it counted, as JSON, on standard error.
//
// The emulated Port's listener also answers GET /_counts, with the same JSON, and GET /_entities?blueprint=ID.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/codecov-port/codecov-port/internal/fake/stand"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run is the program: it serves until ctx is done and returns the exit code, as codecov-port has them.
func run(ctx context.Context, arguments []string, stdout, stderr io.Writer) int {
	code := 2 // usage
	options, err := parse(arguments, stderr)
	if err == nil {
		code, err = 1, serve(ctx, options, stdout, stderr)
	}
	if err == nil || errors.Is(err, flag.ErrHelp) {
		return 0
	}
	_, _ = fmt.Fprintln(stderr, "emulators:", err)
	return code
}

func serve(ctx context.Context, options stand.Options, stdout, stderr io.Writer) error {
	fakes, err := stand.Start(ctx, options)
	if err != nil {
		return err
	}
	defer fakes.Close()
	if _, err := io.WriteString(stdout, fakes.Environment()); err != nil {
		return err
	}
	<-ctx.Done()
	fakes.Close()
	return fakes.WriteCounts(stderr)
}
