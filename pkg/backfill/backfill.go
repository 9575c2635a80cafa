// Package backfill is the pipeline that brings an account's past into Port: it reads the repositories and their
// commits from Codecov, replays each commit through the mapping as Codecov's webhook would have told of it,
// and writes the entities to Port in bulk, all at the same time.
//
// What goes wrong with one entity or one repository is data in the result. An error ends the run: credentials
// refused, an unknown owner, a blueprint that is not there.
package backfill

import (
	"context"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/codecov-port/codecov-port/pkg/codecov"
	"github.com/codecov-port/codecov-port/pkg/mapper"
	"github.com/codecov-port/codecov-port/pkg/port"
)

// Options is what a run works on. All but DryRun, Stop, Readers and Writers is needed.
type Options struct {
	Codecov    *codecov.Client
	Port       *port.Client
	Owner      string           // the account; a GitLab subgroup is group:subgroup
	AppURL     string           // address of Codecov's web pages, without a slash at the end
	Mapping    *mapper.Mapping  // what becomes of a commit
	Blueprints []port.Blueprint // created where they are missing, in this order; existing ones are never altered
	Now        time.Time        // the run's clock: commits more than a day ahead of it are replayed last
	DryRun     bool             // read and map everything, write nothing
	Stop       <-chan struct{}  // closed: read no further, write what has been read, and return
	Readers    int              // repositories read at once; 0: 32
	Writers    int              // bulk requests under way at once; 0: 32
}

const (
	defaultReaders = 32
	defaultWriters = 32
)

// Run brings the account in and tells what became of it. The result is complete for what was done also where
// the error is not nil. When ctx ends, the run ends at once; Stop ends it in good order.
func Run(ctx context.Context, o Options) (*Result, error) {
	if o.Readers <= 0 {
		o.Readers = defaultReaders
	}
	if o.Writers <= 0 {
		o.Writers = defaultWriters
	}
	r := &run{Options: o, tally: newTally(o.Mapping.Blueprints()), claims: newClaims()}
	started := time.Now()
	err := r.do(ctx)
	return r.tally.result(o, time.Since(started)), err
}

// run is one run's state. Its parts guard themselves: the readers and writers share it.
type run struct {
	Options
	covered []codecov.Repository // those with coverage, in the order of the list; not changed once reading has started
	targets map[string]*target   // by blueprint; not changed once reading has started
	tally   *tally
	claims  *claims
	late    late
}

// do looks at both sides before it changes anything: credentials that one of them refuses leave no trace.
func (r *run) do(ctx context.Context) error {
	var blueprints map[string]port.Blueprint
	g, looking := errgroup.WithContext(ctx)
	g.Go(func() (err error) {
		r.covered, err = r.repositories(looking)
		return err
	})
	g.Go(func() (err error) {
		blueprints, err = r.readBlueprints(looking)
		return err
	})
	if err := g.Wait(); err != nil {
		return err
	}
	if err := r.createMissing(ctx, blueprints); err != nil {
		return err
	}
	r.targets = targets(blueprints)
	return r.pipeline(ctx)
}

// pipeline reads and writes at the same time. Reading that fails leaves the writers to finish what has been
// read; writing that fails ends everything.
func (r *run) pipeline(ctx context.Context) error {
	if err := r.stage(ctx, r.read); err != nil {
		return err
	}
	return r.stage(ctx, r.late.send)
}

// stage runs a producer of entities and the writers side by side.
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
