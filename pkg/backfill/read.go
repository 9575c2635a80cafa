package backfill

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/codecov-port/codecov-port/pkg/codecov"
)

// repositories lists the account and gives those of its repositories that have coverage.
func (r *run) repositories(ctx context.Context) ([]codecov.Repository, error) {
	var covered []codecov.Repository
	for repository, err := range r.Codecov.Repositories(ctx, r.Owner, codecov.RepositoriesOptions{}) {
		if err != nil {
			return nil, fmt.Errorf("list the repositories of %s: %w", r.Owner, err)
		}
		r.tally.repositoryListed(repository)
		if repository.HasCoverage() {
			covered = append(covered, repository)
		}
	}
	return covered, nil
}

// errStopped ends the reading when the caller asks for it.
var errStopped = errors.New("stopped")

// read replays the repositories, several at a time, into entities. A repository that cannot be read is data in
// the result; refused credentials are an error.
func (r *run) read(ctx context.Context, entities chan<- outgoing) error {
	ctx, end := stoppable(ctx, r.Stop)
	defer end()
	readers, reading := errgroup.WithContext(ctx)
	readers.SetLimit(r.Readers)
	for i, repository := range r.covered {
		if reading.Err() != nil {
			break
		}
		readers.Go(func() error { return r.replay(reading, i, repository, entities) })
	}
	err := readers.Wait()
	if errors.Is(context.Cause(ctx), errStopped) {
		r.tally.interrupted()
		return nil
	}
	return err
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
