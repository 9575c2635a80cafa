package backfill

import (
	"context"
	"errors"
	"sync"

	"golang.org/x/sync/errgroup"
)

// errStopped ends the reading when the caller asks for it.
var errStopped = errors.New("stopped")

// errNoSuchRepository: the token sees no repository of a name that was asked for.
var errNoSuchRepository = errors.New("codecov shows no repository of this name")

// read replays the repositories, several at a time, into entities. A repository that cannot be read is data in
// the result; refused credentials are an error.
func (r *run) read(ctx context.Context, entities chan<- outgoing) error {
	reading, end := stoppable(ctx, r.Stop)
	defer end()
	if r.Yes || r.DryRun {
		if err := r.gate.end(reading, entities); err != nil {
			return err
		}
	}
	err := r.readAll(reading, entities)
	if errors.Is(context.Cause(reading), errStopped) {
		r.tally.interrupted(r.gate.waiting())
		return nil
	}
	if err != nil {
		return err
	}
	return r.gate.end(ctx, entities)
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
				readers.Go(func() error { return r.replay(reading, i, entities) })
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
	ctx, cancel := context.WithCancelCause(ctx)
	var watch sync.WaitGroup
	watch.Go(func() {
		select {
		case <-stop:
			cancel(errStopped)
		case <-ctx.Done():
		}
	})
	return ctx, func() {
		cancel(nil)
		watch.Wait()
	}
}
