package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/codecov-port/codecov-port/internal/backfill"
	"github.com/codecov-port/codecov-port/internal/setup"
	"github.com/codecov-port/codecov-port/internal/terminal"
	"github.com/codecov-port/codecov-port/pkg/mapper"
	"github.com/codecov-port/codecov-port/pkg/port"
)

const aboutSync = `Sync reads an account's repositories and the commits of their default branches from Codecov, compares them with
Port, and upserts what differs: each repository into codecov_coverage, each commit into codecov_commit_coverage.
It creates missing blueprints and never changes existing ones. Run it again to continue or to update.`

// syncFlags are the flags of sync that are not settings.
type syncFlags struct {
	options                        backfill.Options // what the flags set of them
	since, mapping, report, output string
	exitCode                       bool // end with errWouldChange if a dry run would change something
}

func newSync(streams *terminal.Streams) *cobra.Command {
	var flags syncFlags
	cmd := &cobra.Command{
		Use:   "sync [flags]",
		Short: "Sync the coverage of an account into Port",
		Long:  aboutSync,
		Example: `  codecov-port sync --dry-run
  codecov-port sync
  codecov-port sync --since 1y --every week
  codecov-port sync --repo 'app-*' --repo '!app-legacy'
  codecov-port sync --no-history`,
		Args: arguments(0),
		RunE: func(cmd *cobra.Command, _ []string) error { return runSync(cmd, streams, flags) },
	}
	addSettingsFlags(cmd.Flags())
	flags.add(cmd.Flags())
	return cmd
}

func (f *syncFlags) add(flags *pflag.FlagSet) {
	o, selection := &f.options, &f.options.Selection
	flags.StringArrayVar(&selection.Repositories, "repo", nil, "Only sync repositories that match this `glob`; a leading ! excludes (repeatable)")
	flags.StringArrayVar(&selection.Branches, "branch", nil, "Sync branches that match this `glob` instead of the default branch (repeatable)")
	flags.StringVar(&f.since, "since", "", "Only sync commits since a `date` (2024-01-01) or duration (90d, 12w, 6mo, 2y)")
	addChoice(flags, (*string)(&selection.Every), "every", "", "Only sync the last commit of each `period`: day, week or month",
		string(backfill.EveryCommit), string(backfill.EveryDay), string(backfill.EveryWeek), string(backfill.EveryMonth))
	flags.IntVar(&selection.MaxCommits, "max-commits", 0, "Only sync the newest `n` commits of each repository")
	flags.BoolVar(&selection.NoHistory, "no-history", false, "Only sync the current state of each repository")
	flags.BoolVar(&selection.IncludeInactive, "include-inactive", false, "Also sync repositories without coverage")
	flags.BoolVarP(&o.DryRun, "dry-run", "n", false, "Show what would change without writing anything")
	flags.BoolVar(&f.exitCode, "exit-code", false, "With --dry-run: exit with 5 if something would change")
	flags.BoolVarP(&o.Yes, "yes", "y", false, "Create any number of new entities without asking")
	flags.IntVar(&o.MaxEntities, "max-entities", backfill.DefaultMaxEntities, "Ask before creating more than `n` new entities")
	flags.BoolVar(&o.Adopt, "adopt", false, "Take over entities that Port holds for another account")
	addMappingFlag(flags, &f.mapping)
	addReportFlag(flags, &f.report)
	addChoice(flags, &f.output, "output", "o", "Output `format`: text, json, or jsonl with --dry-run", outputText, outputJSON, outputJSONL)
	flags.String(portShareFlag, "80%", "Use at most this `share` of Port's rate limit")
	flags.Int(concurrencyFlag, defaultConcurrency, "Send at most `n` concurrent requests to Codecov")
}

// defaultConcurrency was measured, see docs/performance.md.
const defaultConcurrency = 64

func runSync(cmd *cobra.Command, streams *terminal.Streams, flags syncFlags) error {
	if flags.output == outputJSONL && !flags.options.DryRun {
		return usage(errors.New("--output jsonl prints what would be written: it requires --dry-run"), "add --dry-run, or use --output json for the result")
	}
	if flags.report == standardOutput && flags.output != outputText {
		return usage(fmt.Errorf("--%s - and --output %s both print to standard output", reportFlag, flags.output), "name a file for the page")
	}
	ctx, first, end := interruptible(cmd.Context(), streams.Err)
	defer end()
	run := &syncRun{syncFlags: flags, streams: streams}
	if err := run.prepare(ctx, first, cmd); err != nil {
		return run.refuse(err)
	}
	result, err := terminal.RunBackfill(ctx, run.streams, run.options)
	return run.finish(ctx, result, err)
}

// syncRun is a run of sync.
type syncRun struct {
	syncFlags
	settings settings
	streams  *terminal.Streams
	webhook  webhookReader
	page     reportFile
}

// prepare completes the options. first ends when the run is to stop in good order.
func (r *syncRun) prepare(ctx, first context.Context, cmd *cobra.Command) (err error) {
	o := &r.options
	if r.exitCode && !o.DryRun {
		return usage(errors.New("--exit-code requires --dry-run"), "add --dry-run")
	}
	if r.settings, err = readSettings(cmd, r.streams, bothSides); err != nil {
		return err
	}
	if *o, err = backfillOptions(*o, r.settings, time.Now()); err != nil {
		return err
	}
	if err := r.parseSelection(); err != nil {
		return err
	}
	choice, err := readChoice(r.mapping, r.streams.In)
	if err != nil {
		return err
	}
	if r.page, r.streams, err = newReport(r.report, r.streams); err != nil {
		return err
	}
	r.webhook = newWebhookReader(first, o.Port)
	if o.Current, err = backfill.ReadBlueprint(first, o.Port, mapper.CurrentBlueprint); err == nil {
		o.Mapping, err = chooseMapping(choice, r.webhook, o.Current, mapper.Options{Now: o.Now, Service: r.settings.codecov.Service}, r.streams)
	}
	if err != nil {
		return explain(ctx, err, r.settings, o.Codecov)
	}
	o.Stop = first.Done()
	if r.streams.Interactive() {
		o.Ask = func(plan backfill.Plan) bool {
			return confirm(r.streams, o.Stop, planText(plan)+"\n"+narrower+"\nCreate all of them?")
		}
	}
	if r.output == outputJSONL {
		o.Preview = previewTo(r.streams.Out)
	}
	return nil
}

// parseSelection parses what the flags select.
func (r *syncRun) parseSelection() (err error) {
	o, selection := &r.options, &r.options.Selection
	if selection.Repositories, err = r.settings.parseRepositories(selection.Repositories); err != nil {
		return err
	}
	if r.since != "" {
		if selection.Since, err = backfill.ParseSince(r.since, o.Now); err != nil {
			return usage(fmt.Errorf("--since %w", err), "for example --since 2024-01-01 or --since 90d")
		}
	}
	if err := selection.Check(); err != nil {
		return usage(err, "run 'codecov-port sync --help'")
	}
	if o.MaxEntities < 1 {
		return usage(fmt.Errorf("--max-entities %d: expected a number from 1", o.MaxEntities), "--yes creates any number of new entities")
	}
	return nil
}

// backfillOptions adds to the options what all runs share, with new clients.
func backfillOptions(o backfill.Options, s settings, now time.Time) (_ backfill.Options, err error) {
	if o.Codecov, err = newCodecov(s); err != nil {
		return o, err
	}
	o.Port, err = newPort(s)
	o.Owners, o.AppURL, o.Blueprints, o.Now, o.Log, o.Readers = s.owners, s.codecovApp, mapper.BuiltinBlueprints(), now, s.log, s.codecov.Concurrency
	return o, err
}

// finish prints the result and returns the error that the command ends with.
func (r *syncRun) finish(ctx context.Context, result *backfill.Result, err error) error {
	failure := r.failure(ctx, result, err)
	link := portURL(r.settings.port.BaseURL, r.options.Mapping)
	if err == nil || result.Commits.Read > 0 {
		page := reportOf(r.settings, result, err)
		page.PortURL = link
		failure = cmp.Or(r.page.write(page), failure)
	}
	complete(result, link, failure)
	printed := r.print(result, err)
	r.page.announce(r.streams)
	if err == nil && !result.Interrupted {
		r.printRemarks(result)
	}
	return cmp.Or(failure, printed)
}

// failure returns the error of a run, or nil if everything is done.
func (r *syncRun) failure(ctx context.Context, result *backfill.Result, err error) error {
	switch {
	case err != nil:
		return explain(ctx, err, r.settings, r.options.Codecov)
	case result.Interrupted:
		return withHint(errInterrupted, "run sync again: it continues where it stopped")
	case !result.Complete:
		return partial(terminal.FailuresText(result))
	}
	isChange := func(e backfill.EntityCounts) bool { return e.Created+e.Updated > 0 }
	if r.exitCode && (len(result.CreatedBlueprints) > 0 || slices.ContainsFunc(result.Entities, isChange)) {
		return errWouldChange
	}
	return nil
}

// printRemarks prints warnings and hints about a run that is done.
func (r *syncRun) printRemarks(result *backfill.Result) {
	r.warnAboutAccess(result)
	selection, read := r.options.Selection, result.Repositories.Read
	if (len(selection.Branches) > 0 || !selection.Since.IsZero()) && read > 0 && result.Commits.Read == 0 {
		warn(r.streams, "no commit of %s matches the selection (--branch, --since)", terminal.Plural(read, "repository"))
	}
	for _, entry := range result.UnusedMappingEntries {
		warn(r.streams, "mapping entry %d is unused: its filter passed for no commit", entry)
	}
	r.warnAboutEmptyBranches(result)
	r.adviseLiveEvents()
	if len(result.StaleRepositories) > 0 && r.options.Mapping.NamesAsBuiltin() {
		advise(r.streams, "run 'codecov-port prune --dry-run' to see what can be removed from Port")
	}
}

// warnAboutAccess warns if the token may see less than expected: Codecov leaves private repositories out of its lists silently.
func (r *syncRun) warnAboutAccess(result *backfill.Result) {
	accounts, narrowed := strings.Join(r.options.Owners, ", "), r.options.Selection.IsNarrowed()
	switch {
	case narrowed && result.Repositories.Listed == 0 && len(result.Failures) == 0:
		warn(r.streams, "no repository of %s matches --repo %s", accounts, strings.Join(r.options.Selection.Repositories, " "))
	case narrowed || result.Repositories.Private > 0:
	case result.Repositories.Listed == 0:
		warn(r.streams, "the token sees no repository of %s", accounts)
	default:
		warn(r.streams, "the token sees no private repository of %s; if there are any, the token's user has no access to them, "+
			"or the git provider rejects the user's login at Codecov", accounts)
	}
}

func (r *syncRun) warnAboutEmptyBranches(result *backfill.Result) {
	const most = 5
	empty := result.EmptyDefaultBranches
	for _, e := range empty[:min(most, len(empty))] {
		text := fmt.Sprintf("%s/%s has no commits on its default branch %s", e.Owner, e.Repository, e.Branch)
		if e.Newest != "" {
			text += fmt.Sprintf("; the newest is on %s: use --branch %s", e.Newest, e.Newest)
		}
		warn(r.streams, "%s", text)
	}
	if more := len(empty) - most; more > 0 {
		warn(r.streams, "%s more have no commits on their default branch: --output json lists them", terminal.Count(more))
	}
}

// adviseLiveEvents prints a hint if live events will not extend the history.
func (r *syncRun) adviseLiveEvents() {
	if r.options.DryRun || !slices.Contains(r.options.Mapping.Blueprints(), mapper.HistoryBlueprint) {
		return
	}
	webhook, err := r.webhook()
	var reason string
	switch {
	case errors.Is(err, port.ErrNotFound):
		reason = "does not exist: run 'codecov-port setup'"
	case err != nil, setup.LiveExtendsHistory(webhook):
		return
	case !webhook.Enabled:
		reason = "is disabled: enable it in Port"
	default:
		reason = "has no entry for " + mapper.HistoryBlueprint + ": run 'codecov-port setup --update'"
	}
	advise(r.streams, "new coverage will not extend the history, because Port's webhook %s %s", mapper.WebhookIdentifier, reason)
}

const narrower = "use --since 1y, --every week, --max-commits 50, --repo 'app-*' or --no-history for fewer"

// planText describes what a run would do to Port.
func planText(plan backfill.Plan) string {
	return fmt.Sprintf("at least %s new entities, up to %s, in %s; more than %s are not created without asking (a free Port account holds 10,000)",
		terminal.Count(plan.AtLeast), terminal.Count(plan.UpTo), terminal.BulkRequests(plan.Requests, plan.Duration), terminal.Count(plan.Limit))
}

// confirm asks a question. Any answer but yes is a no, and so is Ctrl-C. The goroutine that waits for the line ends with the program.
func confirm(streams *terminal.Streams, stop <-chan struct{}, question string) bool {
	answer := strings.ToLower(ask(streams, stop, question+" [y/N]"))
	return answer == "y" || answer == "yes"
}

// ask returns the line that the user types, or "" if stop is closed first.
func ask(streams *terminal.Streams, stop <-chan struct{}, question string) string {
	view := streams.LiveView()
	resume := view.Ask(terminal.Fit(question, terminal.Width(view)-1) + " ")
	lines := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(streams.In).ReadString('\n')
		lines <- line
	}()
	select {
	case line := <-lines:
		resume(true)
		return strings.TrimSpace(line)
	case <-stop:
		resume(false)
		return ""
	}
}
