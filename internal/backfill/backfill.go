// Package backfill is the pipeline that brings an account's past into Port: it reads the repositories and their
// commits from Codecov, replays each commit through the mapping as Codecov's webhook would have told of it,
// compares with what Port holds, and writes what differs in bulk, all at the same time.
//
// What goes wrong with one entity or one repository is data in the result. An error ends the run: credentials
// refused, an unknown owner, a blueprint that is not there.
package backfill

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/codecov-port/codecov-port/pkg/codecov"
	"github.com/codecov-port/codecov-port/pkg/mapper"
	"github.com/codecov-port/codecov-port/pkg/port"
)

// Options is what a run works on. Codecov, Port, Owners, AppURL, Mapping and Now are needed.
type Options struct {
	Selection
	Codecov     *codecov.Client
	Port        *port.Client
	Owners      []string             // the accounts, in the order in which they are listed; a GitLab subgroup is group:subgroup
	AppURL      string               // address of Codecov's web pages, without a slash at the end
	Mapping     *mapper.Mapping      // what becomes of a commit
	Blueprints  []port.Blueprint     // created where they are missing, in this order; existing ones are never altered
	Now         time.Time            // the run's clock: commits more than a day ahead of it are replayed last
	DryRun      bool                 // read, map and compare everything, write nothing
	Force       bool                 // write what is unchanged, too, and what Port holds for another account
	MaxEntities int                  // new entities that are created without asking; 0: DefaultMaxEntities
	Yes         bool                 // create any number of them, as they come
	Ask         func(plan Plan) bool // asked when they are more than MaxEntities; nil: the answer is no
	Prune       *Prune               // remove repositories that Codecov no longer has; nil: only tell of them
	Progress    *Progress            // follows the run; nil: nobody asks
	Preview     func(Preview) error  // under DryRun: given each entity that would be written, one at a time; its error ends the run
	Log         *slog.Logger         // told of repositories that have been read and of batches that are split; nil: nobody is
	Stop        <-chan struct{}      // closed: read no further, write what is on its way, and return
	Readers     int                  // repositories read at once; 0: 28
	Writers     int                  // bulk requests under way at once; 0: 32
}

const (
	defaultReaders = 28
	defaultWriters = 32
)

func (o Options) withDefaults() Options {
	if o.MaxEntities <= 0 {
		o.MaxEntities = DefaultMaxEntities
	}
	if o.Readers <= 0 {
		o.Readers = defaultReaders
	}
	if o.Writers <= 0 {
		o.Writers = defaultWriters
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o
}

// Run brings the accounts in and tells what became of them. The result is complete for what was done also where
// the error is not nil. When ctx ends, the run ends at once; Stop ends it in good order.
func Run(ctx context.Context, o Options) (*Result, error) {
	r := newRun(o.withDefaults())
	o.Progress.follow(r)
	started := time.Now()
	err := o.checkPrune()
	if err == nil {
		err = r.do(ctx)
	}
	if err == nil {
		r.tally.reached(Settling)
		err = r.settleUnlisted(ctx)
	}
	return r.tally.result(o, time.Since(started)), err
}

// run is one run's state. Its parts guard themselves: the readers and writers share it.
type run struct {
	Options
	current      *mapper.Mapping           // the entries that give a state, not a history
	history      *mapper.Mapping           // the others
	repositories []listed                  // not changed once reading has started
	gaps         gaps                      // what the lists of them did not give
	owned        []owned                   // the accounts' repositories that Port holds; complete once they have been read back
	blueprints   map[string]port.Blueprint // those that Port has
	targets      map[string]*target        // by blueprint; not changed once reading has started
	index        *index
	gate         gate
	late         late
	ended        []atomic.Bool // by place in repositories: read to its end, or named as unreadable
	tally        *tally
	previewing   sync.Mutex // held while the caller looks at an entity

	codecovOutage, providerOutage *outage
	portOutage, portRefusal       *outage
}

func newRun(o Options) *run {
	r := &run{
		Options: o,
		current: o.Mapping.Select(func(e mapper.EntryInfo) bool { return !e.PerCommit }),
		history: o.Mapping.Select(func(e mapper.EntryInfo) bool { return e.PerCommit }),
		index:   newIndex(),
		tally:   newTally(o.Mapping.Blueprints()),
	}
	r.gate.run = r
	r.codecovOutage, r.providerOutage = newOutage(2, slow...), newOutage(2, slow...)
	r.portOutage, r.portRefusal = newOutage(2, http.StatusInternalServerError), newOutage(0) // a batch may be too much for Port
	return r
}

// do looks at both sides before it changes anything: credentials that one of them refuses leave no trace.
func (r *run) do(ctx context.Context) error {
	if stopped, err := r.lookUnlessStopped(ctx); stopped || err != nil {
		return err
	}
	r.ended = make([]atomic.Bool, len(r.repositories))
	r.tally.reached(Reading)
	r.tally.toRead(r.withCoverage())
	failure := r.stage(ctx, r.read)
	if flood := (*FloodError)(nil); ctx.Err() != nil || errors.As(failure, &flood) {
		return failure
	}
	failure = cmp.Or(failure, r.stage(ctx, r.sendLate))
	return cmp.Or(failure, r.portRefusal.cause())
}

// lookUnlessStopped looks, and tells whether the caller asked to stop meanwhile.
func (r *run) lookUnlessStopped(ctx context.Context) (stopped bool, err error) {
	ctx, end := stoppable(ctx, r.Stop)
	defer end()
	err = r.look(ctx)
	if errors.Is(context.Cause(ctx), errStopped) {
		r.tally.interrupted(0)
		return true, nil
	}
	return false, err
}

// look lists the repositories and reads the blueprints and what Port holds of them.
func (r *run) look(ctx context.Context) error {
	g, looking := errgroup.WithContext(ctx)
	g.Go(func() (err error) {
		r.repositories, err = r.list(looking)
		return err
	})
	g.Go(func() (err error) {
		if r.blueprints, err = r.readBlueprints(looking); err != nil {
			return err
		}
		if r.targets, err = r.planTargets(); err != nil {
			return err
		}
		return r.readBack(looking)
	})
	if err := g.Wait(); err != nil {
		return err
	}
	return r.fillGaps(ctx)
}

// stage runs a producer of entities and the writers side by side. Reading that fails leaves the writers to finish
// what has been read; writing that fails ends everything.
func (r *run) stage(ctx context.Context, produce func(context.Context, chan<- outgoing) error) error {
	entities := make(chan outgoing, port.MaxBulkEntities)
	g, writing := errgroup.WithContext(ctx)
	var failure error
	g.Go(func() error {
		defer close(entities)
		failure = produce(writing, entities)
		return nil
	})
	g.Go(func() error { return r.write(writing, entities) })
	if err := g.Wait(); err != nil {
		return err
	}
	return failure
}
