package backfill

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/codecov-port/codecov-port/pkg/codecov"
	"github.com/codecov-port/codecov-port/pkg/mapper"
	"github.com/codecov-port/codecov-port/pkg/port"
)

// Plan is what a run would do to Port.
type Plan struct {
	Limit    int           // new entities that are created without asking
	AtLeast  int           // new entities found so far
	UpTo     int           // new entities if every commit is usable and new
	Requests int           // bulk requests for UpTo entities
	Duration time.Duration // that the rate limit delays these requests; 0 if they fit or the limit is unknown
}

// FloodError ends a run that would create more entities than its limit. None of them was written.
type FloodError struct {
	Plan     Plan
	Declined bool // Options.Ask was called
}

// Error returns the plan.
func (e *FloodError) Error() string {
	return fmt.Sprintf("at least %d new entities (up to %d), more than the %d that are created without asking",
		e.Plan.AtLeast, e.Plan.UpTo, e.Plan.Limit)
}

// gate holds new entities back until it is certain that there are no more than a limit, or until there are more: then somebody
// decides. Once it is open, entities pass. It is safe for concurrent use; no lock is held while somebody decides.
type gate struct {
	limit      int
	perPayload int // the entities that the mapping returns for a payload at most; 0: any number

	mu        sync.Mutex
	state     gateState
	held      []outgoing
	err       error         // why it is shut
	decided   chan struct{} // closed at the end of a decision
	uncounted int           // repositories that may still return any number of payloads
	payloads  int           // that the other repositories may still return
}

func newGate(o Options, repositories int) *gate {
	g := &gate{limit: o.MaxEntities, uncounted: repositories}
	if o.Yes || o.DryRun {
		g.limit = math.MaxInt
	}
	entries := o.Mapping.Entries()
	if !slices.ContainsFunc(entries, func(e mapper.EntryInfo) bool { return e.ParsesItems }) {
		g.perPayload = len(entries)
	}
	return g
}

// isCertain reports whether the gate can be opened: it holds something, and there will be no more new entities than the limit.
func (g *gate) isCertain() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.state != gateHolding || len(g.held) == 0 {
		return false
	}
	fits := g.uncounted == 0 && g.perPayload > 0 && len(g.held)+g.payloads*g.perPayload <= g.limit
	return fits || g.limit == math.MaxInt
}

type gateState int

const (
	gateHolding gateState = iota
	gateDeciding
	gateOpen
	gateShut
)

// pass reports whether an entity may be written now; if not, it is held. decide is called when there are too many, by one caller
// at a time, while the others wait.
func (g *gate) pass(ctx context.Context, o outgoing, decide func(held int) error) (bool, error) {
	for {
		g.mu.Lock()
		switch g.state {
		case gateOpen:
			g.mu.Unlock()
			return true, nil
		case gateDeciding:
			decided := g.decided
			g.mu.Unlock()
			if err := waitFor(ctx, decided); err != nil {
				return false, err
			}
			continue
		}
		g.held = append(g.held, o)
		err, held := g.err, len(g.held)
		tooMany := g.state == gateHolding && held > g.limit
		if tooMany {
			g.state, g.decided = gateDeciding, make(chan struct{})
		}
		g.mu.Unlock()
		if tooMany {
			err = g.settle(decide(held))
		}
		return false, err
	}
}

func waitFor(ctx context.Context, decided <-chan struct{}) error {
	select {
	case <-decided:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// open opens the gate unless it is shut. decide may still refuse.
func (g *gate) open(ctx context.Context, decide func() error) error {
	for {
		g.mu.Lock()
		switch g.state {
		case gateOpen, gateShut:
			defer g.mu.Unlock()
			return g.err
		case gateDeciding:
			decided := g.decided
			g.mu.Unlock()
			if err := waitFor(ctx, decided); err != nil {
				return err
			}
			continue
		}
		g.state, g.decided = gateDeciding, make(chan struct{})
		g.mu.Unlock()
		return g.settle(decide())
	}
}

// settle ends a decision: an error shuts the gate.
func (g *gate) settle(err error) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.state, g.err = gateOpen, err
	if err != nil {
		g.state = gateShut
	}
	close(g.decided)
	return err
}

// takeHeld returns what is held if the gate is open, and holds it no longer.
func (g *gate) takeHeld() []outgoing {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.state != gateOpen {
		return nil
	}
	held := g.held
	g.held = nil
	return held
}

// putBack holds entities that could not be handed on.
func (g *gate) putBack(held []outgoing) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.held = append(g.held, held...)
}

// waiting returns the number of entities that are held.
func (g *gate) waiting() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.held)
}

func (g *gate) isOpen() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.state == gateOpen
}

// heldRepositories returns the names of the repositories of the entities that are held.
func (g *gate) heldRepositories() map[string]bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	names := make(map[string]bool)
	for _, o := range g.held {
		names[o.repository] = true
	}
	return names
}

// plan counts the commits with one request per repository and branch, to bound the number of entities.
func plan(ctx context.Context, o Options, repositories []repository, atLeast int) (Plan, error) {
	commits, err := countCommits(ctx, o, repositories)
	if err != nil {
		return Plan{}, err
	}
	withEntities := len(repositories)
	if !o.Selection.IncludeInactive {
		withEntities = withCoverage(repositories, o.Selection)
	}
	p := Plan{Limit: o.MaxEntities, AtLeast: atLeast, UpTo: max(o.Mapping.MaxEntities(withEntities, commits), atLeast)}
	p.Requests = port.BulkRequests(p.UpTo)
	p.Duration, _ = o.Port.EstimateDuration(p.Requests)
	return p, nil
}

func countCommits(ctx context.Context, o Options, repositories []repository) (int, error) {
	var mu sync.Mutex
	total, service := 0, NewCircuit(2, perRequestStatuses...) // of its own: what cannot be counted may still be read
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(o.Readers)
	for _, repository := range repositories {
		if !repository.hasCommits(o.Selection) {
			continue
		}
		g.Go(func() error {
			count, err := countOf(ctx, o, repository, service)
			mu.Lock()
			defer mu.Unlock()
			total += count
			return err
		})
	}
	return total, g.Wait()
}

// countOf returns how many commits of a repository may be replayed. It returns 0 if they cannot be counted: somebody waits for the
// plan.
func countOf(ctx context.Context, o Options, repository repository, service *Circuit) (int, error) {
	if o.Selection.NoHistory {
		return 1, nil
	}
	lists := o.Selection.lists(repository.row.Branch)
	if n := len(lists); n > 0 && lists[n-1].branch == "" { // it contains the others
		lists = lists[n-1:]
	}
	asking, end := service.guard(ctx)
	defer end()
	total := 0
	for _, list := range lists {
		if service.Cause() != nil {
			break
		}
		count, err := o.Codecov.CountCommits(asking, repository.owner, repository.row.Name, codecov.CommitsOptions{Branch: list.branch})
		switch {
		case ctx.Err() != nil:
			return 0, context.Cause(ctx)
		case err != nil:
			service.fail(err)
		default:
			service.succeed()
			total += count
		}
	}
	if o.Selection.MaxCommits > 0 {
		total = min(total, o.Selection.MaxCommits)
	}
	return total, nil
}
