package backfill

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/codecov-port/codecov-port/pkg/codecov"
	"github.com/codecov-port/codecov-port/pkg/mapper"
	"github.com/codecov-port/codecov-port/pkg/port"
)

// outgoing is an entity on its way to Port.
type outgoing struct {
	blueprint  string
	repository string
	entity     port.Entity
	exists     bool // Port holds another version of it
}

// entityName is an entity's full name.
type entityName struct{ blueprint, identifier string }

// reading is what the readers of all repositories share.
type reading struct {
	options  Options
	current  *mapper.Mapping // the entries that return a state
	history  *mapper.Mapping // the entries that return a history
	found    *discovery
	services *services
	writer   *writer
	recorder *recorder
	branches seenBranches
	done     []atomic.Bool // by index of the repository: read to its end, or recorded as unreadable
}

func newReading(o Options, found *discovery, services *services, writer *writer, recorder *recorder) *reading {
	return &reading{
		options:  o,
		current:  o.Mapping.Select(func(e mapper.EntryInfo) bool { return !e.PerCommit }),
		history:  o.Mapping.Select(func(e mapper.EntryInfo) bool { return e.PerCommit }),
		found:    found,
		services: services,
		writer:   writer,
		recorder: recorder,
		done:     make([]atomic.Bool, len(found.repositories)),
	}
}

// errNoWriter ends the reading when Port has stopped accepting entities.
var errNoWriter = errors.New("Port has stopped accepting entities")

// readAll reads all repositories into entities, several at a time, and opens the gate at the end. A repository that cannot be read is
// data in the result; rejected credentials are an error. What was read by then is handed on, and the rest is recorded.
func (r *reading) readAll(ctx context.Context, entities chan<- outgoing) error {
	reading, endStop := StopOn(ctx, r.options.Stop, errStopped)
	defer endStop()
	reading, endPort := StopOn(reading, r.services.port.broken, errNoWriter)
	defer endPort()
	reading, endRejected := StopOn(reading, r.services.portRejected.broken, errNoWriter)
	defer endRejected()
	err := r.readRanks(reading, entities)
	err = cmp.Or(r.found.back.wait(reading), err)
	if err == nil {
		r.lookUpBranches(reading)
	}
	flood := (*FloodError)(nil)
	switch {
	case errors.Is(context.Cause(reading), errStopped), errors.As(err, &flood) && IsClosed(r.options.Stop): // Ctrl-C declines, too
		r.recorder.recordInterrupted(r.writer.gate.waiting())
		return nil
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.As(err, &flood):
		return err
	}
	if err == nil {
		err = r.checkBranches()
	}
	if isRefusal(err) {
		return err
	}
	r.recorder.enter(Writing)
	if len(r.writer.waitingRepositories()) > 0 {
		err = cmp.Or(err, r.writer.openGate(ctx, entities))
	}
	if errors.Is(err, errNoWriter) {
		r.recordUnfinished(cmp.Or(r.services.portRejected.Cause(), r.services.port.Cause()))
		return nil
	}
	if err != nil {
		r.recordUnfinished(err)
	}
	return err
}

// readRanks reads the repositories in the order of the list, those of one name one after the other.
func (r *reading) readRanks(ctx context.Context, entities chan<- outgoing) error {
	for rank, left := 0, len(r.found.repositories); left > 0; rank++ {
		readers, reading := errgroup.WithContext(ctx)
		readers.SetLimit(r.options.Readers)
		for i, repository := range r.found.repositories {
			if repository.rank != rank {
				continue
			}
			left--
			if reading.Err() == nil {
				readers.Go(func() error {
					err := newReader(r, i, entities).read(reading)
					r.done[i].Store(err == nil)
					return err
				})
			}
		}
		if err := readers.Wait(); err != nil {
			return err
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
	}
	return nil
}

// recordUnfinished records the repositories that were not read to their end, and those with entities behind the gate.
func (r *reading) recordUnfinished(cause error) {
	waiting := r.writer.waitingRepositories()
	for i, repository := range r.found.repositories {
		wanted := repository.hasCommits(r.options.Selection) || r.options.Selection.IncludeInactive
		if wanted && !r.done[i].Load() || waiting[repository.row.Name] {
			r.recorder.recordUnfinished(repository.row.Name, cause)
		}
	}
}

// maxAhead is how far in the future a commit's time may be. Commits beyond it have a wrong clock and are replayed last.
const maxAhead = 24 * time.Hour

// reader reads the commits of one repository, maps them, and hands on the entities that differ from Port's.
type reader struct {
	shared   *reading
	index    int // of the repository in the list
	repo     repository
	account  mapper.Account
	entities chan<- outgoing
	picker   *picker
	forecast *forecast
	future   []codecov.Commit
	cutOff   bool                // some commits are older than the selection
	refused  map[entityName]bool // identifiers that were recorded as taken: once is enough
	sampler  sampler
	count    commitCount
	empty    bool // the default branch has no commits
}

func newReader(shared *reading, index int, entities chan<- outgoing) *reader {
	repo, o := shared.found.repositories[index], shared.options
	return &reader{
		shared:   shared,
		index:    index,
		repo:     repo,
		account:  mapper.Account{Service: o.Codecov.Service(), Owner: repo.owner, AppURL: o.AppURL},
		entities: entities,
		picker:   newPicker(o.Selection, o.Now),
		forecast: newForecast(shared.writer.gate, o.Selection),
		refused:  make(map[entityName]bool),
	}
}

func (r *reader) read(ctx context.Context) error {
	err := r.readRepository(ctx)
	r.forecast.end()
	return cmp.Or(err, r.shared.writer.openIfCertain(ctx, r.entities))
}

func (r *reader) readRepository(ctx context.Context) error {
	o, recorder := r.shared.options, r.shared.recorder
	if r.repo.hasCommits(r.shared.options.Selection) {
		defer func() { recorder.recordListEnd(r.count) }()
		if cause := r.brokenService(); cause != nil {
			recorder.recordUnreadable(r.repo.row.Name, cause)
			return nil
		}
		if err := r.readCommits(ctx); err != nil {
			return r.recordFailure(ctx, err)
		}
		r.shared.services.codecov.succeed()
		r.provider().succeed()
		recorder.recordRead()
		if r.empty {
			r.recordEmptyBranch(ctx)
		}
		o.Log.Info("repository read", "repository", r.repo.owner+"/"+r.repo.row.Name, "commits", r.count.read)
	}
	if o.Selection.IncludeInactive && r.hasNoCoverage() {
		return r.mapPayload(ctx, o.Mapping, mapper.InactivePayload(r.account, r.repo.row))
	}
	return nil
}

// recordEmptyBranch records that the default branch has no commits, with the branch that was updated last.
func (r *reader) recordEmptyBranch(ctx context.Context) {
	newest := ""
	branches, err := r.shared.options.Codecov.Branches(ctx, r.repo.owner, r.repo.row.Name)
	for _, branch := range branches {
		if err == nil && newest == "" && branch.Name != r.repo.row.Branch && !strings.Contains(branch.Name, ":") { // of a fork
			newest = branch.Name
		}
	}
	r.shared.recorder.recordEmptyBranch(EmptyBranch{Owner: r.repo.owner, Repository: r.repo.row.Name, Branch: r.repo.row.Branch, Newest: newest})
}

// hasNoCoverage reports whether the repository has no coverage at all: not just none that is selected.
func (r *reader) hasNoCoverage() bool {
	s := r.shared.options.Selection
	return r.picker.picked == 0 && (!r.repo.row.HasCoverage() || s.Since.IsZero() && len(s.Branches) == 0)
}

// readCommits replays the selected commits, newest first; those with a wrong clock last, so that they don't hide the present.
func (r *reader) readCommits(ctx context.Context) error {
	defer func() { r.shared.recorder.recordHistory(r.repo, &r.sampler) }()
	lists := r.shared.options.Selection.lists(r.repo.row.Branch)
	r.empty = len(lists) == 0
	for i, list := range lists {
		if r.picker.done() {
			r.shared.branches.skip(lists[i:], r.index)
			break
		}
		if err := r.readList(ctx, list, i == 0, i == len(lists)-1); err != nil {
			return err
		}
	}
	for _, commit := range r.future {
		if r.picker.done() {
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
	asking, endAll := r.shared.services.codecov.guard(asking)
	defer endAll()
	exists, unmatched := false, slices.Clone(list.patterns)
	ended, skipped := false, false
	defer func() {
		if !ended || skipped { // the rows that were not read may be on any branch
			exists, unmatched = true, nil
		}
		r.shared.branches.add(list.patterns, unmatched)
		r.empty = !exists && len(r.shared.options.Selection.Branches) == 0
	}()
	counted, ahead := r.shared.recorder.listCounter(&r.count, r.shared.options.Selection, r.picker.picked), len(r.future)
	options := codecov.CommitsOptions{
		Branch:    list.branch,
		LimitHint: r.shared.options.Selection.limitHint(),
		Counted: func(rows int) {
			counted(rows)
			if last {
				r.forecast.count(rows + ahead + 1) // 1 for an inactive repository
			}
		},
		Skipped: func(row *codecov.SkippedRowError) {
			skipped = true
			r.shared.recorder.recordMissingCommits(r.repo.row.Name, row)
		},
	}
	for commit, err := range r.shared.options.Codecov.Commits(asking, r.repo.owner, r.repo.row.Name, options) {
		if codecov.IsPartial(err) {
			r.shared.recorder.recordMissingCommits(r.repo.row.Name, err)
			return nil
		}
		if err != nil {
			return &readError{err}
		}
		exists, unmatched = true, list.unmatched(unmatched, commit.Branch)
		if r.picker.tooOld(commit) {
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
		if r.picker.done() {
			return nil
		}
	}
	ended = true
	return nil
}

// settleRow ends the wait of held entities if this row was the last that might have made them too many.
func (r *reader) settleRow(ctx context.Context) error {
	r.forecast.settleRow()
	return r.shared.writer.openIfCertain(ctx, r.entities)
}

// take counts a commit and replays it if it is usable and not in the future.
func (r *reader) take(ctx context.Context, commit codecov.Commit, first bool) error {
	usable, reason := mapper.Usable(commit)
	r.count.read++
	r.shared.recorder.recordCommit(reason)
	switch {
	case !usable:
		return nil
	case r.isAhead(commit):
		r.future = append(r.future, commit)
		return nil
	}
	replayed, err := r.replay(ctx, commit)
	if replayed && first {
		r.sampler.add(commit.Timestamp, commit.Totals)
	}
	return err
}

func (r *reader) isAhead(commit codecov.Commit) bool {
	return commit.Timestamp.After(r.shared.options.Now.Add(maxAhead))
}

// provider is the service that Codecov asks for this repository: the git provider for a private one, none for a public one.
func (r *reader) provider() *Circuit {
	if r.repo.row.Private {
		return r.shared.services.provider
	}
	return r.shared.services.codecov
}

func (r *reader) brokenService() error {
	return cmp.Or(r.shared.services.codecov.Cause(), r.provider().Cause())
}

// readError is an error of Codecov, not of the rest of the pipeline.
type readError struct{ err error }

func (e *readError) Error() string { return e.err.Error() }
func (e *readError) Unwrap() error { return e.err }

// recordFailure records that the repository cannot be read, unless the error ends the whole run.
func (r *reader) recordFailure(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if read := (*readError)(nil); !errors.As(err, &read) {
		return err
	}
	if errors.Is(err, codecov.ErrUnauthorized) {
		return fmt.Errorf("read the commits of %s: %w", r.repo.row.Name, err)
	}
	switch {
	case errors.Is(err, errServiceDown):
		err = r.brokenService()
	case errors.Is(err, codecov.ErrOutage):
		r.provider().fail(err)
	default:
		r.shared.services.codecov.fail(err)
	}
	r.shared.recorder.recordUnreadable(r.repo.row.Name, err)
	return nil
}
