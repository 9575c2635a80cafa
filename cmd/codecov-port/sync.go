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

const aboutSync = `Read the account's repositories and the coverage of their default branches' commits from Codecov, and upsert
them into Port: the current state of each repository into blueprint codecov_coverage, and each commit into
codecov_commit_coverage. Missing blueprints are created; existing ones are never altered. Running it again is
harmless.

`

func newSync(streams ui.Streams, values *viper.Viper) *cobra.Command {
	dryRun := false
	cmd := &cobra.Command{
		Use:   "sync",
		Short: "Bring an account's coverage, with its history, into Port",
		Long:  aboutSync + aboutVariables() + "\n\n" + exitCodes,
		Example: `  codecov-port sync --dry-run
  codecov-port sync`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := readSettings(values)
			if err != nil {
				return err
			}
			return runSync(cmd.Context(), streams, s, dryRun)
		},
	}
	bindSettings(cmd.Flags(), values)
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "read and map everything, write nothing, and say what would be written")
	return cmd
}

func runSync(ctx context.Context, streams ui.Streams, s settings, dryRun bool) error {
	options, err := backfillOptions(s, time.Now())
	if err != nil {
		return err
	}
	options.DryRun = dryRun
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
	case !result.Complete():
		return errPart
	}
	return nil
}

func backfillOptions(s settings, now time.Time) (backfill.Options, error) {
	source, err := newCodecov(s)
	if err != nil {
		return backfill.Options{}, err
	}
	catalog, err := newPort(s)
	if err != nil {
		return backfill.Options{}, err
	}
	mapping, err := mapper.Compile(mapper.BuiltinMapping(), mapper.Options{Now: now})
	if err != nil {
		return backfill.Options{}, fmt.Errorf("compile the built-in mapping: %w", err)
	}
	return backfill.Options{
		Codecov:    source,
		Port:       catalog,
		Owner:      s.owner,
		AppURL:     s.codecovApp,
		Mapping:    mapping,
		Blueprints: mapper.BuiltinBlueprints(),
		Now:        now,
	}, nil
}

// explain adds what the user can do about an error that ended a run.
func explain(ctx context.Context, err error, s settings, source *codecov.Client) error {
	missing := (*backfill.MissingBlueprintError)(nil)
	switch {
	case errors.Is(err, codecov.ErrUnauthorized):
		return withHint(fmt.Errorf("codecov refuses CODECOV_TOKEN: %w", err), "it must be a user API token (Codecov › Settings › Access › Generate Token); upload tokens don't work")
	case errors.Is(err, port.ErrUnauthorized):
		return withHint(fmt.Errorf("port refuses PORT_CLIENT_ID and PORT_CLIENT_SECRET: %w", err), "check both, and the region: "+s.portURL+" was asked; for the other one set PORT_REGION to eu or us")
	case errors.Is(err, codecov.ErrOwnerNotFound):
		return usage(fmt.Errorf("codecov knows no account %q at %s: %w", s.owner, s.service, err), ownersHint(ctx, s, source))
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
		return fmt.Sprintf("check CODECOV_SERVICE_PROVIDER_ACCOUNT_NAME (%s) and CODECOV_SERVICE_PROVIDER (%s)", s.owner, s.service)
	}
	slices.Sort(names)
	return fmt.Sprintf("at %s your token sees: %s", s.service, strings.Join(names, ", "))
}
