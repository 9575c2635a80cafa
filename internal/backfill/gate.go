package backfill

import (
	"context"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/codecov-port/codecov-port/pkg/codecov"
	"github.com/codecov-port/codecov-port/pkg/port"
)

// DefaultMaxEntities is what a free Port account holds.
const DefaultMaxEntities = port.FreeEntities

// gate holds new entities back until the reading has ended, or until they are more than a limit: then somebody is
// asked. Behind an open gate they stream. It is safe for concurrent use.
type gate struct {
	*run
	mu     sync.Mutex
	open   bool
	closed error // why it stays shut: somebody said no, or what is missing in Port could not be created
	held   []outgoing
}

// Plan is what a run would do to Port, told before it is done.
type Plan struct {
	Limit    int           // of new entities, without asking
	AtLeast  int           // new entities found so far
	UpTo     int           // new entities, if every commit is usable and new
	Requests int           // bulk requests for so many
	Duration time.Duration // for so many requests at Port's known rate; 0: the rate is not known
}

// FloodError ends a run that would create more entities than its limit: none of them was written.
type FloodError struct {
	Plan     Plan
	Declined bool // Ask was asked
}

// Error tells the plan.
func (e *FloodError) Error() string {
	return fmt.Sprintf("at least %d new entities (up to %d), more than the %d that are created without asking", e.Plan.AtLeast, e.Plan.UpTo, e.Plan.Limit)
}

// pass hands a new entity on, now or once the gate is open.
func (g *gate) pass(ctx context.Context, o outgoing, entities chan<- outgoing) error {
	hold, err := g.hold(ctx, o, entities)
	if err != nil || hold {
		return err
	}
	return hand(ctx, entities, o)
}

// hold keeps the entity back, or tells that it may pass.
func (g *gate) hold(ctx context.Context, o outgoing, entities chan<- outgoing) (bool, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.open {
		return false, nil
	}
	g.held = append(g.held, o)
	if len(g.held) <= g.MaxEntities || g.closed != nil {
		return true, g.closed
	}
	return true, g.ask(ctx, entities)
}

// ask opens the gate where whoever is asked agrees to the plan.
func (g *gate) ask(ctx context.Context, entities chan<- outgoing) error {
	plan, err := g.plan(ctx, len(g.held))
	if err != nil {
		return err
	}
	if g.Ask == nil || !g.Ask(plan) {
		g.closed = &FloodError{Plan: plan, Declined: g.Ask != nil}
		return g.closed
	}
	return g.release(ctx, entities)
}

// release opens the gate: what is missing of the blueprints is created, and what was held back goes on its way.
func (g *gate) release(ctx context.Context, entities chan<- outgoing) error {
	if !g.open {
		if g.closed = g.createMissing(ctx); g.closed != nil {
			return g.closed
		}
		g.open = true
		g.tally.released()
	}
	for i, o := range g.held {
		if err := hand(ctx, entities, o); err != nil {
			g.held = g.held[i:]
			return err
		}
	}
	g.held = nil
	return nil
}

// end opens the gate once the reading has ended, unless it is shut for good.
func (g *gate) end(ctx context.Context, entities chan<- outgoing) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed != nil {
		return g.closed
	}
	return g.release(ctx, entities)
}

// waiting is how many entities are held back.
func (g *gate) waiting() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.held)
}

func (g *gate) isOpen() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.open
}

// repositories gives the names of those that entities are held back of.
func (g *gate) repositories() map[string]bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	names := make(map[string]bool)
	for _, o := range g.held {
		names[o.repository] = true
	}
	for _, o := range g.late.all() {
		if !o.exists && !g.open {
			names[o.repository] = true
		}
	}
	return names
}

func hand(ctx context.Context, entities chan<- outgoing, o outgoing) error {
	select {
	case entities <- o:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// plan counts the commits, a request a repository and branch, to tell how many entities there may be.
func (r *run) plan(ctx context.Context, atLeast int) (Plan, error) {
	commits, err := r.countCommits(ctx)
	if err != nil {
		return Plan{}, err
	}
	plan := Plan{Limit: r.MaxEntities, AtLeast: atLeast}
	plan.UpTo = max(r.Mapping.Entities(r.given(), commits), atLeast)
	plan.Requests = port.BulkRequests(plan.UpTo)
	plan.Duration, _ = r.Port.EstimateDuration(plan.Requests)
	return plan, nil
}

// given is how many repositories may give entities.
func (r *run) given() int {
	if r.IncludeInactive {
		return len(r.repositories)
	}
	return r.withCoverage()
}

// withCoverage is how many repositories have commits to read.
func (r *run) withCoverage() int {
	count := 0
	for _, repository := range r.repositories {
		if repository.HasCoverage() {
			count++
		}
	}
	return count
}

func (r *run) countCommits(ctx context.Context) (int, error) {
	var mu sync.Mutex
	total, down := 0, newOutage(2, slow...) // of this question alone: what cannot be counted may yet be read
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(r.Readers)
	for _, repository := range r.repositories {
		if !repository.HasCoverage() {
			continue
		}
		g.Go(func() error {
			count, err := r.countOf(ctx, repository, down)
			mu.Lock()
			defer mu.Unlock()
			total += count
			return err
		})
	}
	return total, g.Wait()
}

// countOf gives how many commits of a repository may be replayed. One that cannot be read counts none, nor does any once
// Codecov has stopped answering: somebody waits for the plan.
func (r *run) countOf(ctx context.Context, repository listed, down *outage) (int, error) {
	if r.Latest {
		return 1, nil
	}
	total, branches := 0, repository.branches(r.Selection)
	if r.AllBranches {
		branches = []string{""}
	}
	asking, end := down.whileUp(ctx)
	defer end()
	for _, branch := range branches {
		if down.cause() != nil {
			break
		}
		count, err := r.Codecov.CountCommits(asking, repository.owner, repository.Name, codecov.CommitsOptions{Branch: branch})
		switch {
		case ctx.Err() != nil:
			return 0, context.Cause(ctx)
		case err != nil:
			down.failed(err)
		default:
			down.answered()
			total += count
		}
	}
	if r.MaxCommits > 0 {
		total = min(total, r.MaxCommits)
	}
	return total, nil
}
