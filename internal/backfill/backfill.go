// Package backfill is the pipeline: it reads the repositories of an account and their commits from Codecov, replays each
// commit through the mapping as Codecov's webhook would have reported it, compares the entities with what Port holds, and
// upserts what differs in bulk, concurrently.
//
//	discover ── repositories, blueprints, what Port holds ──▶ ledger
//	reader (one per repository) ── commits → select → map → conform → claim → compare ──▶ writer ── gate → batches → upsert
//
// Failures of single entities and repositories are data in the Result. An error ends the run: rejected credentials, an
// unknown owner, a missing blueprint.
package backfill

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
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
	Now         time.Time            // the clock of the run
	DryRun      bool                 // write nothing
	Adopt       bool                 // take over entities that Port holds for another account
	MaxEntities int                  // new entities that are created without asking; 0: DefaultMaxEntities
	Yes         bool                 // create any number of new entities without asking
	Ask         func(plan Plan) bool // called if there are more than MaxEntities new entities; nil: the answer is no
	Progress    *Progress            // reports progress; optional
	Preview     func(Preview) error  // called for each entity that a dry run would write, one at a time; an error ends the run
	Log         *slog.Logger         // receives repositories and split batches at Info; optional
	Stop        <-chan struct{}      // when closed, the run stops reading, finishes what is under way and returns
	Readers     int                  // repositories read concurrently; 0: 64
	Writers     int                  // concurrent bulk requests; 0: 32
}

const (
	defaultReaders = 64
	defaultWriters = 64
)

// DefaultMaxEntities is the number of entities of a free Port account.
const DefaultMaxEntities = port.FreeEntities

func (o Options) withDefaults() Options {
	if o.Selection.NoHistory {
		o.Mapping = o.Mapping.Select(func(e mapper.EntryInfo) bool { return !e.PerCommit })
	}
	o.MaxEntities = cmp.Or(max(o.MaxEntities, 0), DefaultMaxEntities)
	o.Readers = cmp.Or(max(o.Readers, 0), defaultReaders)
	o.Writers = cmp.Or(max(o.Writers, 0), defaultWriters)
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o
}

// Run backfills the accounts. The Result is complete for what was done, even if the error is not nil. When ctx ends, the run
// ends at once; Options.Stop ends it in good order.
func Run(ctx context.Context, o Options) (*Result, error) {
	o = o.withDefaults()
	recorder := newRecorder(o)
	o.Progress.follow(recorder, o)
	started := time.Now()
	err := run(ctx, o, recorder)
	return recorder.result(o, time.Since(started)), err
}

// run discovers both sides before it changes anything: rejected credentials leave no trace.
func run(ctx context.Context, o Options, recorder *recorder) error {
	services, found := newServices(), &discovery{ledger: newLedger()}
	defer func() { found.back.stop() }()
	interrupted, err := found.discover(ctx, o, recorder)
	if interrupted || err != nil {
		return err
	}
	writer := newWriter(o, found, services, recorder)
	reading := newReading(o, found, services, writer, recorder)
	failure := pipe(ctx, writer, reading.readAll)
	if ctx.Err() != nil || isRefusal(failure) {
		return failure
	}
	failure = cmp.Or(failure, pipe(ctx, writer, writer.sendLast), services.portRejected.Cause())
	if failure == nil && !IsClosed(o.Stop) {
		recorder.recordStale(found.stale(o))
	}
	return failure
}

// isRefusal reports whether an error ended a run before anything was written.
func isRefusal(err error) bool {
	flood, noMatch, unread := (*FloodError)(nil), (*NoMatchError)(nil), (*readBackError)(nil)
	return errors.As(err, &flood) || errors.As(err, &noMatch) || errors.As(err, &unread)
}

// pipe runs a producer of entities beside the writers. If the producer fails, the writers finish what was produced; if a writer fails,
// everything ends.
func pipe(ctx context.Context, w *writer, produce func(context.Context, chan<- outgoing) error) error {
	entities := make(chan outgoing, port.MaxBulkEntities)
	g, ctx := errgroup.WithContext(ctx)
	var failure error
	g.Go(func() error {
		defer close(entities)
		failure = produce(ctx, entities)
		return nil
	})
	g.Go(func() error { return w.write(ctx, entities) })
	return cmp.Or(g.Wait(), failure)
}

// discovery is what a run knows before it reads commits. It is not changed afterwards, except for the ledger and what is read back.
type discovery struct {
	repositories []repository
	missing      missingRepositories // what Codecov's lists did not contain
	back         *readBack           // what Port holds
	blueprints   map[string]bool     // those of the mapping that exist in Port
	targets      map[string]*target  // by blueprint
	ledger       *ledger
	others       otherAccounts // in Port
	related      relatedEntities
}

// discover lists the repositories, reads the blueprints, and starts to read their entities. It reports whether Options.Stop ended it.
func (d *discovery) discover(run context.Context, o Options, recorder *recorder) (interrupted bool, err error) {
	ctx, end := StopOn(run, o.Stop, errStopped)
	defer end()
	g, listing := errgroup.WithContext(ctx)
	g.Go(func() (err error) {
		d.repositories, err = listRepositories(listing, o, &d.missing, recorder)
		return err
	})
	g.Go(func() (err error) {
		if d.targets, d.blueprints, err = readTargets(listing, o); err == nil {
			d.startReadBack(run, o)
		}
		return err
	})
	if err = g.Wait(); err == nil {
		err = d.addMissing(ctx, o, recorder)
	}
	if err == nil {
		err = d.checkRepositories(ctx, o)
	}
	if errors.Is(context.Cause(ctx), errStopped) {
		recorder.recordInterrupted(0)
		return true, nil
	}
	if err == nil {
		recorder.recordToRead(withCoverage(d.repositories, o.Selection))
	}
	return false, err
}

// errStopped is the cause of a context that Options.Stop ended.
var errStopped = errors.New("stopped")

// MissingBlueprintError is returned if the mapping writes to a blueprint that Port does not have and that is not built in.
type MissingBlueprintError struct{ Blueprint string }

// Error names the blueprint.
func (e *MissingBlueprintError) Error() string {
	return fmt.Sprintf("the mapping writes to blueprint %q, which does not exist in Port", e.Blueprint)
}
