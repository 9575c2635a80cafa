package backfill

import (
	"context"
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
	except   []string // of the list of every branch: the branches that have lists of their own
	patterns []string // the selected names and globs that a row of this list may match; others are not read
}

// lists returns the lists to read for a repository, in order. The default branch comes first if a glob matches it, so that it
// provides the state; then the names. The list of every branch is read once for all globs.
func (s Selection) lists(defaultBranch string) []commitList {
	switch {
	case len(s.Branches) == 0 && defaultBranch == "":
		return nil // Codecov reads an empty name as every branch
	case len(s.Branches) == 0:
		return []commitList{{branch: defaultBranch}}
	}
	var names, globs []string
	for _, pattern := range s.Branches {
		switch {
		case !isBranchGlob(pattern):
			names = append(names, pattern)
		case defaultBranch != "" && matchesBranch(pattern, defaultBranch):
			names = slices.Insert(names, 0, defaultBranch)
			fallthrough
		default:
			globs = append(globs, pattern)
		}
	}
	var lists []commitList
	for i, name := range names {
		if !slices.Contains(names[:i], name) {
			patterns := slices.DeleteFunc(slices.Clone(s.Branches), func(pattern string) bool { return !matchesBranch(pattern, name) })
			lists = append(lists, commitList{branch: name, patterns: patterns})
		}
	}
	if len(globs) > 0 {
		lists = append(lists, commitList{except: names, patterns: globs})
	}
	return lists
}

// isBranchGlob reports whether a pattern is a glob: git allows none of these characters in the name of a branch.
func isBranchGlob(pattern string) bool { return strings.ContainsAny(pattern, "*?[") }

// reads reports whether a row of the list is read, by its branch.
func (l commitList) reads(branch *string) bool {
	switch {
	case l.branch != "":
		return true
	case branch == nil || *branch == "":
		return slices.Contains(l.patterns, AllBranches)
	}
	matches := func(pattern string) bool { return matchesBranch(pattern, *branch) }
	return !slices.Contains(l.except, *branch) && slices.ContainsFunc(l.patterns, matches)
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

// seenBranches records which of the selected names and globs match a branch with commits. It is safe for concurrent use.
type seenBranches struct {
	mu     sync.Mutex
	seen   map[string]bool  // by pattern; only those that were looked for
	unread map[string][]int // by name: the indexes of the repositories where it was not looked for
}

// add records the patterns that a list was read for, and those of them that none of its rows matches.
func (s *seenBranches) add(patterns, unmatched []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
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
		s.unread[list.branch] = append(s.unread[list.branch], repository)
		s.mu.Unlock()
	}
}

// checkBranches returns a *NoMatchError if none of the selected branches has commits, and records one of several as a failure.
func (r *run) checkBranches(ctx context.Context) error {
	var missing []string
	for _, pattern := range r.options.Selection.Branches {
		seen, asked := r.branches.seen[pattern]
		if unread := r.branches.unread[pattern]; !seen && len(unread) > 0 {
			seen, asked = r.lookUpBranch(ctx, pattern, unread), true
		}
		if asked && !seen && pattern != AllBranches {
			missing = append(missing, pattern)
		}
	}
	if len(missing) > 0 && len(missing) == len(r.options.Selection.Branches) {
		var known []string
		for _, repository := range r.repositories {
			known = append(known, repository.row.Branch)
		}
		slices.Sort(known)
		return &NoMatchError{Kind: "branch", Value: missing[0], Known: slices.Compact(known)}
	}
	for _, branch := range missing {
		what := "branch "
		if isBranchGlob(branch) {
			what = "a branch that matches "
		}
		r.recorder.record(Failure{Code: CodeNoBranch, Message: "no repository has commits on " + what + branch})
	}
	return nil
}

// lookUpBranch reports whether one of the repositories has commits on a branch, or cannot be asked. Other branches satisfied the selection
// there.
func (r *run) lookUpBranch(ctx context.Context, name string, repositories []int) bool {
	ctx, end := r.codecov.guard(ctx)
	defer end()
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
	return found.Load()
}
