package backfill

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/errgroup"
)

// commitList is one of the lists of commits to read from a repository.
type commitList struct {
	branch   string   // "" is the list of every branch
	globs    []string // of the list of every branch: only rows on a branch that matches one are read
	except   []string // of the list of every branch: the branches that have lists of their own
	patterns []string // the selected names and globs that a row of this list may match
}

// lists returns the lists to read for a repository, in order. The default branch comes first if a glob matches it, so that it
// provides the state; then the names. The list of every branch is read once for all globs.
func (s Selection) lists(defaultBranch string) []commitList {
	names, globs := s.branchNames()
	switch {
	case len(s.Branches) == 0 && defaultBranch == "":
		return nil // Codecov reads an empty name as every branch
	case len(s.Branches) == 0:
		return []commitList{{branch: defaultBranch}}
	}
	if defaultBranch != "" && matchesAny(globs, defaultBranch) {
		names = slices.DeleteFunc(names, func(name string) bool { return name == defaultBranch })
		names = slices.Insert(names, 0, defaultBranch)
	}
	var lists []commitList
	for _, name := range names {
		patterns := slices.DeleteFunc(slices.Clone(s.Branches), func(pattern string) bool { return !matchesBranch(pattern, name) })
		lists = append(lists, commitList{branch: name, patterns: withoutAll(patterns)})
	}
	if len(globs) > 0 {
		lists = append(lists, commitList{globs: globs, except: names, patterns: withoutAll(globs)})
	}
	return lists
}

// withoutAll leaves out "*": it is not a name that may be misspelled.
func withoutAll(patterns []string) []string {
	return slices.DeleteFunc(slices.Clone(patterns), func(pattern string) bool { return pattern == AllBranches })
}

// branchNames returns the selected branches: exact names, without repetitions, and globs.
func (s Selection) branchNames() (names, globs []string) {
	for _, pattern := range s.Branches {
		switch {
		case isBranchGlob(pattern):
			globs = append(globs, pattern)
		case !slices.Contains(names, pattern):
			names = append(names, pattern)
		}
	}
	return names, globs
}

// isBranchGlob reports whether a pattern is a glob: git allows none of these characters in the name of a branch.
func isBranchGlob(pattern string) bool { return strings.ContainsAny(pattern, "*?[") }

// reads reports whether a row of the list is read, by its branch.
func (l commitList) reads(branch *string) bool {
	switch {
	case l.branch != "":
		return true
	case branch == nil || *branch == "":
		return slices.Contains(l.globs, AllBranches)
	}
	return !slices.Contains(l.except, *branch) && matchesAny(l.globs, *branch)
}

// unmatched returns the patterns that a row of the list does not match either.
func (l commitList) unmatched(patterns []string, branch *string) []string {
	return slices.DeleteFunc(patterns, func(pattern string) bool {
		return l.branch != "" || branch != nil && matchesBranch(pattern, *branch)
	})
}

func matchesAny(patterns []string, branch string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool { return matchesBranch(pattern, branch) })
}

// matchesBranch reports whether a branch is selected by a name or a glob. Case matters, and * also matches a slash.
func matchesBranch(pattern, branch string) bool {
	if !isBranchGlob(pattern) {
		return pattern == branch
	}
	withoutSlashes := strings.NewReplacer("/", "\x00")
	matches, _ := path.Match(withoutSlashes.Replace(pattern), withoutSlashes.Replace(branch))
	return matches
}

// seenBranches records which of the selected names and globs match a branch with commits. The zero value is ready to use,
// concurrently.
type seenBranches struct {
	mu     sync.Mutex
	seen   map[string]bool  // by pattern; only those that were looked for
	unread map[string][]int // by name: the indexes of the repositories where it was not looked for
}

// add records the patterns that a list was read for, and those of them that none of its rows matches.
func (s *seenBranches) add(patterns, unmatched []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.seen == nil {
		s.seen = make(map[string]bool)
	}
	for _, pattern := range patterns {
		s.seen[pattern] = s.seen[pattern] || !slices.Contains(unmatched, pattern)
	}
}

// skip records lists of a repository that are not read. A name can be looked up; what matches a glob stays unknown.
func (s *seenBranches) skip(lists []commitList, repository int) {
	for _, list := range lists {
		if list.branch == "" {
			s.add(list.patterns, nil)
			continue
		}
		s.mu.Lock()
		if s.unread == nil {
			s.unread = make(map[string][]int)
		}
		s.unread[list.branch] = append(s.unread[list.branch], repository)
		s.mu.Unlock()
	}
}

// lookUpBranches asks for the selected names that no commit was on, in the repositories where other branches satisfied the selection, until
// one has it. A repository that cannot be asked may have it.
func (r *run) lookUpBranches(ctx context.Context) {
	ctx, end := r.codecov.guard(ctx)
	defer end()
	for name, repositories := range r.branches.unread {
		if r.branches.seen[name] || !slices.Contains(r.options.Selection.Branches, name) {
			continue
		}
		var found atomic.Bool
		var requests errgroup.Group
		requests.SetLimit(r.options.Readers)
		for _, i := range repositories {
			requests.Go(func() error {
				if !found.Load() && r.count(ctx, r.repositories[i], name, r.codecov) != 0 {
					found.Store(true)
				}
				return nil
			})
		}
		_ = requests.Wait()
		r.branches.seen[name] = found.Load()
	}
}

// missing returns the selected patterns that match no branch with commits in any repository, and whether these are all.
func (s *seenBranches) missing(selected []string) (missing []string, all bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, pattern := range selected {
		if seen, asked := s.seen[pattern]; asked && !seen {
			missing = append(missing, pattern)
		}
	}
	return missing, len(missing) > 0 && len(missing) == len(selected)
}

// checkBranches returns a *NoMatchError if none of the selected branches has commits, and records one of several as a failure.
func (r *run) checkBranches() error {
	missing, all := r.branches.missing(r.options.Selection.Branches)
	if all {
		return &NoMatchError{Kind: "branch", Value: missing[0], Known: r.defaultBranches()}
	}
	for _, branch := range missing {
		what := "branch " + branch
		if isBranchGlob(branch) {
			what = "a branch that matches " + branch
		}
		r.recorder.record(Failure{Code: CodeNoBranch, Message: fmt.Sprintf("no repository has commits on %s", what)})
	}
	return nil
}

func (r *run) defaultBranches() []string {
	var names []string
	for _, repository := range r.repositories {
		names = append(names, repository.row.Branch)
	}
	slices.Sort(names)
	return slices.Compact(names)
}
