package backfill

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/codecov-port/codecov-port/pkg/port"
)

// writer owns the way of entities into Port: the gate, the open batches, and the entities that must come last. It is safe for
// concurrent use.
type writer struct {
	run   *run
	gate  *gate
	write func(*bulk) // starts to write a batch; waits while Options.Writers requests are under way

	mu   sync.Mutex
	open map[string]*bulk          // the batches that are not full, by blueprint
	last map[entityName]lastEntity // taken over from other repositories: written after all others

	previewing sync.Mutex // held while Options.Preview is called
}

// Outgoing is an entity on its way to Port.
type Outgoing struct {
	Blueprint  string
	Repository string
	Entity     port.Entity
	Exists     bool // Port holds another version of it
}

func (o Outgoing) failure(code, message string) Failure {
	return Failure{Repository: o.Repository, Blueprint: o.Blueprint, Identifier: o.Entity.Identifier, Code: code, Message: message}
}

// entityName is an entity's full name.
type entityName struct{ blueprint, identifier string }

type lastEntity struct {
	out   Outgoing
	index int // of the repository that has taken it over
}

// bulk is one bulk request: a batch of entities of one blueprint.
type bulk struct {
	blueprint string
	batch     port.Batch
	entities  []Outgoing // those of the batch, in its order; without their properties unless it is a dry run
}

func newWriter(r *run) *writer {
	return &writer{run: r, gate: newGate(r.options, len(r.repositories)), open: make(map[string]*bulk), last: make(map[entityName]lastEntity)}
}

// stage runs a producer of entities, and writes them in batches, across repositories and concurrently. If the producer fails, what was
// produced is still written; if writing fails, everything ends.
func (w *writer) stage(ctx context.Context, produce func(context.Context) error) error {
	requests, ctx := errgroup.WithContext(ctx)
	requests.SetLimit(w.run.options.Writers)
	w.write = func(b *bulk) { requests.Go(func() error { return w.upsert(ctx, b) }) }
	failure := produce(ctx)
	for _, b := range w.open {
		if ctx.Err() == nil {
			w.write(b)
		}
	}
	clear(w.open)
	return cmp.Or(requests.Wait(), failure)
}

// accept takes an entity that differs from Port's: a new one passes the gate first.
func (w *writer) accept(ctx context.Context, out Outgoing) error {
	if !out.Exists {
		passes, open := w.gate.pass(out)
		if open {
			return w.openGate(ctx, w.ask)
		}
		if !passes {
			return nil
		}
	}
	return w.send(ctx, out)
}

// ask asks whether to create more entities than the limit.
func (w *writer) ask(ctx context.Context) error {
	plan, err := w.run.plan(ctx)
	if err != nil {
		return err
	}
	ask := w.run.options.Ask
	if ask == nil || !ask(plan) {
		return &FloodError{Plan: plan, Declined: ask != nil}
	}
	return w.createBlueprints(ctx)
}

// openIfCertain opens the gate before all is read, if nobody has to decide.
func (w *writer) openIfCertain(ctx context.Context) error {
	if !w.gate.isCertain() {
		return nil
	}
	return w.openGate(ctx, w.createBlueprints)
}

// openGate opens the gate and sends what it held.
func (w *writer) openGate(ctx context.Context, decide func(context.Context) error) error {
	if err := w.gate.open(ctx, decide); err != nil {
		return err
	}
	held := w.gate.exchangeHeld(nil)
	for i, out := range held {
		if err := w.send(ctx, out); err != nil {
			w.gate.exchangeHeld(held[i:])
			return err
		}
	}
	return nil
}

// createBlueprints creates the missing blueprints, just before the first entity is written.
func (w *writer) createBlueprints(ctx context.Context) error {
	var created []string
	var err error
	missing := slices.DeleteFunc(slices.Clone(w.run.options.Blueprints), func(b port.Blueprint) bool {
		t := w.run.targets[b.Identifier]
		return t == nil || t.exists
	})
	if w.run.options.DryRun {
		for _, blueprint := range missing {
			created = append(created, blueprint.Identifier)
		}
	} else {
		created, err = w.run.options.Port.CreateBlueprints(ctx, missing)
	}
	w.run.recorder.update(func(c *recorder) {
		c.result.CreatedBlueprints = append(c.result.CreatedBlueprints, created...)
		c.progress.Held = c.progress.Held && err != nil
	})
	return err
}

// keepLast keeps an entity that was taken over, unless an earlier repository of the list has taken it over, too.
func (w *writer) keepLast(out Outgoing, index int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	name := entityName{out.Blueprint, out.Entity.Identifier}
	other, isKept := w.last[name]
	if isKept && other.index < index {
		return
	}
	w.last[name] = lastEntity{out, index}
	if !isKept {
		w.run.recorder.update(func(c *recorder) { c.progress.Found++ })
	}
}

// sendLast sends the entities that were taken over. If the gate is shut, new ones stay behind it with those that they were
// taken over from.
func (w *writer) sendLast(ctx context.Context) error {
	for _, last := range w.last {
		if !last.out.Exists && !w.gate.isOpen {
			continue
		}
		if err := w.send(ctx, last.out); err != nil {
			return err
		}
	}
	return nil
}

// waitingRepositories returns the names of the repositories with entities that cannot be written before the gate opens.
func (w *writer) waitingRepositories() map[string]bool {
	names := make(map[string]bool)
	for _, out := range w.gate.held {
		names[out.Repository] = true
	}
	for _, last := range w.last {
		if !last.out.Exists && !w.gate.isOpen {
			names[last.out.Repository] = true
		}
	}
	return names
}

// send adds an entity to the open batch of its blueprint, and starts to write what is full.
func (w *writer) send(ctx context.Context, out Outgoing) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	for _, full := range w.add(out) {
		w.write(full)
	}
	return nil
}

func (w *writer) add(out Outgoing) (full []*bulk) {
	w.mu.Lock()
	defer w.mu.Unlock()
	b := w.open[out.Blueprint]
	if b == nil {
		b = &bulk{blueprint: out.Blueprint}
	}
	err := b.batch.Add(out.Entity)
	if errors.Is(err, port.ErrBatchFull) {
		full = append(full, b)
		delete(w.open, out.Blueprint)
		b = &bulk{blueprint: out.Blueprint}
		err = b.batch.Add(out.Entity)
	}
	if err != nil {
		w.run.recorder.record(out.failure(CodeUnsendable, err.Error()))
		return full
	}
	if !w.run.options.DryRun {
		out.Entity = port.Entity{Identifier: out.Entity.Identifier} // the batch holds it encoded
	}
	b.entities = append(b.entities, out)
	w.open[out.Blueprint] = b
	if b.batch.Len() == port.MaxBulkEntities {
		full = append(full, b)
		delete(w.open, out.Blueprint)
	}
	return full
}

// upsert writes one batch. Entities that Port refuses, one by one or together, are data in the result. Once Port has stopped answering
// or rejects the credentials, what is left is recorded as failed without another request.
func (w *writer) upsert(ctx context.Context, b *bulk) error {
	if w.run.options.DryRun {
		return w.preview(ctx, b)
	}
	if cause := w.run.port.Cause(); cause != nil {
		w.failAll(b, cause)
		return nil
	}
	asking, end := w.run.port.guard(ctx)
	defer end()
	options := port.UpsertOptions{CreateMissingRelated: w.run.relatesOnlyToTargets(w.run.targets[b.blueprint])}
	result, err := w.run.options.Port.UpsertBatch(asking, b.blueprint, &b.batch, options)
	switch {
	case err == nil:
		w.run.port.Record(nil)
		w.recordOutcomes(b, result)
		return nil
	case b.batch.Len() > 1 && refusesBody(err):
		w.run.options.Log.Info("batch split", "blueprint", b.blueprint, "entities", b.batch.Len(), "reason", err.Error())
		head, tail := b.batch.Split()
		return errors.Join(
			w.upsert(ctx, &bulk{b.blueprint, head, b.entities[:head.Len()]}),
			w.upsert(ctx, &bulk{b.blueprint, tail, b.entities[head.Len():]}))
	case ctx.Err() != nil:
		w.failAll(b, err)
		return fmt.Errorf("write to blueprint %s: %w", b.blueprint, err)
	case errors.Is(err, errServiceDown):
		w.failAll(b, w.run.port.Cause())
		return nil
	}
	w.failAll(b, err)
	if errors.Is(err, port.ErrUnauthorized) {
		err = fmt.Errorf("write to blueprint %s: %w", b.blueprint, err)
	}
	w.run.port.Record(err)
	return nil
}

// refusesBody reports whether Port refuses the batch for its content: one entity may spoil it for the others.
func refusesBody(err error) bool {
	status, _ := statusOf(err)
	return slices.Contains([]int{http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnprocessableEntity}, status)
}

// recordOutcomes records what became of each entity.
func (w *writer) recordOutcomes(b *bulk, result port.BulkResult) {
	for i, outcome := range result.Outcomes {
		if outcome.Err == nil {
			w.run.recorder.recordWritten(b.blueprint, b.entities[i].Exists)
			continue
		}
		failure := b.entities[i].failure(outcome.Err.Code, outcome.Err.Message)
		failure.Status, failure.TraceID = outcome.Err.Status, result.TraceID
		w.run.recorder.record(failure)
	}
}

// failAll records each entity of a batch that failed as a whole.
func (w *writer) failAll(b *bulk, err error) {
	for _, out := range b.entities {
		failure := out.failure(CodeNoAnswer, err.Error())
		if e := (*port.APIError)(nil); errors.As(err, &e) && e.Status != 0 {
			failure.Status, failure.Code, failure.Message, failure.TraceID = e.Status, e.Code, e.Message, e.RequestID
		}
		w.run.recorder.record(failure)
	}
}

// preview records what a batch would do, without doing it.
func (w *writer) preview(ctx context.Context, b *bulk) error {
	var updates []port.Entity
	for _, out := range b.entities {
		if err := w.show(out); err != nil {
			return err
		}
		w.run.recorder.recordWritten(b.blueprint, out.Exists)
		if out.Exists {
			updates = append(updates, out.Entity)
		}
	}
	if more := w.run.recorder.recordChanges(nil); len(updates) == 0 || !more {
		return nil
	}
	changes, err := w.run.changes(ctx, w.run.targets[b.blueprint], updates)
	w.run.recorder.recordChanges(changes)
	return err
}

func (w *writer) show(out Outgoing) error {
	if w.run.options.Preview == nil {
		return nil
	}
	w.previewing.Lock()
	defer w.previewing.Unlock()
	return w.run.options.Preview(out)
}
