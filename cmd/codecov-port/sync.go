package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/viper"

	"github.com/codecov-port/codecov-port/internal/backfill"
	"github.com/codecov-port/codecov-port/internal/progress"
	"github.com/codecov-port/codecov-port/internal/terminal"
	"github.com/codecov-port/codecov-port/pkg/codecov"
	"github.com/codecov-port/codecov-port/pkg/mapper"
	"github.com/codecov-port/codecov-port/pkg/port"
)

const aboutSync = `Read the account's repositories and the coverage of their default branches' commits from Codecov, compare with
what Port holds, and upsert what differs: the current state of each repository into blueprint codecov_coverage,
and each commit into codecov_commit_coverage. Missing blueprints are created; existing ones are never altered.
Running it again writes only what has changed, and finishes a run that was broken off.

More than 10,000 new entities (--max-entities) are not created without asking: that is what a free Port account
holds. Without a terminal to ask on, --yes goes on.

Repositories that Port holds and Codecov's list no longer has are named at the end; 'codecov-port prune' removes them.

` + aboutMapping

// syncFlags are the flags of sync that are no settings.
type syncFlags struct {
	selectionFlags
	dryRun, force, yes bool
	maxEntities        int
	mapping            string
	failures           string // a file's name
	report             string // a file's name
	output             string
}

func newSync(streams *terminal.Streams) *cobra.Command {
	var flags syncFlags
	values := viper.New()
	cmd := &cobra.Command{
		Use:   "sync",
		Short: "Bring an account's coverage, with its history, into Port",
		Long:  aboutSync + aboutVariables(bothSides) + "\n\n" + exitCodes,
		Example: `  codecov-port sync --dry-run
  codecov-port sync
  codecov-port sync --since 1y --every week
  codecov-port sync --repo 'app-*' --repo '!app-legacy'
  codecov-port sync --latest --blueprint codecov_coverage`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runSync(cmd.Context(), streams, values, flags)
		},
	}
	bindSettings(cmd, values, bothSides)
	bindRates(cmd.Flags(), values)
	flags.selectionFlags.bind(cmd.Flags())
	bindMapping(cmd.Flags(), &flags.mapping)
	cmd.Flags().BoolVar(&flags.dryRun, "dry-run", false, "read, map and compare everything, write nothing, and say what would be written")
	cmd.Flags().BoolVar(&flags.force, "force", false, "write what is unchanged, too, and what Port holds for another account")
	cmd.Flags().BoolVar(&flags.yes, "yes", false, "create any number of new entities, as they come, without asking")
	cmd.Flags().IntVar(&flags.maxEntities, "max-entities", backfill.DefaultMaxEntities, "new entities that are created without asking")
	cmd.Flags().StringVar(&flags.failures, "failures", "", "write what failed to this file, a JSON object a line")
	bindReport(cmd.Flags(), &flags.report)
	cmd.Flags().StringVar(&flags.output, "output", outputText, "text; json: one document; jsonl, with --dry-run: each entity that would be written, a line each")
	return cmd
}

func runSync(ctx context.Context, streams *terminal.Streams, values *viper.Viper, flags syncFlags) error {
	if err := checkSyncOutput(flags.output, flags.dryRun); err != nil {
		return err
	}
	ctx, first, end := interruptible(ctx, streams.Err)
	defer end()
	run, err := prepareSync(ctx, first, streams, values, flags)
	if err != nil {
		return refused(streams, flags, err)
	}
	result, err := progress.Run(ctx, streams, run.options)
	return run.end(ctx, result, err)
}

// prepareSync makes the run of what the user said. first ends when it is to stop in good order.
func prepareSync(ctx, first context.Context, streams *terminal.Streams, values *viper.Viper, flags syncFlags) (syncRun, error) {
	s, err := readSettings(values, bothSides)
	if err != nil {
		return syncRun{}, err
	}
	if s, err = s.readRates(values); err != nil {
		return syncRun{}, err
	}
	s.log = newLog(streams)
	options, err := syncOptions(s, flags, time.Now())
	if err != nil {
		return syncRun{}, err
	}
	failures, err := createFailures(flags.failures)
	if err != nil {
		return syncRun{}, err
	}
	run := syncRun{settings: s, streams: streams, options: options, webhook: newWebhookReader(first, options.Port), failures: failures, output: flags.output}
	if run.report, err = createReport(flags.report); err != nil {
		return syncRun{}, cmp.Or(failures.write(nil), err)
	}
	if run.options.Mapping, err = syncMapping(streams, flags, run.webhook, options.Now); err != nil {
		run.report.discard()
		return syncRun{}, cmp.Or(failures.write(nil), explain(ctx, err, s, options.Codecov))
	}
	run.options.Stop, run.options.Ask = first.Done(), askAboutFlood(streams, first.Done())
	if flags.output == outputJSONL {
		run.options.Preview = previewTo(streams.Out)
	}
	return run, nil
}

// syncRun is a run of sync and where it tells what became of it.
type syncRun struct {
	settings settings
	streams  *terminal.Streams
	options  backfill.Options
	webhook  webhookReader
	failures *failuresFile
	report   *reportFile
	output   string
}

// end tells what became of the run, and gives the error that it ends with. A list of failures that is not complete, or
// a report, goes before how the run itself ended, and a result that could not be printed comes behind both.
func (r syncRun) end(ctx context.Context, result *backfill.Result, err error) error {
	listed := r.failures.write(result.Failures)
	failure := cmp.Or(listed, r.writeReport(result, err), r.outcome(ctx, result, err))
	printed := r.print(result, err, failure)
	r.report.announce(r.streams)
	if err == nil && !result.Interrupted {
		warnAboutAccess(r.streams, r.options, result)
		warnAboutNothing(r.streams, r.options, result)
		warnAboutIdle(r.streams, result)
		hintAtLiveEvents(r.streams, r.options, r.webhook)
		r.hintAtPrune(result)
	}
	return cmp.Or(failure, printed)
}

// outcome gives the error that a run ends with, nil where all is done.
func (r syncRun) outcome(ctx context.Context, result *backfill.Result, err error) error {
	switch {
	case err != nil:
		return explain(ctx, err, r.settings, r.options.Codecov)
	case result.Interrupted:
		return withHint(errInterrupted, "run sync again: what is in Port already is not lost")
	case !result.Complete:
		return errPart
	}
	return nil
}

// syncOptions makes the run's options of what the user said.
func syncOptions(s settings, flags syncFlags, now time.Time) (backfill.Options, error) {
	selection, err := flags.selection(now)
	if err != nil {
		return backfill.Options{}, err
	}
	options, err := backfillOptions(s, now)
	if err != nil {
		return backfill.Options{}, err
	}
	if flags.maxEntities < 1 {
		return backfill.Options{}, usage(errorf("--max-entities %d: expected a number from 1", flags.maxEntities), "--yes creates any number of new entities")
	}
	options.Selection = selection
	options.DryRun, options.Force, options.Yes, options.MaxEntities = flags.dryRun, flags.force, flags.yes, flags.maxEntities
	return options, nil
}

// syncMapping gives the chosen mapping, or what of it --blueprint asks for.
func syncMapping(streams *terminal.Streams, flags syncFlags, webhook webhookReader, now time.Time) (*mapper.Mapping, error) {
	choice, err := readChoice(flags.mapping, streams.In)
	if err != nil {
		return nil, err
	}
	mapping, err := chooseMapping(choice, webhook, now, streams)
	if err != nil || len(flags.blueprints) == 0 {
		return mapping, err
	}
	if mapping, err = mapping.Only(flags.blueprints...); err != nil {
		return nil, usage(fmt.Errorf("--blueprint: %w", err), "name one that the mapping writes")
	}
	return mapping, relatedTo(mapping, flags.blueprints)
}

// relatedTo refuses a choice of blueprints whose entities would relate to entities of a built-in one that is left out:
// those would not be checked, nor be there.
func relatedTo(mapping *mapper.Mapping, chosen []string) error {
	for _, blueprint := range mapper.BuiltinBlueprints() {
		for _, relation := range blueprint.Relations {
			if slices.Contains(mapping.Blueprints(), blueprint.Identifier) && !slices.Contains(chosen, relation.Target) {
				return usage(errorf("--blueprint %s: its entities relate to %s", blueprint.Identifier, relation.Target), "add --blueprint "+relation.Target)
			}
		}
	}
	return nil
}

// backfillOptions makes the clients.
func backfillOptions(s settings, now time.Time) (backfill.Options, error) {
	source, err := newCodecov(s)
	if err != nil {
		return backfill.Options{}, err
	}
	catalog, err := newPort(s)
	if err != nil {
		return backfill.Options{}, err
	}
	return backfill.Options{
		Codecov:    source,
		Port:       catalog,
		Owners:     s.owners,
		AppURL:     s.codecovApp,
		Blueprints: mapper.BuiltinBlueprints(),
		Now:        now,
		Log:        s.log,
		Readers:    s.codecovConcurrency,
		Writers:    s.portConcurrency,
	}, nil
}

// explain adds what the user can do about an error that ended a run.
func explain(ctx context.Context, err error, s settings, source *codecov.Client) error {
	missing := (*backfill.MissingBlueprintError)(nil)
	flood := (*backfill.FloodError)(nil)
	switch {
	case err != nil && ctx.Err() != nil:
		return withHint(errInterrupted, "it was ended at once: run sync again, it writes what is missing")
	case errors.As(err, &flood) && flood.Declined:
		return usage(errors.New("declined: no new entity was written"), "bring in less: 'codecov-port sync --help' tells how")
	case errors.As(err, &flood):
		return usage(errors.New(planText(flood.Plan)), narrower+"; --yes creates them all")
	case errors.Is(err, codecov.ErrUnauthorized):
		return withHint(fmt.Errorf("codecov refuses CODECOV_TOKEN: %w", err), "it must be a user API token (Codecov › Settings › Access › Generate Token); upload tokens don't work")
	case errors.Is(err, port.ErrUnauthorized):
		return explainPort(err, s)
	case errors.Is(err, codecov.ErrOwnerNotFound):
		return usage(fmt.Errorf("codecov knows no such account at %s: %w", s.service, err), ownersHint(ctx, s, source))
	case errors.Is(err, codecov.ErrOutage):
		return withHint(err, "Codecov, or the git provider behind it, is down: run it again later")
	case errors.As(err, &missing):
		return usage(err, "create the blueprint in Port first")
	}
	return err
}

const mostOwners = 20

// ownersHint lists the accounts that the token sees.
func ownersHint(ctx context.Context, s settings, source *codecov.Client) string {
	var names []string
	for owner, err := range source.Owners(ctx) {
		if err != nil {
			break
		}
		if owner.Username != nil && *owner.Username != "" {
			names = append(names, *owner.Username)
		}
		if len(names) == mostOwners {
			names = append(names, "…")
			break
		}
	}
	if len(names) == 0 {
		return fmt.Sprintf("check CODECOV_SERVICE_PROVIDER_ACCOUNT_NAME (%s) and CODECOV_SERVICE_PROVIDER (%s)", strings.Join(s.owners, ", "), s.service)
	}
	slices.Sort(names)
	return fmt.Sprintf("at %s your token sees: %s", s.service, strings.Join(names, ", "))
}
