package backfill

import (
	"cmp"
	"context"
	"errors"
	"sync"

	"golang.org/x/sync/errgroup"
)

// What ends the reading before its end: the caller asks for it, or there is nowhere left to write to.
var (
	errStopped   = errors.New("stopped")
	errAbandoned = errors.New("port has stopped taking entities")
)

// errNoSuchRepository: the token sees no repository of a name that was asked for.
var errNoSuchRepository = errors.New("codecov shows no repository of this name")

// read replays the repositories, several at a time, into entities. A repository that cannot be read is data in
// the result; refused credentials are an error. What was read until then is handed on, and what was not is named.
func (r *run) read(ctx context.Context, entities chan<- outgoing) error {
	reading, end := stoppable(ctx, r.Stop)
	defer end()
	reading, endOutage := endingWith(reading, r.portOutage.begun, errAbandoned)
	defer endOutage()
	reading, endRefusal := endingWith(reading, r.portRefusal.begun, errAbandoned)
	defer endRefusal()
	var err error
	if r.Yes || r.DryRun {
		err = r.gate.end(reading, entities)
	}
	if err == nil {
		err = r.readAll(reading, entities)
	}
	flood := (*FloodError)(nil)
	switch {
	case errors.Is(context.Cause(reading), errStopped), errors.As(err, &flood) && r.isStopped(): // Ctrl-C at the question is a no, too
		r.tally.interrupted(r.gate.waiting())
		return nil
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.As(err, &flood):
		return err
	}
	return r.finish(ctx, err, entities)
}

// isStopped tells whether the caller has asked to stop.
func (r *run) isStopped() bool {
	select {
	case <-r.Stop:
		return true
	default:
		return false
	}
}

// finish hands on what is held back once the reading has ended, and names what is missing where it ended with an error.
func (r *run) finish(ctx context.Context, err error, entities chan<- outgoing) error {
	r.tally.reached(Writing)
	err = cmp.Or(err, r.gate.end(ctx, entities))
	if errors.Is(err, errAbandoned) {
		r.nameUnfinished(cmp.Or(r.portRefusal.cause(), r.portOutage.cause()))
		return nil
	}
	if err != nil {
		r.nameUnfinished(err)
	}
	return err
}

// nameUnfinished names the repositories that were not read to their end, and those with entities that were held back.
func (r *run) nameUnfinished(cause error) {
	held := r.gate.repositories()
	for i, repository := range r.repositories {
		wanted := repository.HasCoverage() || r.IncludeInactive
		if wanted && !r.ended[i].Load() || held[repository.Name] {
			r.tally.repositoryUnfinished(repository.Name, cause)
		}
	}
}

// readAll reads the repositories in the order of the list, but those of one name one after the other.
func (r *run) readAll(ctx context.Context, entities chan<- outgoing) error {
	for rank, left := 0, len(r.repositories); left > 0; rank++ {
		readers, reading := errgroup.WithContext(ctx)
		readers.SetLimit(r.Readers)
		for i, repository := range r.repositories {
			if repository.rank != rank {
				continue
			}
			left--
			if reading.Err() == nil {
				readers.Go(func() error {
					err := r.replay(reading, i, entities)
					r.ended[i].Store(err == nil)
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

// stoppable gives a context that ends when stop is closed, and the function that ends it and its watch.
func stoppable(ctx context.Context, stop <-chan struct{}) (context.Context, func()) {
	return endingWith(ctx, stop, errStopped)
}

// endingWith gives a context that ends with a cause when a channel is closed, and the function that ends it and its watch.
func endingWith(ctx context.Context, closed <-chan struct{}, cause error) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	var watch sync.WaitGroup
	watch.Go(func() {
		select {
		case <-closed:
			cancel(cause)
		case <-ctx.Done():
		}
	})
	return ctx, func() {
		cancel(nil)
		watch.Wait()
	}
}
