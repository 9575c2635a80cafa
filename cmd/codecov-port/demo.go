package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/codecov-port/codecov-port/internal/backfill"
	fakecodecov "github.com/codecov-port/codecov-port/internal/fake/codecov"
	fakeport "github.com/codecov-port/codecov-port/internal/fake/port"
	"github.com/codecov-port/codecov-port/internal/setup"
	"github.com/codecov-port/codecov-port/internal/terminal"
	"github.com/codecov-port/codecov-port/pkg/codecov"
	"github.com/codecov-port/codecov-port/pkg/mapper"
	"github.com/codecov-port/codecov-port/pkg/port"
)

const aboutDemo = `Demo syncs a sample account with 36 repositories into a Port that runs on this machine, and shows the result. It is
the real pipeline over real HTTP, without credentials or network access. On a terminal each response takes 150 ms,
as over a network. Like 'setup --scorecard --dashboard --relate service', it creates a scorecard, a page and relations.

With --keep, the sample Codecov and an empty Port keep running until Ctrl-C, to try the other commands.`

// demoFlags are the flags of demo.
type demoFlags struct {
	report string
	keep   bool
}

func newDemo(streams *terminal.Streams) *cobra.Command {
	var flags demoFlags
	cmd := &cobra.Command{
		Use:   "demo [flags]",
		Short: "Sync a sample account on this machine",
		Long:  aboutDemo,
		Example: `  codecov-port demo
  codecov-port demo --report report.html
  codecov-port demo --keep`,
		Args: arguments(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			return demo(ctx, streams, flags)
		},
	}
	addReportFlag(cmd.Flags(), &flags.report)
	cmd.Flags().BoolVar(&flags.keep, "keep", false, "Keep the sample Codecov and an empty Port running until Ctrl-C")
	return cmd
}

// The credentials of the sample servers.
const (
	demoToken  = "7f3d1c52-0c8e-4a55-9f0e-2f6f1b1d0a11"
	demoID     = "demo-client-id"
	demoSecret = "demo-client-secret"
)

// demo runs the demo; with --keep, until ctx ends.
func demo(ctx context.Context, streams *terminal.Streams, flags demoFlags) error {
	page, streams, err := createReport(flags.report, streams)
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
	reported := page.write(reportOf(scene.settings.withoutLinks(), result, nil))
	if err := scene.print(streams, result); err != nil {
		return err
	}
	page.announce(streams)
	if reported != nil {
		return reported
	}
	if flags.keep {
		return scene.keep(ctx, streams)
	}
	_, err = io.WriteString(streams.Out, terminal.Fit(demoSeen+demoNext, streams.Width()))
	return err
}

// keep keeps Codecov running until ctx ends, and starts an empty Port beside it.
func (s scene) keep(ctx context.Context, streams *terminal.Streams) error {
	empty, closePort, err := serve(ctx, newDemoPort(s.latency))
	if err != nil {
		return err
	}
	defer closePort()
	s.settings.portURL = empty
	if _, err := io.WriteString(streams.Out, terminal.Fit(demoSeen+demoKept, streams.Width())+exports(s.settings)); err != nil {
		return err
	}
	<-ctx.Done()
	return nil
}

func newDemoPort(latency time.Duration) *fakeport.Server {
	return fakeport.New(fakeport.Options{
		ClientID: demoID, ClientSecret: demoSecret,
		Latency: func(r *http.Request) time.Duration {
			if strings.Contains(r.URL.Path, "/entities") {
				return latency
			}
			return 0 // the demo is set up before the live view begins
		},
	})
}

// scene is the two servers of the demo, and the settings that lead to them.
type scene struct {
	settings settings
	port     *fakeport.Server
	latency  time.Duration // of each response
	now      time.Time
	close    func()
}

// demoLatency is the time of each response on a terminal: as over a network, so that the live view is visible.
const demoLatency = 150 * time.Millisecond

func openScene(ctx context.Context, streams *terminal.Streams) (scene, error) {
	now, latency := time.Now().UTC().Truncate(time.Minute), time.Duration(0)
	if streams.LiveView().Possible() && !streams.Quiet {
		latency = demoLatency
	}
	account, err := demoAccount(now)
	if err != nil {
		return scene{}, fmt.Errorf("create the sample account: %w", err)
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

// withoutLinks is for a page that is read when the servers are gone.
func (s settings) withoutLinks() settings {
	s.codecovApp = ""
	return s
}

// play sets Port up and syncs the account.
func (s scene) play(ctx context.Context, streams *terminal.Streams) (*backfill.Result, error) {
	options, err := backfillOptions(s.settings, s.now)
	if err != nil {
		return nil, err
	}
	if err := s.setUp(ctx, options.Port); err != nil {
		return nil, err
	}
	current := func() (*port.Blueprint, error) {
		return backfill.ReadBlueprint(ctx, options.Port, mapper.CurrentBlueprint)
	}
	if options.Mapping, err = chooseMapping(mapper.Choice{}, nil, current, mapper.Options{Now: options.Now}, streams); err != nil {
		return nil, err
	}
	return terminal.RunBackfill(ctx, streams, options)
}

const demoServices = 5

// setUp creates what 'setup --scorecard --dashboard --relate service' does, and a few services.
func (s scene) setUp(ctx context.Context, client *port.Client) error {
	const service = "service"
	if err := s.port.PutBlueprint([]byte(`{"identifier": "service", "title": "Service", "schema": {"properties": {}}}`)); err != nil {
		return err
	}
	for _, r := range demoRepositories[:demoServices] {
		if err := s.port.PutEntity(service, fakeport.Entity{Identifier: r.name}); err != nil {
			return err
		}
	}
	relation, err := setup.ParseRelation(service)
	if err != nil {
		return err
	}
	_, err = setup.Run(ctx, setup.Options{Port: client, Scorecard: &setup.DefaultThresholds, Dashboard: true, Relate: []setup.Relation{relation}})
	return err
}

// serve starts a server on a free port of this machine.
func serve(ctx context.Context, handler http.Handler) (address string, stop func(), err error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, fmt.Errorf("start a server: %w", err)
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
