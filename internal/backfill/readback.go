package backfill

import (
	"context"
	"fmt"

	"golang.org/x/sync/errgroup"

	"github.com/codecov-port/codecov-port/pkg/mapper"
	"github.com/codecov-port/codecov-port/pkg/port"
)

// readBack records in the ledger what Port holds of each blueprint. It goes on while commits are read; claiming and comparing wait
// for its end.
type readBack struct {
	done   chan struct{}
	cancel context.CancelFunc
	stored []storedRepository // the accounts' repositories in Port
	err    error
}

// readBackError ends a run that cannot know what Port holds. Nothing was written.
type readBackError struct{ err error }

func (e *readBackError) Error() string { return e.err.Error() }
func (e *readBackError) Unwrap() error { return e.err }

// startReadBack starts the reading. It ends with ctx, at the latest when stop is called.
func (d *discovery) startReadBack(ctx context.Context, o Options) {
	ctx, cancel := context.WithCancel(ctx)
	b := &readBack{done: make(chan struct{}), cancel: cancel}
	d.back = b
	go func() {
		defer close(b.done)
		g, ctx := errgroup.WithContext(ctx)
		for identifier := range d.blueprints {
			g.Go(func() error {
				repositories, err := d.readBackBlueprint(ctx, o, d.targets[identifier])
				if err != nil {
					return fmt.Errorf("read back the entities of %s: %w", identifier, err)
				}
				if identifier == mapper.CurrentBlueprint {
					b.stored = repositories // by this goroutine only
				}
				return nil
			})
		}
		if err := g.Wait(); err != nil {
			b.err = &readBackError{err}
		}
	}()
}

// stop ends the reading, and waits for that.
func (b *readBack) stop() {
	if b != nil {
		b.cancel()
		<-b.done
	}
}

// wait waits for the end of the reading: the ledger is complete then.
func (b *readBack) wait(ctx context.Context) error {
	if err := waitFor(ctx, b.done); err != nil && !IsClosed(b.done) {
		return err
	}
	return b.err
}

func (d *discovery) readBackBlueprint(ctx context.Context, o Options, t *target) ([]storedRepository, error) {
	var stored []storedRepository
	for entity, err := range o.Port.Search(ctx, t.blueprint.Identifier, port.SearchOptions{Include: t.include()}) {
		if err != nil {
			return nil, err
		}
		if s, ok := storedAs(entity, o); ok {
			stored = append(stored, s)
		}
		owner := unclaimed
		if service, other, ok := otherAccountOf(entity, o); ok && !o.Adopt {
			owner = heldFor(d.others.index(service, other))
		}
		conformed, _ := t.conformer.Conform(entity)
		for entry, compared := range t.comparisons {
			print, _ := d.ledger.hash.fingerprint(compared, conformed)
			d.ledger.recordStored(entry, entity.Identifier, print, owner)
		}
	}
	return stored, nil
}
