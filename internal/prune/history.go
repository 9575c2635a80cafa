package prune

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/codecov-port/codecov-port/internal/backfill"
	"github.com/codecov-port/codecov-port/pkg/codecov"
	"github.com/codecov-port/codecov-port/pkg/mapper"
)

// listedRepository is a repository that both Codecov and Port have.
type listedRepository struct {
	repository repository
	branch     string // the default branch
}

// inspectHistories adds a candidate for each listed repository whose history in Port has commits that Codecov doesn't
// have: the name was used before by another repository, or the data was erased at Codecov.
func (p *pruner) inspectHistories(ctx context.Context) error {
	if !p.options.History || p.history == nil {
		return nil
	}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(concurrency)
	for _, r := range p.listed {
		g.Go(func() error {
			c := &candidate{repository: r.repository, historyOnly: true}
			err := p.inspectHistory(ctx, c, r.branch)
			if err != nil {
				err = p.failed(ctx, c, err)
			}
			if c.kept != "" || len(c.commits) > 0 {
				p.mu.Lock()
				defer p.mu.Unlock()
				p.candidates = append(p.candidates, c)
			}
			return err
		})
	}
	return g.Wait()
}

// inspectHistory sets the candidate's commits to those that Codecov doesn't have.
func (p *pruner) inspectHistory(ctx context.Context, c *candidate, branch string) error {
	if cause := errors.Join(p.codecovCircuit.Cause(), p.portCircuit.Cause()); cause != nil {
		return cause
	}
	missing := make(map[string]string) // identifiers by sha
	for entity, err := range p.options.Port.Search(ctx, mapper.HistoryBlueprint, historyQuery(p.history, c.repository.name)) {
		if err != nil {
			return err
		}
		if p.isHistoryOf(entity, c.repository) {
			missing[strings.TrimPrefix(entity.Identifier, c.repository.name+"@")] = entity.Identifier
		}
	}
	held := len(missing)
	for _, branch := range slices.Compact([]string{branch, ""}) { // "" is every branch
		if len(missing) == 0 {
			return nil
		}
		if err := p.dropListed(ctx, c.repository, branch, missing); err != nil {
			return err
		}
	}
	for _, sha := range slices.Sorted(maps.Keys(missing)) {
		exists, err := p.options.Codecov.CommitExists(ctx, c.repository.owner, c.repository.name, sha)
		if err != nil {
			return fmt.Errorf("ask Codecov for the commit %s: %w", sha, err)
		}
		if !exists {
			c.commits = append(c.commits, missing[sha])
		}
		if float64(len(c.commits)) > p.options.Limit*float64(held) {
			c.kept = fmt.Sprintf("Codecov doesn't have %d or more of the %d commits that Port holds, more than the limit of %g%%", len(c.commits), held, 100*p.options.Limit)
			p.fail(backfill.Failure{Repository: c.repository.name, Code: CodeLimit, Message: c.kept})
			return nil
		}
	}
	c.planned = len(c.commits)
	p.codecovCircuit.Record(nil)
	return nil
}

// dropListed deletes the commits that Codecov lists from missing. A list that breaks off is good enough: what remains is
// asked for one by one.
func (p *pruner) dropListed(ctx context.Context, r repository, branch string, missing map[string]string) error {
	options := codecov.CommitsOptions{Branch: branch, Skipped: func(*codecov.SkippedRowError) {}}
	for commit, err := range p.options.Codecov.Commits(ctx, r.owner, r.name, options) {
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
