// Package backfill is the pipeline: it reads the repositories of an account and their commits from Codecov, replays each
// commit through the mapping as Codecov's webhook would have reported it, compares the entities with what Port holds, and
// upserts what differs in bulk, concurrently.
//
//	discover ── repositories, blueprints, what Port holds ──▶ ledger
//	reader (one per repository) ── commits → select → map, claim → conform → compare ──▶ writer ── gate → batches → upsert
//
// Failures of single entities and repositories are data in the Result. An error ends the run, such as rejected credentials,
// an unknown owner or a missing blueprint.
package backfill

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/codecov-port/codecov-port/pkg/codecov"
	"github.com/codecov-port/codecov-port/pkg/mapper"
	"github.com/codecov-port/codecov-port/pkg/port"
)

// Options configures Run. Codecov, Port, Owners, AppURL, Mapping and Now are required.
type Options struct {
	Selection   Selection
	Codecov     *codecov.Client
	Port        *port.Client
	Owners      []string             // the accounts, in the order in which their repositories are read
	AppURL      string               // the address of Codecov's web pages, without a trailing slash
	Mapping     *mapper.Mapping      // maps commits to entities
	Blueprints  []port.Blueprint     // created in this order if they are missing; existing ones are never changed
	Current     *port.Blueprint      // codecov_coverage, if it has been read; optional
	Now         time.Time            // the clock of the run
	DryRun      bool                 // write nothing
	Adopt       bool                 // take over entities that Port holds for another account
	MaxEntities int                  // new entities that are created without asking; 0: DefaultMaxEntities
	Yes         bool                 // create any number of new entities without asking
	Ask         func(plan Plan) bool // called if there are more than MaxEntities new entities; nil: the answer is no
	Progress    *Progress            // reports progress; optional
	Preview     func(Outgoing) error // called for each entity that a dry run would write, one at a time; an error ends the run
	Log         *slog.Logger         // receives repositories and split batches at Info; optional
	Stop        <-chan struct{}      // when closed, the run stops reading, finishes what is under way and returns
	Readers     int                  // repositories read concurrently; 0: 64
	Writers     int                  // concurrent bulk requests; 0: 64
}

// DefaultMaxEntities is the number of entities of a free Port account.
const DefaultMaxEntities = port.FreeEntities

func (o Options) withDefaults() Options {
	const concurrency = 64
	if o.Selection.NoHistory {
		o.Mapping = o.Mapping.Select(func(e mapper.EntryInfo) bool { return !e.PerCommit })
	}
	o.MaxEntities = cmp.Or(max(o.MaxEntities, 0), DefaultMaxEntities)
	o.Readers = cmp.Or(max(o.Readers, 0), concurrency)
	o.Writers = cmp.Or(max(o.Writers, 0), concurrency)
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o
}

// Run backfills the accounts. The Result is complete for what was done, even if the error is not nil. When ctx ends, the run
// ends at once; Options.Stop ends it in good order.
func Run(ctx context.Context, o Options) (*Result, error) {
	o = o.withDefaults()
	r := &run{
		options:  o,
		recorder: newRecorder(o),
		ledger:   newLedger(),
		codecov:  NewCircuit(2, perRequestStatuses...),
		provider: NewCircuit(2, perRequestStatuses...),
		port:     NewCircuit(2, http.StatusInternalServerError), // one batch may be too much for Port
		targets:  make(map[string]*target),
		related:  newRelatedEntities(o.Port),
		back:     readBack{done: make(chan struct{})},
		branches: seenBranches{seen: make(map[string]bool), unread: make(map[string][]int)},
	}
	if o.Progress != nil {
		o.Progress.recorder.Store(r.recorder)
	}
	started := time.Now()
	err := r.pipeline(ctx)
	return r.recorder.end(time.Since(started)), err
}

// run is what the parts of a run share. After discover, only what has a lock of its own changes, and done.
type run struct {
	options  Options
	recorder *recorder
	ledger   *ledger
	codecov  *Circuit
	provider *Circuit // the git provider, through Codecov
	port     *Circuit

	accounts     []account // by Options.Owners
	repositories []repository
	targets      map[string]*target // by blueprint
	related      *relatedEntities
	back         readBack // what Port holds
	readingBack  sync.WaitGroup
	done         []bool // by repository: read to its end, or recorded as unreadable
	branches     seenBranches
	writer       *writer
}

// pipeline discovers both sides before it changes anything: rejected credentials leave no trace.
func (r *run) pipeline(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer r.readingBack.Wait()
	defer cancel()
	interrupted, err := r.discover(ctx)
	if interrupted || err != nil {
		return err
	}
	r.writer = newWriter(r)
	failure := r.writer.stage(ctx, r.readAll)
	if ctx.Err() != nil || isRefusal(failure) {
		return failure
	}
	failure = cmp.Or(failure, r.writer.stage(ctx, r.writer.sendLast))
	if cause := r.port.Cause(); failure == nil && errors.Is(cause, port.ErrUnauthorized) {
		failure = cause
	}
	if failure == nil && !IsClosed(r.options.Stop) {
		r.recordStale()
	}
	return failure
}

// isRefusal reports whether an error ended a run before anything was written.
func isRefusal(err error) bool {
	return errors.As(err, new(*FloodError)) || errors.As(err, new(*NoMatchError)) || errors.As(err, new(*readBackError))
}

// discover lists the repositories, reads the blueprints, and starts to read their entities. It reports whether Options.Stop ended it.
func (r *run) discover(run context.Context) (interrupted bool, err error) {
	ctx, end := StopOn(run, r.options.Stop, errStopped)
	defer end()
	g, listing := errgroup.WithContext(ctx)
	g.Go(func() error { return r.listRepositories(listing) })
	g.Go(func() error {
		err := r.readTargets(listing)
		if err == nil {
			r.readingBack.Go(func() { r.readBack(run) })
		}
		return err
	})
	if err = g.Wait(); err == nil {
		err = r.addMissing(ctx)
	}
	if err == nil {
		err = r.checkRepositories(ctx)
	}
	if errors.Is(context.Cause(ctx), errStopped) {
		r.recorder.update(func(c *recorder) { c.result.Interrupted = true })
		return true, nil
	}
	if err == nil {
		toRead := r.withCommits()
		r.recorder.update(func(c *recorder) { c.progress.Stage, c.progress.Repositories = Reading, toRead })
	}
	return false, err
}

// errStopped is the cause of a context that Options.Stop ended.
var errStopped = errors.New("stopped")

// errNoWriter ends the reading when Port has stopped accepting entities.
var errNoWriter = errors.New("Port has stopped accepting entities")

// readAll reads all repositories into entities, several at a time, and opens the gate at the end. A repository that cannot be read is
// data in the result; rejected credentials are an error. What was read by then is written, and the rest is recorded.
func (r *run) readAll(ctx context.Context) error {
	reading, endStop := StopOn(ctx, r.options.Stop, errStopped)
	defer endStop()
	reading, endPort := StopOn(reading, r.port.broken, errNoWriter)
	defer endPort()
	err := r.readRanks(reading)
	err = cmp.Or(r.back.wait(reading), err)
	if err == nil {
		err = r.checkBranches(reading)
	}
	switch {
	case errors.Is(context.Cause(reading), errStopped), errors.As(err, new(*FloodError)) && IsClosed(r.options.Stop): // Ctrl-C declines, too
		r.recorder.update(func(c *recorder) { c.result.Interrupted, c.result.NotWritten = true, len(r.writer.gate.held) })
		return nil
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case isRefusal(err):
		return err
	}
	r.recorder.update(func(c *recorder) { c.progress.Stage = Writing })
	if len(r.writer.waitingRepositories()) > 0 {
		err = cmp.Or(err, r.writer.openGate(ctx, r.writer.createBlueprints))
	}
	switch {
	case errors.Is(err, errNoWriter):
		r.recordUnfinished(r.port.Cause())
		return nil
	case err != nil:
		r.recordUnfinished(err)
	}
	return err
}

// readRanks reads the repositories in the order of the list, those of one name one after the other.
func (r *run) readRanks(ctx context.Context) error {
	r.done = make([]bool, len(r.repositories))
	for rank, left := 0, len(r.repositories); left > 0; rank++ {
		readers, reading := errgroup.WithContext(ctx)
		readers.SetLimit(r.options.Readers)
		for i, repository := range r.repositories {
			if repository.rank != rank {
				continue
			}
			left--
			if reading.Err() == nil {
				readers.Go(func() error {
					err := newReader(r, i).read(reading)
					r.done[i] = err == nil
					return err
				})
			}
		}
		if err := cmp.Or(readers.Wait(), context.Cause(ctx)); err != nil {
			return err
		}
	}
	return nil
}

// recordUnfinished records the repositories that the end of the run left unread, or whose entities it left behind the gate.
func (r *run) recordUnfinished(cause error) {
	waiting, selection := r.writer.waitingRepositories(), r.options.Selection
	failure := Failure{Code: CodeUnfinished, Message: cause.Error()}
	failure.Status, _ = statusOf(cause)
	for i, repository := range r.repositories {
		wanted := repository.hasCommits(selection) || selection.IncludeInactive
		if wanted && !r.done[i] || waiting[repository.row.Name] {
			failure.Repository = repository.row.Name
			r.recorder.record(failure)
		}
	}
}
