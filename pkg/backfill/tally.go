package backfill

import (
	"cmp"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/codecov-port/codecov-port/pkg/codecov"
	"github.com/codecov-port/codecov-port/pkg/mapper"
)

// tally collects the result while the run goes on. It is safe for concurrent use.
type tally struct {
	mu       sync.Mutex
	r        Result
	entities map[string]*EntityCounts // by blueprint
	unfit    map[LeftOut]int          // by what was left out, its count being 0
}

func newTally(blueprints []string) *tally {
	t := &tally{entities: make(map[string]*EntityCounts), unfit: make(map[LeftOut]int)}
	t.r.Commits.Skipped = make(map[string]int)
	t.r.Unnamed = make(map[int]int)
	for _, blueprint := range blueprints {
		t.entities[blueprint] = &EntityCounts{Blueprint: blueprint}
	}
	return t
}

// count changes the result.
func (t *tally) count(change func(*Result)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	change(&t.r)
}

func (t *tally) repositoryListed(repository codecov.Repository) {
	t.count(func(r *Result) {
		r.Repositories.Listed++
		if repository.Private {
			r.Repositories.Private++
		}
		if !repository.HasCoverage() {
			r.Repositories.WithoutCoverage++
		}
	})
}

func (t *tally) repositoryRead() { t.count(func(r *Result) { r.Repositories.Read++ }) }

func (t *tally) repositoryFailed(name string, err error) {
	failure := Failure{Repository: name, Code: CodeUnreadable, Message: err.Error()}
	if apiError := (*codecov.APIError)(nil); errors.As(err, &apiError) {
		failure.Status = apiError.Status
	}
	t.count(func(r *Result) {
		r.Repositories.Failed++
		r.Failures = append(r.Failures, failure)
	})
}

// commitRead counts a commit; one that has a reason is skipped.
func (t *tally) commitRead(skipped mapper.Reason) {
	t.count(func(r *Result) {
		r.Commits.Read++
		if skipped == "" {
			r.Commits.Replayed++
		} else {
			r.Commits.Skipped[string(skipped)]++
		}
	})
}

func (t *tally) blueprintCreated(identifier string) {
	t.count(func(r *Result) { r.CreatedBlueprints = append(r.CreatedBlueprints, identifier) })
}

func (t *tally) unnamed(entry int) { t.count(func(r *Result) { r.Unnamed[entry]++ }) }

func (t *tally) interrupted() { t.count(func(r *Result) { r.Interrupted = true }) }

func (t *tally) mapped(blueprint string) {
	t.count(func(*Result) { t.entities[blueprint].Mapped++ })
}

func (t *tally) written(blueprint string, entities int) {
	t.count(func(*Result) { t.entities[blueprint].Written += entities })
}

func (t *tally) failed(failure Failure) {
	t.count(func(r *Result) {
		t.entities[failure.Blueprint].Failed++
		r.Failures = append(r.Failures, failure)
	})
}

func (t *tally) leftOut(blueprint string, warnings []mapper.Warning) {
	if len(warnings) == 0 {
		return
	}
	t.count(func(*Result) {
		for _, warning := range warnings {
			t.unfit[LeftOut{Blueprint: blueprint, Property: warning.Property, Reason: warning.Reason}]++
		}
	})
}

// result closes the account, everything in an order that does not depend on the run.
func (t *tally) result(o Options, took time.Duration) *Result {
	t.mu.Lock()
	defer t.mu.Unlock()
	r := t.r
	r.DryRun, r.Duration = o.DryRun, took
	r.Codecov, r.Port = o.Codecov.Counts(), o.Port.Counts()
	for _, blueprint := range o.Mapping.Blueprints() {
		r.Entities = append(r.Entities, *t.entities[blueprint])
	}
	for leftOut, count := range t.unfit {
		leftOut.Count = count
		r.LeftOut = append(r.LeftOut, leftOut)
	}
	slices.SortFunc(r.LeftOut, func(a, b LeftOut) int {
		return cmp.Or(cmp.Compare(a.Blueprint, b.Blueprint), cmp.Compare(a.Property, b.Property), cmp.Compare(a.Reason, b.Reason))
	})
	slices.SortStableFunc(r.Failures, func(a, b Failure) int {
		return cmp.Or(cmp.Compare(a.Repository, b.Repository), cmp.Compare(a.Blueprint, b.Blueprint), cmp.Compare(a.Identifier, b.Identifier))
	})
	return &r
}
