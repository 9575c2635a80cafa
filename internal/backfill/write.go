package backfill

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"

	"golang.org/x/sync/errgroup"

	"github.com/codecov-port/codecov-port/pkg/port"
)

// bulk is one bulk request: a batch of one blueprint's entities.
type bulk struct {
	blueprint string
	batch     port.Batch
	entities  []outgoing // what the batch holds, in its order; without their properties where it is to be sent
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
		err := r.add(open, entity)
		if errors.Is(err, port.ErrBatchFull) {
			if err := hand(entity.blueprint); err != nil {
				return err
			}
			err = r.add(open, entity)
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
func (r *run) add(open map[string]*bulk, o outgoing) error {
	b := open[o.blueprint]
	if b == nil {
		b = &bulk{blueprint: o.blueprint}
	}
	if err := b.batch.Add(o.entity); err != nil {
		return err
	}
	if !r.DryRun {
		o.entity = port.Entity{Identifier: o.entity.Identifier} // encoded by now
	}
	b.entities = append(b.entities, o)
	open[o.blueprint] = b
	return nil
}

// upsert writes one batch. Entities that Port refuses, one by one or all together, are data in the result. Once Port
// has stopped answering or refuses the credentials, what is left is named without asking again.
func (r *run) upsert(ctx context.Context, b *bulk) error {
	if r.DryRun {
		return r.preview(ctx, b)
	}
	if cause := cmp.Or(r.portRefusal.cause(), r.portOutage.cause()); cause != nil {
		r.failAll(b, cause)
		return nil
	}
	asking, end := r.portOutage.whileUp(ctx)
	defer end()
	options := port.UpsertOptions{CreateMissingRelated: r.targets[b.blueprint].createRelated}
	result, err := r.Port.UpsertBatch(asking, b.blueprint, &b.batch, options)
	switch {
	case err == nil:
		r.portOutage.answered()
		r.settle(b, result)
		return nil
	case b.batch.Len() > 1 && refusesTheBody(err):
		r.Log.Info("batch split", "blueprint", b.blueprint, "entities", b.batch.Len(), "reason", err.Error())
		first, second := b.split()
		return errors.Join(r.upsert(ctx, first), r.upsert(ctx, second))
	}
	if errors.Is(err, errDown) {
		err = r.portOutage.cause()
	}
	r.failAll(b, err)
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("write to blueprint %s: %w", b.blueprint, err)
	case errors.Is(err, port.ErrUnauthorized):
		r.portRefusal.refused(fmt.Errorf("write to blueprint %s: %w", b.blueprint, err))
	default:
		r.portOutage.failed(err)
	}
	return nil
}

// settle takes note of what became of each entity.
func (r *run) settle(b *bulk, result port.BulkResult) {
	for i, outcome := range result.Outcomes {
		if outcome.Err == nil {
			r.tally.written(b.blueprint, b.entities[i].exists)
			continue
		}
		r.tally.failed(Failure{
			Repository: b.entities[i].repository, Blueprint: b.blueprint, Identifier: outcome.Identifier,
			Status: outcome.Err.Status, Code: outcome.Err.Code, Message: outcome.Err.Message, TraceID: result.TraceID,
		})
	}
}

// refusesTheBody tells whether Port refuses the batch for what it holds: one entity may spoil it for the others.
func refusesTheBody(err error) bool {
	apiError := (*port.APIError)(nil)
	if !errors.As(err, &apiError) {
		return false
	}
	switch apiError.Status {
	case http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnprocessableEntity:
		return true
	}
	return false
}

// split gives the two halves.
func (b *bulk) split() (first, second *bulk) {
	head, tail := b.batch.Split()
	first = &bulk{blueprint: b.blueprint, batch: head, entities: b.entities[:head.Len()]}
	second = &bulk{blueprint: b.blueprint, batch: tail, entities: b.entities[head.Len():]}
	return first, second
}

// failAll names each entity of a batch that failed as a whole.
func (r *run) failAll(b *bulk, err error) {
	failure := Failure{Blueprint: b.blueprint, Code: CodeNoAnswer, Message: err.Error()}
	if apiError := (*port.APIError)(nil); errors.As(err, &apiError) && apiError.Status != 0 {
		failure.Status, failure.Code, failure.Message, failure.TraceID = apiError.Status, apiError.Code, apiError.Message, apiError.RequestID
	}
	for _, o := range b.entities {
		failure.Repository, failure.Identifier = o.repository, o.entity.Identifier
		r.tally.failed(failure)
	}
}
