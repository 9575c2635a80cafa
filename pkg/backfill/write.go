package backfill

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/sync/errgroup"

	"github.com/codecov-port/codecov-port/pkg/port"
)

// bulk is one bulk request: a batch of one blueprint's entities and the repositories that they are of.
type bulk struct {
	blueprint    string
	batch        port.Batch
	repositories []string // one an entity
}

// write collects entities into batches, which fill up across repositories, and upserts them, several at a time.
func (r *run) write(ctx context.Context, entities <-chan outgoing) error {
	bulks := make(chan *bulk)
	writers, ctx := errgroup.WithContext(ctx)
	writers.Go(func() error {
		defer close(bulks)
		return r.batch(ctx, entities, bulks)
	})
	for range r.Writers {
		writers.Go(func() error {
			for bulk := range bulks {
				if err := r.upsert(ctx, bulk); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return writers.Wait()
}

// batch fills a batch a blueprint and hands on each that is full, and at the end those that are not.
func (r *run) batch(ctx context.Context, entities <-chan outgoing, bulks chan<- *bulk) error {
	open := make(map[string]*bulk)
	hand := func(blueprint string) error {
		b := open[blueprint]
		delete(open, blueprint)
		select {
		case bulks <- b:
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	for entity := range entities {
		err := add(open, entity)
		if errors.Is(err, port.ErrBatchFull) {
			if err := hand(entity.blueprint); err != nil {
				return err
			}
			err = add(open, entity)
		}
		if err != nil {
			r.tally.failed(Failure{Repository: entity.repository, Blueprint: entity.blueprint, Identifier: entity.entity.Identifier,
				Code: CodeUnsendable, Message: err.Error()})
			continue
		}
		if open[entity.blueprint].batch.Len() == port.MaxBulkEntities {
			if err := hand(entity.blueprint); err != nil {
				return err
			}
		}
	}
	for blueprint := range open {
		if err := hand(blueprint); err != nil {
			return err
		}
	}
	return nil
}

// add puts the entity into its blueprint's open batch, a new one where there is none.
func add(open map[string]*bulk, o outgoing) error {
	b := open[o.blueprint]
	if b == nil {
		b = &bulk{blueprint: o.blueprint}
	}
	if err := b.batch.Add(o.entity); err != nil {
		return err
	}
	b.repositories = append(b.repositories, o.repository)
	open[o.blueprint] = b
	return nil
}

// upsert writes one batch. Entities that Port refuses, one by one or all together, are data in the result;
// refused credentials are an error.
func (r *run) upsert(ctx context.Context, b *bulk) error {
	if r.DryRun {
		r.tally.written(b.blueprint, b.batch.Len())
		return nil
	}
	options := port.UpsertOptions{CreateMissingRelated: r.targets[b.blueprint].createRelated}
	result, err := r.Port.UpsertBatch(ctx, b.blueprint, &b.batch, options)
	if err != nil {
		r.failAll(b, err)
		if ctx.Err() != nil || errors.Is(err, port.ErrUnauthorized) {
			return fmt.Errorf("write to blueprint %s: %w", b.blueprint, err)
		}
		return nil
	}
	written := 0
	for i, outcome := range result.Outcomes {
		if outcome.Err == nil {
			written++
			continue
		}
		r.tally.failed(Failure{
			Repository: b.repositories[i], Blueprint: b.blueprint, Identifier: outcome.Identifier,
			Status: outcome.Err.Status, Code: outcome.Err.Code, Message: outcome.Err.Message, TraceID: result.TraceID,
		})
	}
	r.tally.written(b.blueprint, written)
	return nil
}

// failAll names each entity of a batch that failed as a whole.
func (r *run) failAll(b *bulk, err error) {
	failure := Failure{Blueprint: b.blueprint, Code: CodeNoAnswer, Message: err.Error()}
	if apiError := (*port.APIError)(nil); errors.As(err, &apiError) && apiError.Status != 0 {
		failure.Status, failure.Code, failure.Message, failure.TraceID = apiError.Status, apiError.Code, apiError.Message, apiError.RequestID
	}
	for i, identifier := range b.batch.Identifiers() {
		failure.Repository, failure.Identifier = b.repositories[i], identifier
		r.tally.failed(failure)
	}
}
