// Command emulators serves the emulated Codecov and Port on the loopback interface, for tests and for measuring.
// It prints the environment variables that point codecov-port at them, serves until SIGINT or SIGTERM, and then
// prints what it counted, as JSON, on standard error.
//
// The emulated Port's listener also answers GET /_counts, with the same JSON, and GET /_entities?blueprint=ID.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	fakecodecov "github.com/codecov-port/codecov-port/internal/fake/codecov"
	fakeport "github.com/codecov-port/codecov-port/internal/fake/port"
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

// parse reads the flags, and the accounts that they name.
func parse(arguments []string, output io.Writer) (o stand.Options, err error) {
	var synthetic fakecodecov.SyntheticOptions // without repositories: none
	var least, most time.Duration
	flags := flag.NewFlagSet("emulators", flag.ContinueOnError)
	flags.SetOutput(output)
	flags.StringVar(&o.CodecovAddress, "codecov", "127.0.0.1:0", "`address` to serve Codecov on; port 0 is any")
	flags.StringVar(&o.PortAddress, "port", "127.0.0.1:0", "`address` to serve Port on; port 0 is any")
	flags.Func("account", "recorded account to serve, a JSON `file`; repeatable, the first is the one that is exported", func(path string) error {
		document, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		account, err := fakecodecov.LoadAccount(bytes.NewReader(document))
		o.Accounts = append(o.Accounts, account)
		return err
	})
	flags.IntVar(&synthetic.Repositories, "synthetic-repositories", 0, "repositories of a made-up account; 0 makes none up")
	flags.IntVar(&synthetic.CommitsPerRepository, "synthetic-commits", 100, "commits of each of its repositories")
	flags.Uint64Var(&synthetic.Seed, "seed", 1, "what the made-up account is made from")
	flags.Func("latency", "time before each answer, 50ms, or evenly spread over a `range`, 60ms-80ms", func(value string) (err error) {
		least, most, err = parseRange(value)
		return err
	})
	flags.IntVar(&o.RateLimit.Requests, "rate-limit", 0, "requests that Port allows in each period; 0 is any number")
	flags.DurationVar(&o.RateLimit.Period, "rate-period", time.Minute, "the period of -rate-limit")
	flags.StringVar(&o.ClientID, "client-id", fakeport.DefaultClientID, "client id that Port takes")
	flags.StringVar(&o.ClientSecret, "client-secret", fakeport.DefaultClientSecret, "client secret that Port takes")
	flags.StringVar(&o.CodecovToken, "codecov-token", "emulators-codecov-token", "token that Codecov takes; it sees everything")
	if err := flags.Parse(arguments); err != nil {
		return o, err
	}
	o.Latency = func(*http.Request) time.Duration { return least + rand.N(most-least+1) }
	switch {
	case flags.NArg() > 0:
		return o, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	case synthetic.Repositories < 0 || synthetic.CommitsPerRepository < 1 || o.RateLimit.Requests < 0 || o.RateLimit.Period <= 0:
		return o, errors.New("numbers and times must not be negative, nor -synthetic-commits and -rate-period 0")
	case len(o.Accounts) == 0 && synthetic.Repositories == 0:
		return o, errors.New("nothing to serve: name -account or -synthetic-repositories")
	case synthetic.Repositories > 0:
		o.Accounts = append(o.Accounts, fakecodecov.Synthetic(synthetic))
	}
	return o, nil
}

// parseRange parses "50ms" or "60ms-80ms".
func parseRange(value string) (least, most time.Duration, err error) {
	first, second, isRange := strings.Cut(value, "-")
	if !isRange {
		second = first
	}
	if least, err = time.ParseDuration(first); err == nil {
		most, err = time.ParseDuration(second)
	}
	if err == nil && most < least {
		err = errors.New("the range ends before it begins")
	}
	return least, most, err
}
