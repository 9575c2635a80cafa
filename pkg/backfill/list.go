package backfill

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/codecov-port/codecov-port/pkg/codecov"
)

// listed is a repository of the list, with the account that it is of.
type listed struct {
	codecov.Repository
	owner string
	// rank is how many repositories before it in the list have its name: those of one rank are read at the same
	// time, so that the first keeps what a name gives.
	rank int
}

// branches are the listings to read, in their order; "" is every branch.
func (l listed) branches(s Selection) []string {
	switch {
	case s.AllBranches:
		return []string{l.Branch, ""}
	case len(s.Branches) > 0:
		return s.Branches
	}
	return []string{l.Branch}
}

// list gives the accounts' repositories that are selected, account after account as they are named.
func (r *run) list(ctx context.Context) ([]listed, error) {
	accounts := make([][]codecov.Repository, len(r.Owners))
	g, listing := errgroup.WithContext(ctx)
	for i, owner := range r.Owners {
		g.Go(func() error {
			var err error
			accounts[i], err = r.listOwner(listing, owner)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	var all []listed
	ranks := make(map[string]int)
	for i, repositories := range accounts {
		for _, repository := range repositories {
			all = append(all, listed{Repository: repository, owner: r.Owners[i], rank: ranks[repository.Name]})
			ranks[repository.Name]++
		}
	}
	r.tellMissing(all)
	return all, nil
}

func (r *run) listOwner(ctx context.Context, owner string) ([]codecov.Repository, error) {
	var selected []codecov.Repository
	options := codecov.RepositoriesOptions{Names: r.exact()}
	for repository, err := range r.Codecov.Repositories(ctx, owner, options) {
		if err != nil {
			return nil, fmt.Errorf("list the repositories of %s: %w", owner, err)
		}
		if r.selects(repository.Name) {
			r.tally.repositoryListed(repository)
			selected = append(selected, repository)
		}
	}
	return selected, nil
}

// tellMissing names the repositories that were asked for by name and that no account has.
func (r *run) tellMissing(all []listed) {
	for _, name := range r.exact() {
		if !slices.ContainsFunc(all, func(l listed) bool { return strings.EqualFold(l.Name, name) }) {
			r.tally.repositoryFailed(name, errNoSuchRepository)
		}
	}
}
