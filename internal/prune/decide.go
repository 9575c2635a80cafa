package prune

import (
	"context"
	"errors"
	"fmt"

	"github.com/codecov-port/codecov-port/internal/backfill"
	"github.com/codecov-port/codecov-port/pkg/codecov"
)

// askCodecov keeps the candidate unless Codecov itself answers that it has no repository of this name. Any other answer
// may mean lost access.
func (p *pruner) askCodecov(ctx context.Context, c *candidate) error {
	if cause := p.codecovCircuit.Cause(); cause != nil {
		c.kept = fmt.Sprintf("Codecov was not asked for it: %v", cause)
		return nil
	}
	known, err := p.isKnown(ctx, c)
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.Is(err, codecov.ErrUnauthorized):
		return fmt.Errorf("ask Codecov for the repository %s: %w", c.repository.name, err)
	case err != nil:
		c.kept = fmt.Sprintf("Codecov doesn't confirm that it is gone: %v", err)
	case known:
		c.kept = "Codecov still has it, but doesn't list it"
	}
	p.codecovCircuit.Record(err)
	return nil
}

// isKnown reports whether Codecov has a repository that is spelled like the candidate.
func (p *pruner) isKnown(ctx context.Context, c *candidate) (bool, error) {
	if c.renamedTo == "" {
		return p.options.Codecov.RepositoryExists(ctx, c.repository.owner, c.repository.name)
	}
	options := codecov.RepositoriesOptions{Names: []string{c.repository.name}}
	for r, err := range p.options.Codecov.Repositories(ctx, c.repository.owner, options) {
		if err != nil || r.Name == c.renamedTo {
			return false, err
		}
	}
	return true, nil
}

// applyLimit keeps all candidates of an account of which too many would go.
func (p *pruner) applyLimit() {
	for _, owner := range p.options.Owners {
		var going []*candidate
		for _, c := range p.going() {
			if c.repository.owner == owner {
				going = append(going, c)
			}
		}
		held := p.held[owner]
		if float64(len(going)) <= p.options.Limit*float64(held) {
			continue
		}
		for _, c := range going {
			c.kept = fmt.Sprintf("%d of the %d repositories that Port holds for %s would go, more than the limit of %g%%",
				len(going), held, owner, 100*p.options.Limit)
			p.fail(backfill.Failure{Repository: c.repository.name, Code: CodeLimit, Message: c.kept})
		}
	}
}

// fail adds a failure to the result.
func (p *pruner) fail(f backfill.Failure) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.failures = append(p.failures, f)
}
