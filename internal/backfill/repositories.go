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

func (r repository) title() string { return "repository " + r.owner + "/" + r.row.Name }

// hasCommits reports whether its commits are read. Those of selected branches are always read: Codecov also has coverage of
// repositories that are inactive, as after the end of a plan.
func (r repository) hasCommits(s Selection) bool { return r.row.HasCoverage() || len(s.Branches) > 0 }

func withCoverage(repositories []repository, s Selection) int {
	count := 0
	for _, r := range repositories {
		if r.hasCommits(s) {
			count++
		}
	}
	return count
}

// listRepositories lists the selected repositories, account by account.
func listRepositories(ctx context.Context, o Options, missing *missingRepositories, recorder *recorder) ([]repository, error) {
	accounts := make([][]repository, len(o.Owners))
	g, ctx := errgroup.WithContext(ctx)
	for i, owner := range o.Owners {
		g.Go(func() (err error) {
			accounts[i], err = listAccount(ctx, o, owner, o.Selection.exactNames(), missing, recorder)
			return err
		})
	}
	err := g.Wait()
	return slices.Concat(accounts...), err
}

// listAccount lists the selected repositories of one account, all of them or those of the given names. What the list does not
// contain is recorded as missing.
func listAccount(ctx context.Context, o Options, owner string, names []string, missing *missingRepositories, recorder *recorder) ([]repository, error) {
	var selected []repository
	options := codecov.RepositoriesOptions{Names: names, Skipped: func(row *codecov.SkippedRowError) { missing.addRow(owner, row) }}
	for row, err := range o.Codecov.Repositories(ctx, owner, options) {
		switch {
		case codecov.IsPartial(err):
			missing.addTruncation(owner, err)
		case err != nil:
			return nil, fmt.Errorf("list the repositories of %s: %w", owner, err)
		case o.Selection.selects(row.Name):
			recorder.recordListed(row)
			selected = append(selected, repository{row: row, owner: owner})
		}
	}
	return selected, nil
}

// missingRepositories is what the lists of repositories did not contain. The zero value is ready to use, concurrently.
type missingRepositories struct {
	mu          sync.Mutex
	rows        map[string][]*codecov.SkippedRowError // by owner
	truncations map[string]error                      // by owner
}

func (m *missingRepositories) addRow(owner string, row *codecov.SkippedRowError) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.rows == nil {
		m.rows = make(map[string][]*codecov.SkippedRowError)
	}
	m.rows[owner] = append(m.rows[owner], row)
}

func (m *missingRepositories) addTruncation(owner string, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.truncations == nil {
		m.truncations = make(map[string]error)
	}
	m.truncations[owner] = err
}

// isIncomplete reports whether the account may have repositories that its list did not contain.
func (m *missingRepositories) isIncomplete(owner string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.truncations[owner] != nil || len(m.rows[owner]) > 0
}

// contains reports whether a skipped row is known to have this name.
func (m *missingRepositories) contains(name string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, rows := range m.rows {
		if slices.ContainsFunc(rows, func(row *codecov.SkippedRowError) bool { return strings.EqualFold(row.Name, name) }) {
			return true
		}
	}
	return false
}

// addMissing looks up by name the repositories that Port holds and that an incomplete list did not contain, and records what stays
// missing.
func (d *discovery) addMissing(ctx context.Context, o Options, recorder *recorder) error {
	for _, owner := range o.Owners {
		if !d.missing.isIncomplete(owner) {
			continue
		}
		added, err := d.addByName(ctx, o, owner, recorder)
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case errors.Is(err, codecov.ErrUnauthorized), isRefusal(err):
			return err
		case err != nil:
			recorder.recordTruncatedList(err, 0)
		}
		if cause := d.missing.truncations[owner]; cause != nil {
			recorder.recordTruncatedList(cause, added)
		}
		for _, row := range d.missing.rows[owner] {
			recorder.recordSkippedRepository(row)
		}
	}
	setRanks(d.repositories)
	return nil
}

// addByName adds the repositories of an account that Port holds and that are found by their name, and returns their number.
func (d *discovery) addByName(ctx context.Context, o Options, owner string, recorder *recorder) (int, error) {
	if err := d.back.wait(ctx); err != nil {
		return 0, err
	}
	var names []string
	for _, s := range d.back.stored {
		if s.owner == owner && o.Selection.selects(s.name) && !d.lists(s.name) && !d.missing.contains(s.name) {
			names = append(names, s.name)
		}
	}
	if len(names) == 0 {
		return 0, nil
	}
	found, err := listAccount(ctx, o, owner, names, &d.missing, recorder)
	if err != nil {
		return 0, fmt.Errorf("by the names in Port: %w", err)
	}
	d.repositories = append(d.repositories, found...)
	return len(found), nil
}

// lists reports whether Codecov lists a repository of this name.
func (d *discovery) lists(name string) bool {
	return slices.ContainsFunc(d.repositories, func(r repository) bool { return strings.EqualFold(r.row.Name, name) })
}

func setRanks(repositories []repository) {
	ranks := make(map[string]int)
	for i := range repositories {
		name := repositories[i].row.Name
		repositories[i].rank = ranks[name]
		ranks[name]++
	}
}
