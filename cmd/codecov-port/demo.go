package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
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

const demoOwner = "acme"

// demoRepository is a repository of the made-up account: where its coverage came from and went to.
type demoRepository struct {
	name     string
	language string
	days     int // since its first commit; 0: it has no coverage
	commits  int // 2 at least
	lines    int // now
	from, to float64
}

var demoRepositories = []demoRepository{
	{"web-shop", "typescript", 540, 260, 61_400, 58, 79}, {"checkout", "go", 540, 210, 28_900, 71, 91}, {"billing", "java", 540, 190, 44_200, 64, 66},
	{"search", "go", 510, 150, 19_700, 82, 88}, {"catalog", "kotlin", 480, 140, 23_100, 69, 84}, {"payments", "go", 540, 170, 31_500, 76, 93},
	{"inventory", "java", 540, 90, 38_600, 55, 47}, {"shipping", "python", 430, 110, 15_300, 62, 77}, {"identity", "go", 540, 120, 17_800, 85, 94},
	{"gateway", "rust", 390, 100, 9_400, 74, 89}, {"notifications", "typescript", 500, 80, 7_200, 70, 81}, {"mobile-app", "swift", 540, 180, 52_700, 31, 52},
	{"mobile-android", "kotlin", 540, 160, 49_800, 36, 58}, {"design-system", "typescript", 450, 95, 12_600, 88, 96}, {"data-pipeline", "python", 520, 105, 21_900, 66, 61},
	{"reports", "python", 360, 60, 8_800, 59, 74}, {"admin", "ruby", 540, 70, 26_300, 48, 43}, {"recommendations", "python", 210, 55, 6_900, 41, 72},
	{"pricing", "kotlin", 330, 65, 10_700, 79, 86}, {"fraud-detection", "python", 270, 75, 13_400, 67, 83}, {"email-templates", "javascript", 540, 25, 1_900, 22, 25},
	{"feature-flags", "go", 180, 45, 3_300, 90, 97}, {"audit-log", "rust", 240, 40, 4_100, 83, 92}, {"sdk-go", "go", 420, 50, 5_600, 86, 95},
	{"sdk-python", "python", 420, 50, 5_200, 84, 93}, {"sdk-js", "typescript", 420, 55, 6_100, 80, 90}, {"cli", "go", 300, 45, 4_800, 57, 78},
	{"legacy-portal", "php", 540, 30, 71_300, 14, 12}, {"warehouse-sync", "c#", 400, 60, 9_900, 73, 64}, {"chat-support", "elixir", 150, 40, 5_900, 52, 80},
	{"load-tests", "javascript", 120, 12, 1_200, 35, 38}, {"geo-lookup", "rust", 350, 35, 2_700, 91, 100},
	{name: "infrastructure", language: "hcl"}, {name: "handbook", language: "markdown"}, {name: "playground", language: "python"}, {name: "dotfiles", language: "shell"},
}

// demoAccount makes up an account whose newest commits are of today: the same repositories and the same number of
// commits each time.
func demoAccount(now time.Time) (fakecodecov.Account, error) {
	draw := rand.New(rand.NewPCG(7, 7))
	repositories, commits := []map[string]any{}, map[string][]map[string]any{}
	for _, r := range demoRepositories {
		history := r.history(draw, now)
		row := map[string]any{
			"name": r.name, "private": draw.IntN(3) > 0, "updatestamp": now.Format(time.RFC3339), "language": r.language, "branch": "main",
			"author": map[string]any{"service": "github", "username": demoOwner, "name": "Acme, Inc."},
			"active": len(history) > 0, "activated": len(history) > 0, "totals": nil,
		}
		if len(history) > 0 {
			row["totals"] = history[0]["totals"]
		}
		repositories, commits[r.name] = append(repositories, row), history
	}
	document, err := json.Marshal(map[string]any{"service": "github", "owner": demoOwner, "repos": repositories, "commits": commits})
	if err != nil {
		return fakecodecov.Account{}, err
	}
	return fakecodecov.LoadAccount(bytes.NewReader(document))
}

// history is the repository's commits, newest first. A few are not complete.
func (r demoRepository) history(draw *rand.Rand, now time.Time) []map[string]any {
	var rows []map[string]any
	var parent any
	first, last, wobble := now.AddDate(0, 0, -r.days), now.Add(-time.Duration(draw.IntN(100))*time.Hour), 0.0
	for i := range r.commits {
		done := float64(i) / float64(r.commits-1)
		wobble = 0.8*wobble + draw.NormFloat64()*0.7
		at := first.Add(time.Duration(done * float64(last.Sub(first)))).Format(time.RFC3339)
		if i%40 == 20 { // two commits of equal time, as after a rebase
			at = rows[i-1]["timestamp"].(string)
		}
		sha := fmt.Sprintf("%016x%016x%08x", draw.Uint64(), draw.Uint64(), draw.Uint32())
		message, state := demoMessages[draw.IntN(len(demoMessages))], "complete"
		if n := draw.IntN(60); n < 2 && i < r.commits-1 {
			state = []string{"error", "pending"}[n]
		}
		rows = append(rows, map[string]any{
			"commitid": sha, "parent": parent, "message": message, "timestamp": at, "branch": "main",
			"ci_passed": true, "author": map[string]any{"service": "github", "username": "jdoe", "name": "Jane Doe"},
			"state": state, "totals": r.totals(done, wobble),
		})
		parent = sha
	}
	slices.Reverse(rows)
	return rows
}

// totals are those of a commit by when so much of the repository's history was done.
func (r demoRepository) totals(done, wobble float64) map[string]any {
	way := done * done * (3 - 2*done) // slowly at first and at the end
	coverage := min(max(r.from+(r.to-r.from)*way+wobble, 0), 100)
	lines := int(float64(r.lines) * (0.6 + 0.4*done))
	hits := int(math.Round(float64(lines) * coverage / 100))
	return map[string]any{
		"files": 1 + lines/120, "lines": lines, "hits": hits, "misses": lines - hits, "partials": 0, "coverage": math.Round(float64(hits)/float64(lines)*1e7) / 1e5,
		"branches": lines / 9, "methods": 0, "sessions": 2, "complexity": 0, "complexity_total": 0, "complexity_ratio": 0, "diff": 0,
	}
}

var demoMessages = []string{
	"Fix the rounding of totals", "Add tests for the edge cases", "Split the handler in two", "Update dependencies", "Remove what nobody calls",
	"Log less", "Retry on timeouts", "Say what went wrong", "Cache the lookups", "Rename for what it does",
}
