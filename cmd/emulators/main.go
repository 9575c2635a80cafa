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

	fakecodecov "github.com/codecov-port/codecov-port/internal/fake/codecov"
	"github.com/codecov-port/codecov-port/internal/fake/stand"
)

// Exit codes, as codecov-port has them.
const (
	exitFailed = 1
	exitUsage  = 2
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run is the program: it serves until ctx is done and returns the exit code.
func run(ctx context.Context, arguments []string, stdout, stderr io.Writer) int {
	code := exitUsage
	settings, err := parse(arguments, stderr)
	if err == nil {
		code, err = exitFailed, serve(ctx, settings, stdout, stderr)
	}
	if err == nil || errors.Is(err, flag.ErrHelp) {
		return 0
	}
	_, _ = fmt.Fprintln(stderr, "emulators:", err)
	return code
}

func serve(ctx context.Context, s settings, stdout, stderr io.Writer) error {
	for _, path := range s.accountFiles {
		account, err := loadAccount(path)
		if err != nil {
			return err
		}
		s.Accounts = append(s.Accounts, account)
	}
	if s.synthetic.Repositories > 0 {
		s.Accounts = append(s.Accounts, fakecodecov.Synthetic(s.synthetic))
	}
	fakes, err := stand.Start(ctx, s.Options)
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

func loadAccount(path string) (fakecodecov.Account, error) {
	file, err := os.Open(path)
	if err != nil {
		return fakecodecov.Account{}, err
	}
	defer func() { _ = file.Close() }() // only read
	account, err := fakecodecov.LoadAccount(file)
	if err != nil {
		return fakecodecov.Account{}, fmt.Errorf("%s: %w", path, err)
	}
	return account, nil
}
