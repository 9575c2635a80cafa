package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/viper"

	"github.com/codecov-port/codecov-port/internal/ui"
	"github.com/codecov-port/codecov-port/pkg/backfill"
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

` + aboutMapping

// syncFlags are the flags of sync that are no settings.
type syncFlags struct {
	selectionFlags
	dryRun, force, yes bool
	maxEntities        int
	mapping            string
}

func newSync(streams ui.Streams) *cobra.Command {
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
			s, err := readSettings(values, bothSides)
			if err != nil {
				return err
			}
			if s, err = s.readRates(values); err != nil {
				return err
			}
			return runSync(cmd.Context(), streams, s, flags)
		},
	}
	bindSettings(cmd.Flags(), values, bothSides)
	bindRates(cmd.Flags(), values)
	flags.bind(cmd.Flags())
	bindMapping(cmd.Flags(), &flags.mapping)
	cmd.Flags().BoolVar(&flags.dryRun, "dry-run", false, "read, map and compare everything, write nothing, and say what would be written")
	cmd.Flags().BoolVar(&flags.force, "force", false, "write what is unchanged, too, and what Port holds for another account")
	cmd.Flags().BoolVar(&flags.yes, "yes", false, "create any number of new entities, as they come, without asking")
	cmd.Flags().IntVar(&flags.maxEntities, "max-entities", backfill.DefaultMaxEntities, "new entities that are created without asking")
	return cmd
}

func runSync(ctx context.Context, streams ui.Streams, s settings, flags syncFlags) error {
	options, err := syncOptions(s, flags, time.Now())
	if err != nil {
		return err
	}
	if options.Mapping, err = syncMapping(ctx, streams, flags, options); err != nil {
		return explain(ctx, err, s, options.Codecov)
	}
	options.Ask = askAboutFlood(streams)
	ctx, stop, end := interruptible(ctx, streams.Err)
	defer end()
	options.Stop = stop
	result, err := backfill.Run(ctx, options)
	if err == nil || result.Commits.Read > 0 {
		if err := printResult(streams.Out, result); err != nil {
			return err
		}
	}
	switch {
	case err != nil:
		return explain(ctx, err, s, options.Codecov)
	case result.Interrupted:
		return withHint(errInterrupted, "run sync again: what is in Port already is not lost")
	}
	hintAtLiveEvents(ctx, streams.Err, options)
	if !result.Complete() {
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
	options.Selection = selection
	options.DryRun, options.Force, options.Yes, options.MaxEntities = flags.dryRun, flags.force, flags.yes, flags.maxEntities
	return options, nil
}

// syncMapping gives the chosen mapping, or what of it --blueprint asks for.
func syncMapping(ctx context.Context, streams ui.Streams, flags syncFlags, options backfill.Options) (*mapper.Mapping, error) {
	choice, err := readChoice(flags.mapping, streams.In)
	if err != nil {
		return nil, err
	}
	mapping, err := chooseMapping(ctx, choice, options.Port, options.Now, streams.Err)
	if err != nil || len(flags.blueprints) == 0 {
		return mapping, err
	}
	if mapping, err = mapping.Only(flags.blueprints...); err != nil {
		return nil, usage(fmt.Errorf("--blueprint: %w", err), "name one that the mapping writes")
	}
	return mapping, nil
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
		Readers:    s.codecovConcurrency,
		Writers:    s.portConcurrency,
	}, nil
}

// explain adds what the user can do about an error that ended a run.
func explain(ctx context.Context, err error, s settings, source *codecov.Client) error {
	missing := (*backfill.MissingBlueprintError)(nil)
	flood := (*backfill.FloodError)(nil)
	switch {
	case errors.As(err, &flood):
		return usage(errors.New(planText(flood.Plan)), narrower+"; --yes creates them all")
	case errors.Is(err, codecov.ErrUnauthorized):
		return withHint(fmt.Errorf("codecov refuses CODECOV_TOKEN: %w", err), "it must be a user API token (Codecov › Settings › Access › Generate Token); upload tokens don't work")
	case errors.Is(err, port.ErrUnauthorized):
		return explainPort(err, s)
	case errors.Is(err, codecov.ErrOwnerNotFound):
		return usage(fmt.Errorf("codecov knows no such account at %s: %w", s.service, err), ownersHint(ctx, s, source))
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
