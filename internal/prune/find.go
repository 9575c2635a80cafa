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
	"github.com/codecov-port/codecov-port/pkg/port"
)

// account is what Codecov lists for an owner.
type account struct {
	branches  map[string]string // default branches by repository
	spellings map[string]string // listed names by their lower case
	gap       error             // why the list is not complete; nil if it is
}

// find compares Codecov's lists with Port and collects the candidates.
func (p *pruner) find(ctx context.Context) error {
	accounts := make([]account, len(p.options.Owners))
	var held map[string]string
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
	for _, name := range slices.Sorted(maps.Keys(held)) {
		owner := held[name]
		p.held[owner]++
		own := accounts[slices.Index(p.options.Owners, owner)]
		branch, isOwn := own.branches[name]
		spelling := own.spellings[strings.ToLower(name)]
		// A repository of this name in another account takes the entity over in the next sync.
		isListed := slices.ContainsFunc(accounts, func(a account) bool { _, listed := a.branches[name]; return listed })
		switch {
		case isOwn:
			p.listed = append(p.listed, &candidate{repository: Repository{Owner: owner, Name: name, HistoryOnly: true}, branch: branch})
		case !isListed && (own.gap == nil || spelling != ""):
			p.candidates = append(p.candidates, &candidate{repository: Repository{Owner: owner, Name: name, RenamedTo: spelling}})
		}
	}
	return nil
}

// list reads an account's repositories.
func (p *pruner) list(ctx context.Context, owner string) (account, error) {
	a := account{branches: make(map[string]string), spellings: make(map[string]string)}
	options := codecov.RepositoriesOptions{Skipped: func(row *codecov.SkippedRowError) { a.gap = row }}
	for r, err := range p.options.Codecov.Repositories(ctx, owner, options) {
		switch {
		case codecov.IsPartial(err):
			a.gap = err
		case err != nil:
			return a, fmt.Errorf("list the repositories of %s: %w", owner, err)
		default:
			a.branches[r.Name], a.spellings[strings.ToLower(r.Name)] = r.Branch, r.Name
		}
	}
	return a, nil
}

// readPort returns the owners of the accounts' repositories that Port holds, by name, and reads the declarations.
func (p *pruner) readPort(ctx context.Context) (held map[string]string, err error) {
	if p.current, err = backfill.ReadBlueprint(ctx, p.options.Port, mapper.CurrentBlueprint); p.current == nil || err != nil {
		return nil, err
	}
	if p.history, err = backfill.ReadBlueprint(ctx, p.options.Port, mapper.HistoryBlueprint); err != nil {
		return nil, err
	}
	held = make(map[string]string)
	for stored, err := range p.site.Entities(ctx, p.options.Port, *p.current, port.SearchOptions{}) {
		if err != nil {
			return nil, fmt.Errorf("read the entities of %s: %w", mapper.CurrentBlueprint, err)
		}
		if owner := stored.RepositoryAccount(); owner != "" {
			held[stored.Entity.Identifier] = owner
		}
	}
	return held, nil
}

// askCodecov keeps the candidate unless Codecov itself answers that it has no repository of this name. Any other answer
// may mean lost access.
func (p *pruner) askCodecov(ctx context.Context, c *candidate) error {
	if cause := p.codecovCircuit.Cause(); cause != nil {
		c.repository.Kept = fmt.Sprintf("Codecov was not asked for it: %v", cause)
		return nil
	}
	known, err := p.isKnown(ctx, c)
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.Is(err, codecov.ErrUnauthorized):
		return err
	case err != nil:
		c.repository.Kept = fmt.Sprintf("Codecov doesn't confirm that it is gone: %v", err)
	case known:
		c.repository.Kept = "Codecov still has it, but doesn't list it"
	}
	p.codecovCircuit.Record(err)
	return nil
}

// isKnown reports whether Codecov has a repository that is spelled like the candidate.
func (p *pruner) isKnown(ctx context.Context, c *candidate) (bool, error) {
	if c.repository.RenamedTo == "" {
		return p.options.Codecov.RepositoryExists(ctx, c.repository.Owner, c.repository.Name)
	}
	options := codecov.RepositoriesOptions{Names: []string{c.repository.Name}}
	for r, err := range p.options.Codecov.Repositories(ctx, c.repository.Owner, options) {
		if err != nil || r.Name == c.repository.RenamedTo {
			return false, err
		}
	}
	return true, nil
}

// applyLimit keeps all candidates of an account of which too many would go.
func (p *pruner) applyLimit() {
	for owner, held := range p.held {
		going := slices.DeleteFunc(p.going(), func(c *candidate) bool { return c.repository.Owner != owner })
		if float64(len(going)) <= p.options.Limit*float64(held) {
			continue
		}
		for _, c := range going {
			c.repository.Kept = fmt.Sprintf("%d of the %d repositories that Port holds for %s would go, more than the limit of %g%%",
				len(going), held, owner, 100*p.options.Limit)
			p.fail(backfill.Failure{Repository: c.repository.Name, Code: CodeLimit, Message: c.repository.Kept})
		}
	}
}

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
