package backfill

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/codecov-port/codecov-port/pkg/codecov"
)

// repository is a row of Codecov's list, with its account.
type repository struct {
	row   codecov.Repository
	owner string
	// rank is the number of earlier repositories of the same name, in other accounts. Ranks are read one after the other,
	// so that the first account keeps the name.
	rank int
}

func (r repository) path() string { return r.owner + "/" + r.row.Name }

// hasCommits reports whether its commits are read. Those of selected branches are always read: Codecov also has coverage of
// repositories that are inactive, as after the end of a plan.
func (r repository) hasCommits(s Selection) bool { return r.row.HasCoverage() || len(s.Branches) > 0 }

// withCommits returns the number of repositories whose commits are read.
func (r *run) withCommits() int {
	count := 0
	for _, repository := range r.repositories {
		if repository.hasCommits(r.options.Selection) {
			count++
		}
	}
	return count
}

// account is what the list of an account's repositories did not contain.
type account struct {
	owner      string
	skipped    []*codecov.SkippedRowError
	truncation error // why the list was not read to its end
}

func (a account) isIncomplete() bool { return a.truncation != nil || len(a.skipped) > 0 }

// isIncomplete reports whether the account may have repositories that its list did not contain.
func (r *run) isIncomplete(owner string) bool {
	return slices.ContainsFunc(r.accounts, func(a account) bool { return a.owner == owner && a.isIncomplete() })
}

// skipped reports whether a row that a list skipped is known to have this name.
func (r *run) skipped(name string) bool {
	return slices.ContainsFunc(r.accounts, func(a account) bool {
		return slices.ContainsFunc(a.skipped, func(row *codecov.SkippedRowError) bool { return strings.EqualFold(row.Name, name) })
	})
}

// listRepositories lists the selected repositories, account by account.
func (r *run) listRepositories(ctx context.Context) error {
	r.accounts = make([]account, len(r.options.Owners))
	listed := make([][]repository, len(r.options.Owners))
	g, ctx := errgroup.WithContext(ctx)
	for i, owner := range r.options.Owners {
		r.accounts[i].owner = owner
		g.Go(func() (err error) {
			listed[i], err = r.list(ctx, &r.accounts[i], r.options.Selection.exactNames())
			return err
		})
	}
	err := g.Wait()
	r.repositories = slices.Concat(listed...)
	return err
}

// list lists the selected repositories of one account, all of them or those of the given names.
func (r *run) list(ctx context.Context, a *account, names []string) ([]repository, error) {
	var selected []repository
	options := codecov.RepositoriesOptions{Names: names, Skipped: func(row *codecov.SkippedRowError) { a.skipped = append(a.skipped, row) }}
	for row, err := range r.options.Codecov.Repositories(ctx, a.owner, options) {
		switch {
		case codecov.IsPartial(err):
			a.truncation = err
		case err != nil:
			return nil, fmt.Errorf("list the repositories of %s: %w", a.owner, err)
		case r.options.Selection.selects(row.Name):
			r.recorder.update(func(c *recorder) {
				c.result.Repositories.Listed++
				if row.Private {
					c.result.Repositories.Private++
				}
				if !row.HasCoverage() {
					c.result.Repositories.WithoutCoverage++
				}
			})
			selected = append(selected, repository{row: row, owner: a.owner})
		}
	}
	return selected, nil
}

// addMissing looks up by name the repositories that Port holds and that an incomplete list did not contain, records what stays
// missing, and ranks the repositories.
func (r *run) addMissing(ctx context.Context) error {
	for i := range r.accounts {
		a := &r.accounts[i]
		if !a.isIncomplete() {
			continue
		}
		added, err := r.addByName(ctx, a)
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case errors.Is(err, codecov.ErrUnauthorized), isRefusal(err):
			return err
		case err != nil:
			r.recorder.record(readFailure("", err))
		}
		if a.truncation != nil {
			failure := readFailure("", a.truncation)
			if added > 0 {
				failure.Message += fmt.Sprintf("; %d more were found by the names in Port", added)
			}
			r.recorder.record(failure)
		}
		for _, row := range a.skipped {
			r.recorder.recordUnreadable(row.Name, row)
		}
	}
	ranks := make(map[string]int)
	for i := range r.repositories {
		name := r.repositories[i].row.Name
		r.repositories[i].rank = ranks[name]
		ranks[name]++
	}
	return nil
}

// addByName adds the repositories of an account that Port holds and that are found by their name, and returns their number.
func (r *run) addByName(ctx context.Context, a *account) (int, error) {
	if err := r.back.wait(ctx); err != nil {
		return 0, err
	}
	var names []string
	for _, s := range r.back.stored {
		isListed := slices.ContainsFunc(r.repositories, func(listed repository) bool { return strings.EqualFold(listed.row.Name, s.name) })
		if s.owner == a.owner && r.options.Selection.selects(s.name) && !isListed && !r.skipped(s.name) {
			names = append(names, s.name)
		}
	}
	if len(names) == 0 {
		return 0, nil
	}
	found, err := r.list(ctx, a, names)
	if err != nil {
		return 0, fmt.Errorf("by the names in Port: %w", err)
	}
	r.repositories = append(r.repositories, found...)
	return len(found), nil
}

// NoMatchError ends a run whose selection names something that does not exist. Nothing was written.
type NoMatchError struct {
	Kind  string   // repository or branch
	Value string   // the name or pattern
	Known []string // names that exist, to suggest from; may be incomplete
}

// Error names what does not exist.
func (e *NoMatchError) Error() string { return fmt.Sprintf("no %s matches %q", e.Kind, e.Value) }

// checkRepositories returns a *NoMatchError if a pattern matches no repository, listed by Codecov or held by Port. It cannot know
// if a list is incomplete.
func (r *run) checkRepositories(ctx context.Context) error {
	listed := sync.OnceValue(func() (names []string) { // of all repositories, as far as Codecov answers
		for _, owner := range r.options.Owners {
			for row, err := range r.options.Codecov.Repositories(ctx, owner, codecov.RepositoriesOptions{}) {
				if err != nil {
					break
				}
				names = append(names, row.Name)
			}
		}
		return names
	})
	for _, pattern := range r.options.Selection.Repositories {
		only := Selection{Repositories: []string{pattern}}
		matches := func(listed repository) bool { return only.selects(listed.row.Name) }
		if strings.HasPrefix(pattern, "!") || slices.ContainsFunc(r.repositories, matches) || r.skipped(pattern) {
			continue
		}
		if err := r.back.wait(ctx); err != nil {
			return err
		}
		isStored := slices.ContainsFunc(r.back.stored, func(s repositoryName) bool { return only.selects(s.name) }) // it is reported as stale
		isUnknown := slices.ContainsFunc(r.accounts, account.isIncomplete) && !slices.Contains(r.options.Selection.exactNames(), pattern)
		if !isStored && !isUnknown && !slices.ContainsFunc(listed(), only.selects) { // otherwise another pattern excludes all that match
			return &NoMatchError{Kind: "repository", Value: pattern, Known: listed()}
		}
	}
	return nil
}
