package backfill

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/codecov-port/codecov-port/pkg/codecov"
)

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
func (d *discovery) checkRepositories(ctx context.Context, o Options) error {
	listed := sync.OnceValue(func() []string { return repositoryNames(ctx, o) })
	for _, pattern := range o.Selection.Repositories {
		only := Selection{Repositories: []string{pattern}}
		matches := func(r repository) bool { return only.selects(r.row.Name) }
		if strings.HasPrefix(pattern, "!") || slices.ContainsFunc(d.repositories, matches) || d.missing.contains(pattern) {
			continue
		}
		if err := d.back.wait(ctx); err != nil {
			return err
		}
		if slices.ContainsFunc(d.back.stored, func(s storedRepository) bool { return only.selects(s.name) }) {
			continue // it is reported as stale
		}
		if slices.ContainsFunc(o.Owners, d.missing.isIncomplete) && !slices.Contains(o.Selection.exactNames(), pattern) {
			continue
		}
		if !slices.ContainsFunc(listed(), only.selects) { // otherwise another pattern excludes all that match
			return &NoMatchError{Kind: "repository", Value: pattern, Known: listed()}
		}
	}
	return nil
}

// repositoryNames lists the names of all repositories, as far as Codecov answers.
func repositoryNames(ctx context.Context, o Options) []string {
	var names []string
	for _, owner := range o.Owners {
		for row, err := range o.Codecov.Repositories(ctx, owner, codecov.RepositoriesOptions{}) {
			if err != nil {
				break
			}
			names = append(names, row.Name)
		}
	}
	return names
}
