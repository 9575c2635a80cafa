package backfill

import (
	"context"
	"errors"
	"fmt"
	"math"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/codecov-port/codecov-port/pkg/codecov"
)

// Selection selects what is brought in. The zero value selects every usable commit of each repository's default branch.
type Selection struct {
	Repositories    []string  // globs over names, case-insensitive; a leading ! excludes; none: all
	Branches        []string  // names and globs, case-sensitive; "*" is every branch; none: the default branch
	Since           time.Time // older commits are not read; zero: all
	MaxCommits      int       // commits per repository; 0: all
	Every           Period    // one commit per period; "": each commit
	NoHistory       bool      // the newest usable commit of each repository, through entries that return a state
	IncludeInactive bool      // an entity without coverage for each repository that has none
}

// AllBranches selects every branch, those of pull requests and forks included.
const AllBranches = "*"

// IsNarrowed reports whether the selection may leave out a repository.
func (s Selection) IsNarrowed() bool { return len(s.Repositories) > 0 }

// Check returns an error for a selection that contradicts itself.
func (s Selection) Check() error {
	switch {
	case len(s.Branches) > 1 && slices.Contains(s.Branches, AllBranches):
		return errors.New("branch \"*\" selects every branch: name no other")
	case slices.Contains(s.Branches, ""):
		return errors.New("branch \"\": expected a name")
	case s.MaxCommits < 0:
		return fmt.Errorf("max commits %d: expected a number from 1, or 0 for all", s.MaxCommits)
	case s.NoHistory && (!s.Since.IsZero() || s.MaxCommits > 0 || s.samples()):
		return errors.New("no history: it selects one commit per repository and excludes since, every and max commits")
	}
	for _, glob := range s.Repositories {
		if _, err := path.Match(strings.TrimPrefix(glob, "!"), ""); err != nil || strings.TrimPrefix(glob, "!") == "" {
			return fmt.Errorf("repository pattern %q: invalid pattern", glob)
		}
	}
	for _, glob := range s.Branches {
		if _, err := path.Match(glob, ""); err != nil {
			return fmt.Errorf("branch pattern %q: invalid pattern", glob)
		}
	}
	return nil
}

// samples reports whether only one commit per period is selected.
func (s Selection) samples() bool { return s.Every != "" && s.Every != EveryCommit }

// limit returns how many commits of a repository are selected at most.
func (s Selection) limit() int {
	switch {
	case s.NoHistory:
		return 1
	case s.MaxCommits > 0:
		return s.MaxCommits
	}
	return math.MaxInt
}

// limitHint returns how many commits of a list are probably needed; 0 is all of them.
func (s Selection) limitHint() int {
	if limit := s.limit(); limit < math.MaxInt && !s.samples() {
		return limit
	}
	return 0
}

// selects reports whether a repository is selected: one of the patterns matches, or all of them exclude others.
func (s Selection) selects(name string) bool {
	name = strings.ToLower(name)
	matched, positives := false, false
	for _, glob := range s.Repositories {
		pattern, excludes := strings.CutPrefix(strings.ToLower(glob), "!")
		matches, _ := path.Match(pattern, name)
		if excludes && matches {
			return false
		}
		positives = positives || !excludes
		matched = matched || !excludes && matches
	}
	return matched || !positives
}

// exactNames returns the names if the patterns only consist of names, which can be looked up.
func (s Selection) exactNames() []string {
	var names []string
	for _, glob := range s.Repositories {
		switch {
		case strings.HasPrefix(glob, "!"):
		case strings.ContainsAny(glob, `*?[\`):
			return nil
		default:
			names = append(names, glob)
		}
	}
	return names
}

// Period is an interval of which one commit is selected.
type Period string

// The periods. Weeks start on Monday; all are in UTC.
const (
	EveryCommit Period = "commit"
	EveryDay    Period = "day"
	EveryWeek   Period = "week"
	EveryMonth  Period = "month"
)

// of returns the start and the end of the period of a time.
func (p Period) of(at time.Time) (start, end time.Time) {
	at = at.UTC()
	day := time.Date(at.Year(), at.Month(), at.Day(), 0, 0, 0, 0, time.UTC)
	switch p {
	case EveryWeek:
		start = day.AddDate(0, 0, -(int(day.Weekday())+6)%7)
		return start, start.AddDate(0, 0, 7)
	case EveryMonth:
		start = day.AddDate(0, 0, 1-day.Day())
		return start, start.AddDate(0, 1, 0)
	}
	return day, day.AddDate(0, 0, 1)
}

// ParseSince parses a date (2024-01-01, UTC), a time (RFC 3339), or a duration before now (36h, 90d, 12w, 6mo, 2y; months and
// years by the calendar).
func ParseSince(text string, now time.Time) (time.Time, error) {
	text = strings.TrimSpace(text)
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if at, err := time.Parse(layout, text); err == nil {
			return at.UTC(), nil
		}
	}
	digits := strings.TrimRight(text, "abcdefghijklmnopqrstuvwxyz")
	const most = 10000 // in years, further back than Codecov's oldest row, of the year 1
	count, err := strconv.Atoi(digits)
	if err != nil || count < 0 || count > most {
		return time.Time{}, fmt.Errorf("%q: expected a date (2024-01-01) or a duration (90d, 12w, 6mo, 2y)", text)
	}
	unit := text[len(digits):]
	if unit == "h" {
		return now.UTC().Add(-time.Duration(count) * time.Hour), nil
	}
	if u, ok := map[string]struct{ years, months, days int }{"d": {days: -1}, "w": {days: -7}, "mo": {months: -1}, "y": {years: -1}}[unit]; ok {
		return now.UTC().AddDate(count*u.years, count*u.months, count*u.days), nil
	}
	return time.Time{}, fmt.Errorf("%q: unknown unit: expected h, d, w, mo or y", text)
}

// picker selects, newest first, which usable commits of one repository are replayed.
type picker struct {
	selection Selection
	now       time.Time
	left      int                  // commits to pick
	periods   map[string]time.Time // by branch: the period of the commit before
}

// pick reports whether the next commit of a branch is selected, and whether only as a state. The last commit of each period is selected
// once the period has ended: in an open period it would change from run to run and leave entities behind. The newest commit still
// provides the state.
func (p *picker) pick(commit codecov.Commit) (picked, onlyState bool) {
	if p.selection.samples() {
		branch := ""
		if commit.Branch != nil {
			branch = *commit.Branch
		}
		start, end := p.selection.Every.of(commit.Timestamp)
		if last, seen := p.periods[branch]; seen && last.Equal(start) {
			return false, false
		}
		p.periods[branch] = start
		onlyState = end.After(p.now)
	}
	p.left--
	return true, onlyState
}

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
