package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/codecov-port/codecov-port/internal/backfill"
)

// selectionFlags say what is brought in.
type selectionFlags struct {
	backfill.Selection
	since      string
	every      string
	blueprints []string
}

func (f *selectionFlags) bind(flags *pflag.FlagSet) {
	flags.StringArrayVar(&f.Repositories, "repo", nil, "only repositories that match this name or glob, without case; ! before it excludes (repeatable)")
	flags.StringArrayVar(&f.Branches, "branch", nil, "this branch in place of the default branch (repeatable, read in this order)")
	flags.BoolVar(&f.AllBranches, "all-branches", false, "the default branch first, then all others, pull requests and forks included")
	flags.StringVar(&f.since, "since", "", "no commits before a date (2024-01-01) or a time ago (90d, 12w, 6mo, 2y)")
	flags.IntVar(&f.MaxCommits, "max-commits", 0, "at most so many commits a repository, the newest (0: all)")
	flags.StringVar(&f.every, "every", string(backfill.EveryCommit), "of each commit, day, week or month the last commit; open periods give the current state alone")
	flags.BoolVar(&f.Latest, "latest", false, "the newest usable commit of each repository, nothing else")
	flags.BoolVar(&f.IncludeInactive, "include-inactive", false, "an entity without coverage for each repository that has none")
	flags.StringArrayVar(&f.blueprints, "blueprint", nil, "only the mapping's entries for this blueprint (repeatable)")
}

// selection reads the flags that have a form of their own, and refuses what contradicts itself.
func (f *selectionFlags) selection(now time.Time) (backfill.Selection, error) {
	s := f.Selection
	var err error
	if f.since != "" {
		if s.Since, err = backfill.ParseSince(f.since, now); err != nil {
			return s, usage(fmt.Errorf("--since %w", err), "for example --since 2024-01-01 or --since 90d")
		}
	}
	if s.Every, err = backfill.ParsePeriod(f.every); err != nil {
		return s, usage(fmt.Errorf("--every: %w", err), meant(f.every, flagForms["every"].names, "for example --every week"))
	}
	if err := s.Check(); err != nil {
		return s, usage(err, "see 'codecov-port sync --help'")
	}
	return s, nil
}

// parseShare reads a share of a limit: 80%, 80 or 0.8.
func parseShare(flag, text string) (float64, error) {
	number, percent := strings.CutSuffix(strings.TrimSpace(text), "%")
	share, err := strconv.ParseFloat(number, 64)
	if percent || share > 1 {
		share /= 100
	}
	if err != nil || !(share > 0 && share <= 1) {
		return 0, fmt.Errorf("--%s %q: expected a share from 1%% to 100%%", flag, text)
	}
	return share, nil
}
