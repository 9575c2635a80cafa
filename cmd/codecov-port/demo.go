package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/codecov-port/codecov-port/internal/backfill"
	fakecodecov "github.com/codecov-port/codecov-port/internal/fake/codecov"
	fakeport "github.com/codecov-port/codecov-port/internal/fake/port"
	"github.com/codecov-port/codecov-port/internal/fake/stand"
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

func newDemo(streams *terminal.Streams) *cobra.Command {
	var report string
	var keep bool
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
			return demo(ctx, streams, report, keep)
		},
	}
	addReportFlag(cmd.Flags(), &report)
	cmd.Flags().BoolVar(&keep, "keep", false, "Keep the sample Codecov and an empty Port running until Ctrl-C")
	return cmd
}

const demoSeen = `
A real Port would show this on a page with charts and a scorecard; for yours,
setup --dashboard creates it: https://app.port.io/codecov_coverage_overview
`

const demoNext = `
To sync your own account, export the five variables of Port's Codecov guide:
  PORT_CLIENT_ID, PORT_CLIENT_SECRET, CODECOV_TOKEN,
  CODECOV_SERVICE_PROVIDER, CODECOV_SERVICE_PROVIDER_ACCOUNT_NAME
then preview the changes, and make them:
  codecov-port sync --dry-run
  codecov-port sync
`

const demoKept = `
This Codecov and an empty Port keep running until Ctrl-C. Paste these lines into
another terminal to try the other commands there: sync, check, setup, map, prune.
`

// The credentials of the sample servers.
const (
	demoToken  = "7f3d1c52-0c8e-4a55-9f0e-2f6f1b1d0a11"
	demoID     = "demo-client-id"
	demoSecret = "demo-client-secret"
)

// demo runs the demo; with --keep, until ctx ends.
func demo(ctx context.Context, streams *terminal.Streams, report string, keep bool) error {
	page, streams, err := newReport(report, streams)
	if err != nil {
		return err
	}
	scene, err := openDemo(ctx, streams)
	if err != nil {
		return err
	}
	defer scene.fakes.Close()
	result, err := scene.play(ctx, streams)
	if ctx.Err() != nil {
		return errInterrupted
	}
	if err != nil {
		return err
	}
	scene.settings.codecovApp = "" // a page that is read when the servers are gone has no links
	reported := page.write(reportOf(scene.settings, result, nil))
	if err := scene.print(streams, result); err != nil {
		return err
	}
	page.announce(streams)
	if reported != nil {
		return reported
	}
	next, environment := demoNext, ""
	if keep {
		empty, err := openDemo(ctx, streams)
		if err != nil {
			return err
		}
		defer empty.fakes.Close()
		next, environment = demoKept, empty.fakes.Environment()
	}
	_, err = io.WriteString(streams.Out, terminal.Fit(demoSeen+next, terminal.Width(streams.Out))+environment)
	if keep && err == nil {
		<-ctx.Done()
	}
	return err
}

// scene is the servers of the demo, and the settings that lead to them.
type scene struct {
	fakes    *stand.Stand
	settings settings
	latency  time.Duration // of each response
}

func openDemo(ctx context.Context, streams *terminal.Streams) (scene, error) {
	var latency time.Duration
	if streams.LiveView().Possible() && !streams.Quiet {
		latency = 150 * time.Millisecond // as over a network, so that the live view is visible
	}
	account, err := demoAccount(time.Now().UTC().Truncate(time.Minute))
	if err != nil {
		return scene{}, fmt.Errorf("create the sample account: %w", err)
	}
	fakes, err := stand.Start(ctx, stand.Options{
		Accounts: []fakecodecov.Account{account}, ClientID: demoID, ClientSecret: demoSecret, CodecovToken: demoToken, Ties: true,
		Latency: func(r *http.Request) time.Duration {
			if strings.HasPrefix(r.URL.Path, apiPath) || strings.Contains(r.URL.Path, "/entities") {
				return latency
			}
			return 0 // Port is set up before the live view begins
		},
	})
	if err != nil {
		return scene{}, err
	}
	log := newLog(streams)
	return scene{fakes: fakes, latency: latency, settings: settings{
		codecov: codecov.Options{BaseURL: fakes.CodecovURL + apiPath, Token: demoToken, Service: codecov.Service(account.Service), Logger: log.With("to", "codecov")},
		port:    port.Options{BaseURL: fakes.PortURL, ClientID: demoID, ClientSecret: demoSecret, Logger: log.With("to", "port")},
		owners:  []string{demoOwner}, codecovApp: fakes.CodecovURL, log: log,
	}}, nil
}

// play sets Port up and syncs the account.
func (s scene) play(ctx context.Context, streams *terminal.Streams) (*backfill.Result, error) {
	options, err := backfillOptions(backfill.Options{}, s.settings, time.Now())
	if err != nil {
		return nil, err
	}
	if err := s.setUp(ctx, options.Port); err != nil {
		return nil, err
	}
	if options.Current, err = backfill.ReadBlueprint(ctx, options.Port, mapper.CurrentBlueprint); err != nil {
		return nil, err
	}
	if options.Mapping, err = chooseMapping(mapper.Choice{}, nil, options.Current, mapper.Options{Now: options.Now}, streams); err != nil {
		return nil, err
	}
	return terminal.RunBackfill(ctx, streams, options)
}

// setUp creates what 'setup --scorecard --dashboard --relate service' does, and a few services.
func (s scene) setUp(ctx context.Context, client *port.Client) error {
	const service = "service"
	if err := s.fakes.Port.PutBlueprint([]byte(`{"identifier": "service", "title": "Service", "schema": {"properties": {}}}`)); err != nil {
		return err
	}
	for _, r := range demoRepositories[:5] {
		if err := s.fakes.Port.PutEntity(service, fakeport.Entity{Identifier: r.name}); err != nil {
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

// print prints the repositories with the longest histories, and the summary.
func (s scene) print(streams *terminal.Streams, result *backfill.Result) error {
	const rows, longestTrend, besideTrend, row = 5, 24, 31, "%-10s  %8s  %7v  %s\n"
	title := "A sample Codecov account in a Port on this machine"
	if s.latency > 0 {
		title += fmt.Sprintf(" (%d ms per response)", s.latency.Milliseconds())
	}
	var text strings.Builder
	text.WriteString(terminal.Fit(title+":\n\n", terminal.Width(streams.Out)))
	fmt.Fprintf(&text, row, "REPOSITORY", "COVERAGE", "COMMITS", "TREND")
	longest := slices.SortedStableFunc(slices.Values(result.Histories), func(a, b backfill.History) int { return cmp.Compare(b.Commits, a.Commits) })
	for _, h := range longest[:rows] {
		trend := terminal.Trend(h.Points, min(longestTrend, terminal.Width(streams.Out)-besideTrend))
		fmt.Fprintf(&text, row, h.Repository, terminal.Percent(h.Newest().Coverage), h.Commits, trend)
	}
	fmt.Fprintf(&text, "… and %d more\n\n", len(longest)-rows)
	if _, err := io.WriteString(streams.Out, text.String()); err != nil {
		return err
	}
	return terminal.WriteSummary(streams, result)
}
