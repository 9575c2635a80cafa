package backfill

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/codecov-port/codecov-port/pkg/codecov"
	"github.com/codecov-port/codecov-port/pkg/mapper"
)

// maxAhead is how far in the future a commit's time may be. Commits beyond it have a wrong clock and are replayed last.
const maxAhead = 24 * time.Hour

// reader reads the commits of one repository, maps them, and hands on the entities that differ from Port's.
type reader struct {
	run     *run
	index   int // of the repository in the list
	repo    repository
	account mapper.Account
	picker  picker
	future  []codecov.Commit
	cutOff  bool // some commits are older than the selection
	empty   bool // the default branch has no commits
	sampler sampler

	takenOver map[entityName]bool // from repositories that come later in the list
	refused   map[entityName]bool // they belong to others, which was recorded
	held      map[entityName]int  // of the payload: by which account, by index

	commits int  // read
	opened  bool // a list was opened
	listed  int  // commits in the opened lists, as far as they are selected

	// The forecast of payloads:
	counted  bool // the last list has been counted
	rows     int  // left in it; negative if rows came before the count
	payloads int  // left to pick
	expected int  // by the gate; negative: uncounted
}

func newReader(run *run, index int) *reader {
	repo, o := run.repositories[index], run.options
	return &reader{
		run:       run,
		index:     index,
		repo:      repo,
		account:   mapper.Account{Service: o.Codecov.Service(), Owner: repo.owner, AppURL: o.AppURL},
		picker:    picker{selection: o.Selection, now: o.Now, left: o.Selection.limit(), periods: make(map[string]time.Time)},
		takenOver: make(map[entityName]bool),
		refused:   make(map[entityName]bool),
		held:      make(map[entityName]int),
		payloads:  o.Selection.limit(),
		expected:  -1,
	}
}

func (r *reader) read(ctx context.Context) error {
	err := r.readRepository(ctx)
	r.counted, r.rows = true, 0
	return cmp.Or(err, r.forecast(ctx))
}

// forecast corrects how many payloads the gate expects: as many as there are rows left, and as many as the selection picks. It ends
// the wait of held entities if there cannot be too many any more.
func (r *reader) forecast(ctx context.Context) error {
	if r.counted {
		left := max(min(r.rows, r.payloads), 0)
		r.run.writer.gate.expect(r.expected, left)
		r.expected = left
	}
	return r.run.writer.openIfCertain(ctx)
}

func (r *reader) readRepository(ctx context.Context) error {
	o := r.run.options
	if r.repo.hasCommits(o.Selection) {
		defer r.recordEnd()
		if cause := r.brokenService(); cause != nil {
			r.run.recorder.recordUnreadable(r.repo.row.Name, cause)
			return nil
		}
		if err := r.readCommits(ctx); err != nil {
			return r.recordFailure(ctx, err)
		}
		r.run.codecov.Record(nil)
		r.provider().Record(nil)
		r.run.recorder.update(func(c *recorder) { c.result.Repositories.Read++ })
		if r.empty {
			r.recordEmptyBranch(ctx)
		}
		o.Log.Info("repository read", "repository", r.repo.path(), "commits", r.commits)
	}
	hasNone := !r.repo.row.HasCoverage() || o.Selection.Since.IsZero() && len(o.Selection.Branches) == 0 // not just none that is selected
	if o.Selection.IncludeInactive && r.picker.left == o.Selection.limit() && hasNone {
		return r.mapPayload(ctx, o.Mapping, mapper.Payload(r.account, r.repo.row, nil))
	}
	return nil
}

// recordEmptyBranch records that the default branch has no commits, with the branch that was updated last.
func (r *reader) recordEmptyBranch(ctx context.Context) {
	empty := EmptyBranch{Owner: r.repo.owner, Repository: r.repo.row.Name, Branch: r.repo.row.Branch}
	branches, _ := r.run.options.Codecov.Branches(ctx, r.repo.owner, r.repo.row.Name)
	i := slices.IndexFunc(branches, func(b codecov.Branch) bool { return b.Name != empty.Branch && !strings.Contains(b.Name, ":") }) // of a fork
	if i >= 0 {
		empty.Newest = branches[i].Name
	}
	r.run.recorder.update(func(c *recorder) { c.result.EmptyDefaultBranches = append(c.result.EmptyDefaultBranches, empty) })
}

// readCommits replays the selected commits, newest first; those with a wrong clock last, so that they don't hide the present.
func (r *reader) readCommits(ctx context.Context) error {
	defer func() {
		if history := r.sampler.history(r.repo); len(history.Points) > 0 {
			r.run.recorder.update(func(c *recorder) { c.result.Histories = append(c.result.Histories, history) })
		}
	}()
	lists := r.run.options.Selection.lists(r.repo.row.Branch)
	r.empty = len(lists) == 0
	for i, list := range lists {
		if r.picker.left == 0 {
			r.run.branches.skip(lists[i:], r.index)
			break
		}
		if err := r.readList(ctx, list, i == 0, i == len(lists)-1); err != nil {
			return err
		}
	}
	for _, commit := range r.future {
		if r.picker.left == 0 {
			break
		}
		if _, err := r.replay(ctx, commit); err != nil {
			return err
		}
		if err := r.settleRow(ctx); err != nil {
			return err
		}
	}
	return nil
}

// readList reads one list. The first one provides the repository's history of coverage; the last one completes the forecast.
func (r *reader) readList(ctx context.Context, list commitList, first, last bool) error {
	asking, end := r.provider().guard(ctx)
	defer end()
	asking, endAll := r.run.codecov.guard(asking)
	defer endAll()
	exists, unmatched := false, slices.Clone(list.patterns)
	ended, skipped, counted := false, false, false
	defer func() {
		if !ended || skipped { // the rows that were not read may be on any branch
			exists, unmatched = true, nil
		}
		r.run.branches.add(list.patterns, unmatched)
		r.empty = !exists && len(r.run.options.Selection.Branches) == 0
	}()
	options := codecov.CommitsOptions{
		Branch:    list.branch,
		LimitHint: r.run.options.Selection.limitHint(),
		Counted: func(rows int) {
			if !counted {
				counted = true
				r.countList(rows, last)
			}
		},
		Skipped: func(row *codecov.SkippedRowError) {
			skipped = true
			r.recordMissing(row)
		},
	}
	for commit, err := range r.run.options.Codecov.Commits(asking, r.repo.owner, r.repo.row.Name, options) {
		if codecov.IsPartial(err) {
			r.recordMissing(err)
			return nil
		}
		if err != nil {
			return &readError{err}
		}
		exists = true
		unmatched = slices.DeleteFunc(unmatched, func(pattern string) bool {
			return list.branch != "" || commit.Branch != nil && matchesBranch(pattern, *commit.Branch)
		})
		if commit.Timestamp.Before(r.run.options.Selection.Since) {
			r.cutOff = true
			return nil
		}
		if list.reads(commit.Branch) {
			if err := r.take(ctx, commit, first); err != nil {
				return err
			}
		}
		if last && !r.isAhead(commit) {
			if err := r.settleRow(ctx); err != nil {
				return err
			}
		}
		if r.picker.left == 0 {
			return nil
		}
	}
	ended = true
	return nil
}

// countList counts the rows of a list that has been opened.
func (r *reader) countList(rows int, last bool) {
	const maxListed int = 1e9 // the largest credible number of commits in a list
	selected, isFirst := min(max(rows, 0), maxListed, r.picker.left), !r.opened
	r.opened = true
	r.listed += selected
	r.run.recorder.update(func(c *recorder) {
		c.lists.counted += selected
		if isFirst {
			c.lists.opened++
		}
	})
	if last {
		r.counted = true
		r.rows += rows + len(r.future) + 1 // 1 for an inactive repository
	}
}

// recordEnd replaces what was expected of the repository by what it returned.
func (r *reader) recordEnd() {
	r.run.recorder.update(func(c *recorder) {
		c.progress.RepositoriesDone++
		c.lists.read += r.commits
		c.lists.ended += r.listed
		if !r.opened { // it could not be read
			c.lists.opened++
		}
	})
}

// recordMissing records commits that are missing in a repository that is read otherwise.
func (r *reader) recordMissing(cause error) {
	failure := readFailure(r.repo.row.Name, cause)
	if failure.Code == CodeRowUnreadable {
		failure.Code = CodeCommitUnreadable
	}
	r.run.recorder.record(failure)
}

// settleRow records that a row will not be replayed any more.
func (r *reader) settleRow(ctx context.Context) error {
	r.rows--
	return r.forecast(ctx)
}

// take counts a commit and replays it unless it is skipped or in the future.
func (r *reader) take(ctx context.Context, commit codecov.Commit, first bool) error {
	reason := mapper.SkipReason(commit)
	r.commits++
	r.run.recorder.update(func(c *recorder) {
		c.result.Commits.Read++
		if reason != "" {
			c.result.Commits.Skipped[string(reason)]++
		}
	})
	switch {
	case reason != "":
		return nil
	case r.isAhead(commit):
		r.future = append(r.future, commit)
		return nil
	}
	replayed, err := r.replay(ctx, commit)
	if replayed && first {
		r.sampler.add(commit)
	}
	return err
}

func (r *reader) isAhead(commit codecov.Commit) bool {
	return commit.Timestamp.After(r.run.options.Now.Add(maxAhead))
}

// provider is the service that Codecov asks for this repository: the git provider for a private one, none for a public one.
func (r *reader) provider() *Circuit {
	if r.repo.row.Private {
		return r.run.provider
	}
	return r.run.codecov
}

func (r *reader) brokenService() error { return cmp.Or(r.run.codecov.Cause(), r.provider().Cause()) }

// readError is an error of Codecov, not of the rest of the pipeline.
type readError struct{ error }

func (e *readError) Unwrap() error { return e.error }

// recordFailure records that the repository cannot be read, unless the error ends the whole run.
func (r *reader) recordFailure(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if !errors.As(err, new(*readError)) {
		return err
	}
	switch {
	case errors.Is(err, codecov.ErrUnauthorized):
		return fmt.Errorf("read the commits of %s: %w", r.repo.row.Name, err)
	case errors.Is(err, errServiceDown):
		err = r.brokenService()
	case errors.Is(err, codecov.ErrOutage):
		r.provider().Record(err)
	default:
		r.run.codecov.Record(err)
	}
	r.run.recorder.recordUnreadable(r.repo.row.Name, err)
	return nil
}
