package backfill

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/codecov-port/codecov-port/pkg/codecov"
)

// gaps is what the lists of repositories did not give. The zero value is ready; it is safe for concurrent use.
type gaps struct {
	mu   sync.Mutex
	rows map[string][]*codecov.SkippedRowError // by owner
	cuts map[string]error                      // by owner: why its list was not given to the end
}

func (g *gaps) left(owner string, row *codecov.SkippedRowError) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.rows == nil {
		g.rows = make(map[string][]*codecov.SkippedRowError)
	}
	g.rows[owner] = append(g.rows[owner], row)
}

func (g *gaps) cut(owner string, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.cuts == nil {
		g.cuts = make(map[string]error)
	}
	g.cuts[owner] = err
}

// in tells whether an account's list has gaps: what is not in it may well be there.
func (g *gaps) in(owner string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.cuts[owner] != nil || len(g.rows[owner]) > 0
}

// names tells whether a row that was left out is known to have this name.
func (g *gaps) names(name string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, rows := range g.rows {
		for _, row := range rows {
			if strings.EqualFold(row.Name, name) {
				return true
			}
		}
	}
	return false
}

// isPartial tells an error that ends a list whose rows are of use all the same.
func isPartial(err error) bool {
	var (
		stopped    *codecov.TruncatedListError
		incomplete *codecov.IncompleteError
	)
	return errors.As(err, &stopped) || errors.As(err, &incomplete)
}

// fillGaps asks by name for the repositories that Port holds and that a list with gaps does not have, and names what
// stays missing.
func (r *run) fillGaps(ctx context.Context) error {
	for _, owner := range r.Owners {
		if !r.gaps.in(owner) {
			continue
		}
		reached, err := r.reach(ctx, owner)
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case errors.Is(err, codecov.ErrUnauthorized):
			return err
		case err != nil:
			r.tally.listCut(err, 0)
		}
		if cause := r.gaps.cuts[owner]; cause != nil {
			r.tally.listCut(cause, reached)
		}
		for _, row := range r.gaps.rows[owner] {
			r.tally.repositoryLeftOut(row)
		}
	}
	rank(r.repositories)
	r.tellMissing()
	return nil
}

// reach adds the repositories of an account that are known by name alone, and counts them.
func (r *run) reach(ctx context.Context, owner string) (int, error) {
	var names []string
	for _, o := range r.owned {
		if o.owner == owner && r.selects(o.name) && !r.isListed(o.name) && !r.gaps.names(o.name) {
			names = append(names, o.name)
		}
	}
	if len(names) == 0 {
		return 0, nil
	}
	found, err := r.listOwner(ctx, owner, names)
	if err != nil {
		return 0, fmt.Errorf("by the names that Port holds: %w", err)
	}
	for _, repository := range found {
		r.repositories = append(r.repositories, listed{Repository: repository, owner: owner})
	}
	return len(found), nil
}
