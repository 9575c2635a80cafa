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
			accounts[i], err = r.listOwner(listing, owner, r.exact())
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	var all []listed
	for i, repositories := range accounts {
		for _, repository := range repositories {
			all = append(all, listed{Repository: repository, owner: r.Owners[i]})
		}
	}
	return all, nil
}

// listOwner gives the repositories of one account, all or those of some names. What the list does not give is named,
// and what it does is read all the same.
func (r *run) listOwner(ctx context.Context, owner string, names []string) ([]codecov.Repository, error) {
	var selected []codecov.Repository
	options := codecov.RepositoriesOptions{Names: names, Skipped: func(row *codecov.SkippedRowError) { r.gaps.left(owner, row) }}
	for repository, err := range r.Codecov.Repositories(ctx, owner, options) {
		switch {
		case isPartial(err):
			r.gaps.cut(owner, err)
		case err != nil:
			return nil, fmt.Errorf("list the repositories of %s: %w", owner, err)
		case r.selects(repository.Name):
			r.tally.repositoryListed(repository)
			selected = append(selected, repository)
		}
	}
	return selected, nil
}

// rank counts for each repository those before it that have its name.
func rank(all []listed) {
	ranks := make(map[string]int)
	for i := range all {
		all[i].rank = ranks[all[i].Name]
		ranks[all[i].Name]++
	}
}

// tellMissing names the repositories that were asked for by name and that no account has.
func (r *run) tellMissing() {
	for _, name := range r.exact() {
		if !r.isListed(name) && !r.gaps.names(name) {
			r.tally.repositoryFailed(name, errNoSuchRepository)
		}
	}
}

func (r *run) isListed(name string) bool {
	return slices.ContainsFunc(r.repositories, func(l listed) bool { return strings.EqualFold(l.Name, name) })
}
