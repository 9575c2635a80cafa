package backfill

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/codecov-port/codecov-port/pkg/port"
)

// writer owns the way of entities into Port: the gate, the open batches, and the entities that must come last. It is safe for
// concurrent use.
type writer struct {
	options  Options
	found    *discovery
	services *services
	recorder *recorder
	gate     *gate

	mu   sync.Mutex
	last map[entityName]lastEntity // taken over from other repositories: written after all others

	previewing sync.Mutex // held while Options.Preview is called
}

type lastEntity struct {
	out        outgoing
	repository int // the index of the repository that has taken it over
}

func newWriter(o Options, found *discovery, services *services, recorder *recorder) *writer {
	return &writer{
		options: o, found: found, services: services, recorder: recorder,
		gate: newGate(o, len(found.repositories)),
		last: make(map[entityName]lastEntity),
	}
}

// accept takes an entity that differs from Port's: a new one passes the gate first.
func (w *writer) accept(ctx context.Context, out outgoing, entities chan<- outgoing) error {
	if !out.exists {
		passes, err := w.gate.pass(ctx, out, func(held int) error { return w.decide(ctx, held) })
		if err != nil {
			return err
		}
		if !passes {
			return w.flush(ctx, entities)
		}
	}
	return handOn(ctx, entities, out)
}

// decide asks whether to create more entities than the limit.
func (w *writer) decide(ctx context.Context, held int) error {
	plan, err := plan(ctx, w.options, w.found.repositories, held)
	if err != nil {
		return err
	}
	if w.options.Ask == nil || !w.options.Ask(plan) {
		return &FloodError{Plan: plan, Declined: w.options.Ask != nil}
	}
	return w.createBlueprints(ctx)
}

// openIfCertain opens the gate before all is read, if nobody has to decide.
func (w *writer) openIfCertain(ctx context.Context, entities chan<- outgoing) error {
	if !w.gate.isCertain() {
		return nil
	}
	return w.openGate(ctx, entities)
}

// openGate opens the gate unless it is shut, and hands on what it held.
func (w *writer) openGate(ctx context.Context, entities chan<- outgoing) error {
	if err := w.gate.open(ctx, func() error { return w.createBlueprints(ctx) }); err != nil {
		return err
	}
	return w.flush(ctx, entities)
}

// createBlueprints creates the missing blueprints, just before the first entity is written.
func (w *writer) createBlueprints(ctx context.Context) error {
	missing := w.found.missingBlueprints(w.options)
	var created []string
	var err error
	if w.options.DryRun {
		for _, blueprint := range missing {
			created = append(created, blueprint.Identifier)
		}
	} else {
		created, err = w.options.Port.CreateBlueprints(ctx, missing)
	}
	w.recorder.recordCreatedBlueprints(created)
	if err == nil {
		w.recorder.recordOpenGate()
	}
	return err
}

// flush hands on what the gate held, if it is open.
func (w *writer) flush(ctx context.Context, entities chan<- outgoing) error {
	held := w.gate.takeHeld()
	for i, out := range held {
		if err := handOn(ctx, entities, out); err != nil {
			w.gate.putBack(held[i:])
			return err
		}
	}
	return nil
}

func handOn(ctx context.Context, entities chan<- outgoing, out outgoing) error {
	select {
	case entities <- out:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// keepLast keeps an entity that was taken over, unless an earlier repository of the list has taken it over, too.
func (w *writer) keepLast(out outgoing, repository int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	name := entityName{out.blueprint, out.entity.Identifier}
	other, kept := w.last[name]
	if kept && other.repository < repository {
		return
	}
	w.last[name] = lastEntity{out, repository}
	if !kept {
		w.recorder.recordFound()
	}
}

// sendLast hands on the entities that were taken over. If the gate is shut, new ones stay behind it with those that they were
// taken over from.
func (w *writer) sendLast(ctx context.Context, entities chan<- outgoing) error {
	for _, last := range w.last {
		if !last.out.exists && !w.gate.isOpen() {
			continue
		}
		if err := handOn(ctx, entities, last.out); err != nil {
			return err
		}
	}
	return nil
}

// waitingRepositories returns the names of the repositories with entities that cannot be written before the gate opens.
func (w *writer) waitingRepositories() map[string]bool {
	names := w.gate.heldRepositories()
	if w.gate.isOpen() {
		return names
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, last := range w.last {
		if !last.out.exists {
			names[last.out.repository] = true
		}
	}
	return names
}

// bulk is one bulk request: a batch of entities of one blueprint.
type bulk struct {
	blueprint string
	batch     port.Batch
	entities  []outgoing // those of the batch, in its order; without their properties unless it is a dry run
}

// write collects entities into batches, across repositories, and upserts them concurrently.
func (w *writer) write(ctx context.Context, entities <-chan outgoing) error {
	bulks := make(chan *bulk)
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		defer close(bulks)
		return w.fillBatches(ctx, entities, bulks)
	})
	for range w.options.Writers {
		g.Go(func() error {
			for bulk := range bulks {
				if err := w.upsert(ctx, bulk); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return g.Wait()
}

// fillBatches fills one batch per blueprint. It sends each that is full, and at the end the others.
func (w *writer) fillBatches(ctx context.Context, entities <-chan outgoing, bulks chan<- *bulk) error {
	open := make(map[string]*bulk)
	send := func(blueprint string) error {
		b := open[blueprint]
		delete(open, blueprint)
		select {
		case bulks <- b:
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	for out := range entities {
		err := w.add(open, out)
		if errors.Is(err, port.ErrBatchFull) {
			if err := send(out.blueprint); err != nil {
				return err
			}
			err = w.add(open, out)
		}
		if err != nil {
			w.recorder.recordFailed(Failure{Repository: out.repository, Blueprint: out.blueprint, Identifier: out.entity.Identifier,
				Code: CodeUnsendable, Message: err.Error()})
			continue
		}
		if open[out.blueprint].batch.Len() == port.MaxBulkEntities {
			if err := send(out.blueprint); err != nil {
				return err
			}
		}
	}
	for blueprint := range open {
		if err := send(blueprint); err != nil {
			return err
		}
	}
	return nil
}

// add adds the entity to its blueprint's open batch, or to a new one.
func (w *writer) add(open map[string]*bulk, out outgoing) error {
	b := open[out.blueprint]
	if b == nil {
		b = &bulk{blueprint: out.blueprint}
	}
	if err := b.batch.Add(out.entity); err != nil {
		return err
	}
	if !w.options.DryRun {
		out.entity = port.Entity{Identifier: out.entity.Identifier} // the batch holds it encoded
	}
	b.entities = append(b.entities, out)
	open[out.blueprint] = b
	return nil
}

// upsert writes one batch. Entities that Port refuses, one by one or together, are data in the result. Once Port has stopped answering
// or rejects the credentials, what is left is recorded as failed without another request.
func (w *writer) upsert(ctx context.Context, b *bulk) error {
	if w.options.DryRun {
		return w.preview(ctx, b)
	}
	if cause := cmp.Or(w.services.portRejected.Cause(), w.services.port.Cause()); cause != nil {
		w.failAll(b, cause)
		return nil
	}
	asking, end := w.services.port.guard(ctx)
	defer end()
	options := port.UpsertOptions{CreateMissingRelated: w.found.targets[b.blueprint].createRelated}
	result, err := w.options.Port.UpsertBatch(asking, b.blueprint, &b.batch, options)
	switch {
	case err == nil:
		w.services.port.succeed()
		w.recordOutcomes(b, result)
		return nil
	case b.batch.Len() > 1 && refusesBody(err):
		w.options.Log.Info("batch split", "blueprint", b.blueprint, "entities", b.batch.Len(), "reason", err.Error())
		first, second := b.split()
		return errors.Join(w.upsert(ctx, first), w.upsert(ctx, second))
	}
	if errors.Is(err, errServiceDown) {
		err = w.services.port.Cause()
	}
	w.failAll(b, err)
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("write to blueprint %s: %w", b.blueprint, err)
	case errors.Is(err, port.ErrUnauthorized):
		w.services.portRejected.breakWith(fmt.Errorf("write to blueprint %s: %w", b.blueprint, err))
	default:
		w.services.port.fail(err)
	}
	return nil
}

// refusesBody reports whether Port refuses the batch for its content: one entity may spoil it for the others.
func refusesBody(err error) bool {
	switch status, _ := statusOf(err); status {
	case http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnprocessableEntity:
		return true
	}
	return false
}

// split returns the two halves.
func (b *bulk) split() (first, second *bulk) {
	head, tail := b.batch.Split()
	first = &bulk{blueprint: b.blueprint, batch: head, entities: b.entities[:head.Len()]}
	second = &bulk{blueprint: b.blueprint, batch: tail, entities: b.entities[head.Len():]}
	return first, second
}

// recordOutcomes records what became of each entity.
func (w *writer) recordOutcomes(b *bulk, result port.BulkResult) {
	for i, outcome := range result.Outcomes {
		if outcome.Err == nil {
			w.recorder.recordWritten(b.blueprint, b.entities[i].exists)
			continue
		}
		w.recorder.recordFailed(Failure{
			Repository: b.entities[i].repository, Blueprint: b.blueprint, Identifier: b.entities[i].entity.Identifier,
			Status: outcome.Err.Status, Code: outcome.Err.Code, Message: outcome.Err.Message, TraceID: result.TraceID,
		})
	}
}

// failAll records each entity of a batch that failed as a whole.
func (w *writer) failAll(b *bulk, err error) {
	failure := Failure{Blueprint: b.blueprint, Code: CodeNoAnswer, Message: err.Error()}
	if e := (*port.APIError)(nil); errors.As(err, &e) && e.Status != 0 {
		failure.Status, failure.Code, failure.Message, failure.TraceID = e.Status, e.Code, e.Message, e.RequestID
	}
	for _, out := range b.entities {
		failure.Repository, failure.Identifier = out.repository, out.entity.Identifier
		w.recorder.recordFailed(failure)
	}
}
