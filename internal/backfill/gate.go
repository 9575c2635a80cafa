package backfill

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/codecov-port/codecov-port/pkg/codecov"
	"github.com/codecov-port/codecov-port/pkg/mapper"
	"github.com/codecov-port/codecov-port/pkg/port"
)

// gate holds new entities back until it is certain that there are no more than a limit, or until there are more: then somebody
// decides. Once it is open, entities pass. It is safe for concurrent use; no lock is held while somebody decides.
type gate struct {
	limit      int
	perPayload int // the entities that the mapping returns for a payload at most; 0: any number

	mu        sync.Mutex
	held      []Outgoing
	isOpen    bool
	decided   chan struct{} // made by who decides, and closed at the end of the decision
	err       error         // of the decision: the gate stays shut
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

// pass reports whether an entity may be written now. If not, it is held; the caller has to open the gate if there are more than the
// limit, and to wait if somebody is opening it.
func (g *gate) pass(out Outgoing) (passes, open bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.isOpen {
		return true, false
	}
	g.held = append(g.held, out)
	return false, g.decided != nil || len(g.held) > g.limit
}

// isCertain reports whether the gate can be opened: it holds something, and there will be no more new entities than the limit.
func (g *gate) isCertain() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	fits := g.uncounted == 0 && g.perPayload > 0 && len(g.held)+g.payloads*g.perPayload <= g.limit
	return g.decided == nil && len(g.held) > 0 && (fits || g.limit == math.MaxInt)
}

// expect replaces the number of payloads that a repository may still return. It is negative before if the repository was uncounted.
func (g *gate) expect(before, now int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if before < 0 {
		g.uncounted--
	}
	g.payloads += now - max(before, 0)
}

// open opens the gate if decide returns no error. Only the first caller decides; others wait for that.
func (g *gate) open(ctx context.Context, decide func(context.Context) error) error {
	g.mu.Lock()
	isFirst := g.decided == nil
	if isFirst {
		g.decided = make(chan struct{})
	}
	g.mu.Unlock()
	if !isFirst {
		if err := waitFor(ctx, g.decided); err != nil {
			return err
		}
		return g.err
	}
	defer close(g.decided)
	err := decide(ctx)
	g.mu.Lock()
	defer g.mu.Unlock()
	g.isOpen, g.err = err == nil, err
	return err
}

// exchangeHeld returns what is held, and holds something else.
func (g *gate) exchangeHeld(others []Outgoing) (held []Outgoing) {
	g.mu.Lock()
	defer g.mu.Unlock()
	held, g.held = g.held, others
	return held
}

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

// plan counts the commits with one request per repository and branch, to bound the number of entities.
func (r *run) plan(ctx context.Context) (Plan, error) {
	o, commits := r.options, r.countCommits(ctx)
	if ctx.Err() != nil {
		return Plan{}, context.Cause(ctx)
	}
	repositories := r.withCommits()
	if o.Selection.IncludeInactive {
		repositories = len(r.repositories)
	}
	p := Plan{Limit: o.MaxEntities, AtLeast: o.MaxEntities + 1}
	p.UpTo = max(o.Mapping.MaxEntities(repositories, commits), p.AtLeast)
	p.Requests = port.BulkRequests(p.UpTo)
	p.Duration, _ = o.Port.EstimateDuration(p.Requests)
	return p, nil
}

// countCommits returns how many commits may be replayed, without those that cannot be counted: somebody waits for the plan.
func (r *run) countCommits(ctx context.Context) int {
	service := NewCircuit(2, perRequestStatuses...) // of its own: what cannot be counted may still be read
	asking, end := service.guard(ctx)
	defer end()
	var total atomic.Int64
	var requests errgroup.Group
	requests.SetLimit(r.options.Readers)
	for _, repository := range r.repositories {
		if !repository.hasCommits(r.options.Selection) {
			continue
		}
		requests.Go(func() error {
			total.Add(int64(r.countOf(asking, repository, service)))
			return nil
		})
	}
	_ = requests.Wait()
	return int(total.Load())
}

func (r *run) countOf(ctx context.Context, repository repository, service *Circuit) int {
	if r.options.Selection.NoHistory {
		return 1
	}
	lists := r.options.Selection.lists(repository.row.Branch)
	if n := len(lists); n > 0 && lists[n-1].branch == "" { // it contains the others
		lists = lists[n-1:]
	}
	total := 0
	for _, list := range lists {
		total += max(r.count(ctx, repository, list.branch, service), 0)
	}
	return min(total, r.options.Selection.limit())
}

// count returns the number of commits on a branch, -1 if Codecov does not answer.
func (r *run) count(ctx context.Context, repository repository, branch string, service *Circuit) int {
	count, err := r.options.Codecov.CountCommits(ctx, repository.owner, repository.row.Name, codecov.CommitsOptions{Branch: branch})
	if ctx.Err() == nil {
		service.Record(err)
	}
	if err != nil {
		return -1
	}
	return count
}
