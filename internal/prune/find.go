package prune

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/codecov-port/codecov-port/internal/backfill"
	"github.com/codecov-port/codecov-port/pkg/codecov"
	"github.com/codecov-port/codecov-port/pkg/mapper"
	"github.com/codecov-port/codecov-port/pkg/port"
)

// addressProperty of the current blueprint holds the address of a repository's page at Codecov.
const addressProperty = "repository"

// account is what Codecov lists for an owner.
type account struct {
	branches map[string]string // default branches by repository
	gap      error             // why the list is not complete; nil if it is
}

// spelling returns the listed name that equals name without regard to case, or "".
func (a account) spelling(name string) string {
	if _, listed := a.branches[name]; listed {
		return name
	}
	for other := range a.branches {
		if strings.EqualFold(other, name) {
			return other
		}
	}
	return ""
}

// find compares Codecov's lists with Port and collects the candidates.
func (p *pruner) find(ctx context.Context) error {
	accounts := make([]account, len(p.options.Owners))
	var held []repository
	g, ctx := errgroup.WithContext(ctx)
	for i, owner := range p.options.Owners {
		g.Go(func() (err error) {
			accounts[i], err = p.list(ctx, owner)
			return err
		})
	}
	g.Go(func() (err error) {
		held, err = p.readPort(ctx)
		return err
	})
	if err := g.Wait(); err != nil {
		return err
	}
	for i, owner := range p.options.Owners {
		if gap := accounts[i].gap; gap != nil {
			p.fail(backfill.Failure{Code: CodeNotRemoved,
				Message: fmt.Sprintf("list the repositories of %s: %v; without a complete list none of them is removed", owner, gap)})
		}
	}
	p.held = make(map[string]int)
	for _, r := range held {
		p.held[r.owner]++
		own := accounts[slices.Index(p.options.Owners, r.owner)]
		spelling := own.spelling(r.name)
		// A repository of this name in another account takes the entity over in the next sync.
		isListed := slices.ContainsFunc(accounts, func(a account) bool { _, listed := a.branches[r.name]; return listed })
		switch {
		case spelling == r.name:
			p.listed = append(p.listed, listedRepository{r, own.branches[r.name]})
		case !isListed && (own.gap == nil || spelling != ""):
			p.candidates = append(p.candidates, &candidate{repository: r, renamedTo: spelling})
		}
	}
	return nil
}

// list reads an account's repositories.
func (p *pruner) list(ctx context.Context, owner string) (account, error) {
	a := account{branches: make(map[string]string)}
	options := codecov.RepositoriesOptions{Skipped: func(row *codecov.SkippedRowError) { a.gap = row }}
	for r, err := range p.options.Codecov.Repositories(ctx, owner, options) {
		switch {
		case codecov.IsPartial(err):
			a.gap = err
		case err != nil:
			return a, fmt.Errorf("list the repositories of %s: %w", owner, err)
		default:
			a.branches[r.Name] = r.Branch
		}
	}
	return a, nil
}

// readPort returns the repositories of the accounts that Port holds, and reads the declaration of the history.
func (p *pruner) readPort(ctx context.Context) ([]repository, error) {
	current, err := backfill.ReadBlueprint(ctx, p.options.Port, mapper.CurrentBlueprint)
	if current == nil || err != nil {
		return nil, err
	}
	if p.history, err = backfill.ReadBlueprint(ctx, p.options.Port, mapper.HistoryBlueprint); err != nil {
		return nil, err
	}
	if _, declared := current.Schema.Properties[addressProperty]; !declared {
		return nil, nil
	}
	var held []repository
	include := port.SearchOptions{Include: []string{"$identifier", addressProperty}}
	for entity, err := range p.options.Port.Search(ctx, mapper.CurrentBlueprint, include) {
		if err != nil {
			return nil, fmt.Errorf("read the entities of %s: %w", mapper.CurrentBlueprint, err)
		}
		if r, ok := p.repositoryOf(entity); ok {
			held = append(held, r)
		}
	}
	return held, nil
}

// repositoryOf returns the repository that an entity of the current blueprint is about. It reports false for another
// account's, and for an entity that the built-in mapping would name differently.
func (p *pruner) repositoryOf(entity port.Entity) (repository, bool) {
	address, _ := entity.Properties[addressProperty].(string)
	r, rest, ok := p.parsePage(address)
	return r, ok && len(rest) == 0 && r.name == entity.Identifier
}

// parsePage returns the repository of the accounts that an address at Codecov is about, and the segments below it.
func (p *pruner) parsePage(address string) (r repository, rest []string, ok bool) {
	page, ok := backfill.ParsePage(p.options.AppURL, address)
	if !ok {
		return repository{}, nil, false
	}
	owner, ok := page.AccountOf(p.options.Codecov.Service(), p.options.Owners)
	return repository{owner: owner, name: page.Repository}, page.Rest, ok
}

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
