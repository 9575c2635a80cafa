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
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	fakecodecov "github.com/codecov-port/codecov-port/internal/fake/codecov"
	fakeport "github.com/codecov-port/codecov-port/internal/fake/port"
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
	settings, err := parse(arguments, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err != nil {
		_, _ = fmt.Fprintln(stderr, "emulators:", err)
		return exitUsage
	}
	if err := serve(ctx, settings, stdout, stderr); err != nil {
		_, _ = fmt.Fprintln(stderr, "emulators:", err)
		return exitFailed
	}
	return 0
}

func serve(ctx context.Context, s settings, stdout, stderr io.Writer) error {
	accounts, err := s.loadAccounts()
	if err != nil {
		return err
	}
	both := emulators{
		codecov: fakecodecov.New(fakecodecov.Options{
			Accounts: accounts,
			Tokens:   map[string]fakecodecov.Access{s.codecovToken: {}},
			Latency:  func(*http.Request, int) time.Duration { return s.latency.draw() },
		}),
		port: fakeport.New(fakeport.Options{
			ClientID: s.clientID, ClientSecret: s.clientSecret,
			Latency:   func(*http.Request) time.Duration { return s.latency.draw() },
			RateLimit: fakeport.RateLimit{Requests: s.rateLimit, Period: s.ratePeriod},
		}),
	}
	var listen net.ListenConfig
	codecov, err := listen.Listen(ctx, "tcp", s.codecovAddress)
	if err != nil {
		return err
	}
	port, err := listen.Listen(ctx, "tcp", s.portAddress)
	if err != nil {
		return errors.Join(err, codecov.Close())
	}
	if err := s.printEnvironment(stdout, accounts[0], codecov.Addr(), port.Addr()); err != nil {
		return errors.Join(err, codecov.Close(), port.Close())
	}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return serveUntilDone(ctx, codecov, both.codecov) })
	group.Go(func() error { return serveUntilDone(ctx, port, both.portHandler()) })
	return errors.Join(group.Wait(), both.printCounts(stderr))
}

// printEnvironment prints what a shell has to export for codecov-port to find the emulators and the account.
func (s settings) printEnvironment(w io.Writer, account fakecodecov.Account, codecov, port net.Addr) error {
	var lines strings.Builder
	for _, variable := range [][2]string{
		{"PORT_CLIENT_ID", s.clientID},
		{"PORT_CLIENT_SECRET", s.clientSecret},
		{"PORT_BASE_URL", "http://" + port.String()},
		{"CODECOV_TOKEN", s.codecovToken},
		{"CODECOV_SERVICE_PROVIDER", account.Service()},
		{"CODECOV_SERVICE_PROVIDER_ACCOUNT_NAME", account.Owner().Username},
		{"CODECOV_URL", "http://" + codecov.String()},
	} {
		fmt.Fprintf(&lines, "export %s='%s'\n", variable[0], strings.ReplaceAll(variable[1], "'", `'\''`))
	}
	_, err := io.WriteString(w, lines.String())
	return err
}

// shutdownTime is how long requests that are under way may take to end.
const shutdownTime = 5 * time.Second

// serveUntilDone serves until ctx is done, then lets what is under way end.
func serveUntilDone(ctx context.Context, listener net.Listener, handler http.Handler) error {
	server := &http.Server{Handler: handler, ReadHeaderTimeout: time.Minute}
	stopped := make(chan error, 1)
	stop := context.AfterFunc(ctx, func() {
		deadline, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTime)
		defer cancel()
		stopped <- server.Shutdown(deadline)
	})
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		stop()
		return err
	}
	return <-stopped
}
