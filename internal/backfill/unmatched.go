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
		if slices.ContainsFunc(d.stored, func(s storedRepository) bool { return only.selects(s.name) }) {
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

// seenBranches records which of the selected branches have commits. The zero value is ready to use, concurrently.
type seenBranches struct {
	mu    sync.Mutex
	names map[string]bool // by name: whether a repository has commits on it; only branches that were asked for
}

func (s *seenBranches) add(branch string, hasCommits bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.names == nil {
		s.names = make(map[string]bool)
	}
	s.names[branch] = s.names[branch] || hasCommits
}

// missing returns the selected branches that have no commits in any repository, and whether these are all.
func (s *seenBranches) missing(selected []string) (missing []string, all bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, branch := range selected {
		if hasCommits, asked := s.names[branch]; asked && !hasCommits {
			missing = append(missing, branch)
		}
	}
	return missing, len(missing) > 0 && len(missing) == len(selected)
}

// checkBranches returns a *NoMatchError if none of the selected branches has commits, and records one of several as a failure.
func (r *reading) checkBranches() error {
	missing, all := r.branches.missing(r.options.Selection.Branches)
	if all {
		return &NoMatchError{Kind: "branch", Value: missing[0], Known: r.defaultBranches()}
	}
	for _, branch := range missing {
		r.recorder.recordFailure(Failure{Code: CodeNoBranch, Message: fmt.Sprintf("no repository has commits on branch %s", branch)})
	}
	return nil
}

func (r *reading) defaultBranches() []string {
	var names []string
	for _, repository := range r.found.repositories {
		names = append(names, repository.row.Branch)
	}
	slices.Sort(names)
	return slices.Compact(names)
}
