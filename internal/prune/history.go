package prune

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/codecov-port/codecov-port/internal/backfill"
	"github.com/codecov-port/codecov-port/pkg/codecov"
)

// inspectHistories adds a candidate for each listed repository whose history in Port has commits that Codecov doesn't
// have: the name was used before by another repository, or the data was erased at Codecov.
func (p *pruner) inspectHistories(ctx context.Context) error {
	if !p.options.History || p.history == nil {
		return nil
	}
	err := p.each(ctx, p.listed, p.inspectHistory)
	for _, c := range p.listed {
		if c.repository.Kept != "" || c.planned > 0 {
			p.candidates = append(p.candidates, c)
		}
	}
	return err
}

// inspectHistory sets the candidate's commits to those that Codecov doesn't have.
func (p *pruner) inspectHistory(ctx context.Context, c *candidate) error {
	if cause := errors.Join(p.codecovCircuit.Cause(), p.portCircuit.Cause()); cause != nil {
		return cause
	}
	missing := make(map[string]string) // identifiers by sha
	for stored, err := range p.searchHistory(ctx, c) {
		if err != nil {
			return err
		}
		if isHistoryOf(stored, c) {
			missing[strings.TrimPrefix(stored.Entity.Identifier, c.repository.Name+"@")] = stored.Entity.Identifier
		}
	}
	held := len(missing)
	for _, branch := range slices.Compact([]string{c.branch, ""}) { // "" is every branch
		if err := p.dropListed(ctx, c, branch, missing); err != nil {
			return err
		}
	}
	for _, sha := range slices.Sorted(maps.Keys(missing)) {
		exists, err := p.options.Codecov.CommitExists(ctx, c.repository.Owner, c.repository.Name, sha)
		if err != nil {
			return fmt.Errorf("ask Codecov for the commit %s: %w", sha, err)
		}
		if !exists {
			c.commits = append(c.commits, missing[sha])
		}
		if float64(len(c.commits)) > p.options.Limit*float64(held) {
			c.repository.Kept = fmt.Sprintf("Codecov doesn't have %d or more of the %d commits that Port holds, more than the limit of %g%%", len(c.commits), held, 100*p.options.Limit)
			p.fail(backfill.Failure{Repository: c.repository.Name, Code: CodeLimit, Message: c.repository.Kept})
			return nil
		}
	}
	c.planned = len(c.commits)
	p.codecovCircuit.Record(nil)
	return nil
}

// dropListed deletes the commits that Codecov lists from missing. A list that breaks off is good enough: what remains is
// asked for one by one.
func (p *pruner) dropListed(ctx context.Context, c *candidate, branch string, missing map[string]string) error {
	if len(missing) == 0 {
		return nil
	}
	options := codecov.CommitsOptions{Branch: branch, Skipped: func(*codecov.SkippedRowError) {}}
	for commit, err := range p.options.Codecov.Commits(ctx, c.repository.Owner, c.repository.Name, options) {
		if codecov.IsPartial(err) {
			return nil
		}
		if err != nil {
			return err
		}
		if delete(missing, commit.CommitID); len(missing) == 0 {
			return nil
		}
	}
	return nil
}
