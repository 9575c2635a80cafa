package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/codecov-port/codecov-port/internal/backfill"
	fakecodecov "github.com/codecov-port/codecov-port/internal/fake/codecov"
	fakeport "github.com/codecov-port/codecov-port/internal/fake/port"
	"github.com/codecov-port/codecov-port/internal/progress"
	"github.com/codecov-port/codecov-port/internal/terminal"
	"github.com/codecov-port/codecov-port/pkg/codecov"
	"github.com/codecov-port/codecov-port/pkg/mapper"
)

const aboutDemo = `Bring a made-up Codecov account with 36 repositories into an emulated Port, both on this machine, and show what
lands there. It is the real pipeline over real HTTP; it needs no credentials and no network, and changes nothing.
On a terminal each answer takes 150 ms, as over a network.

With --keep, this Codecov and a second Port, which holds nothing yet, go on until Ctrl-C, so that every other command
can be tried on them.`

// demoFlags are the demo's.
type demoFlags struct {
	report string // a file's name
	keep   bool
}

func newDemo(streams *terminal.Streams) *cobra.Command {
	var flags demoFlags
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "See it work on a made-up account, without credentials",
		Long:  aboutDemo + "\n\n" + exitCodes,
		Example: `  codecov-port demo
  codecov-port demo --report report.html
  codecov-port demo --keep`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			return demo(ctx, streams, flags)
		},
	}
	bindReport(cmd.Flags(), &flags.report)
	cmd.Flags().BoolVar(&flags.keep, "keep", false, "leave this Codecov and an empty Port running until Ctrl-C, and print the variables that lead to them")
	return cmd
}

// The emulators know these; they open nothing elsewhere.
const (
	demoToken  = "7f3d1c52-0c8e-4a55-9f0e-2f6f1b1d0a11"
	demoID     = "demo-client-id"
	demoSecret = "demo-client-secret"
)

// demo runs until its end, or with --keep until ctx ends.
func demo(ctx context.Context, streams *terminal.Streams, flags demoFlags) error {
	page, err := createReport(flags.report)
	if err != nil {
		return err
	}
	defer page.discard()
	scene, err := openScene(ctx, streams)
	if err != nil {
		return err
	}
	defer scene.close()
	result, err := scene.play(ctx, streams)
	if ctx.Err() != nil {
		return errInterrupted
	}
	if err != nil {
		return err
	}
	reported := page.write(reportOf(scene.settings.unlinked(), result, nil))
	if err := scene.tell(streams, result); err != nil {
		return err
	}
	page.announce(streams)
	switch {
	case reported != nil:
		return reported
	case flags.keep:
		return scene.keep(ctx, streams)
	}
	_, err = io.WriteString(streams.Out, terminal.Fit(demoNext, streams.Width()))
	return err
}

// keep has Codecov go on until ctx ends, and beside it a Port that holds nothing yet.
func (s scene) keep(ctx context.Context, streams *terminal.Streams) error {
	empty, closePort, err := serve(ctx, newDemoPort(s.latency))
	if err != nil {
		return err
	}
	defer closePort()
	s.settings.portURL = empty
	if _, err := io.WriteString(streams.Out, terminal.Fit(demoKept, streams.Width())+exports(s.settings)); err != nil {
		return err
	}
	<-ctx.Done()
	return nil
}

func newDemoPort(latency time.Duration) *fakeport.Server {
	return fakeport.New(fakeport.Options{
		ClientID: demoID, ClientSecret: demoSecret,
		Latency: func(*http.Request) time.Duration { return latency },
	})
}

// scene is what the demo plays on: both emulators, and what leads to them.
type scene struct {
	settings settings
	port     *fakeport.Server
	latency  time.Duration // of each answer
	now      time.Time
	close    func()
}

// demoLatency is how long each answer takes where somebody looks on: as over a network, so that the live view is seen.
const demoLatency = 150 * time.Millisecond

func openScene(ctx context.Context, streams *terminal.Streams) (scene, error) {
	now, latency := time.Now().UTC().Truncate(time.Minute), time.Duration(0)
	if streams.Live().Possible() && !streams.Quiet {
		latency = demoLatency
	}
	account, err := demoAccount(now)
	if err != nil {
		return scene{}, fmt.Errorf("make up an account: %w", err)
	}
	source := fakecodecov.New(fakecodecov.Options{
		Accounts: []fakecodecov.Account{account},
		Tokens:   map[string]fakecodecov.Access{demoToken: {}},
		Latency:  func(*http.Request, int) time.Duration { return latency },
	})
	catalog := newDemoPort(latency)
	codecovURL, closeCodecov, err := serve(ctx, source)
	if err != nil {
		return scene{}, err
	}
	portURL, closePort, err := serve(ctx, catalog)
	if err != nil {
		closeCodecov()
		return scene{}, err
	}
	s := settings{
		clientID: demoID, clientSecret: demoSecret, codecovToken: demoToken,
		service: codecov.Service(account.Service()), owners: []string{demoOwner},
		portURL: portURL, codecovAPI: codecovURL + apiPath, codecovApp: codecovURL, log: newLog(streams),
	}
	return scene{settings: s, port: catalog, latency: latency, now: now, close: func() { closePort(); closeCodecov() }}, nil
}

// unlinked is for a page that is looked at when the emulators are gone.
func (s settings) unlinked() settings {
	s.codecovApp = ""
	return s
}

// play brings the account in.
func (s scene) play(ctx context.Context, streams *terminal.Streams) (*backfill.Result, error) {
	options, err := backfillOptions(s.settings, s.now)
	if err != nil {
		return nil, err
	}
	if options.Mapping, err = chooseMapping(mapper.Choice{}, nil, options.Now, streams); err != nil {
		return nil, err
	}
	return progress.Run(ctx, streams, options)
}

// serve starts a server on a free port of this machine.
func serve(ctx context.Context, handler http.Handler) (address string, stop func(), err error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, fmt.Errorf("start an emulator: %w", err)
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: time.Minute}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(listener) // ends with Close
	}()
	return "http://" + listener.Addr().String(), func() {
		_ = server.Close()
		<-done
	}, nil
}
