package backfill

import (
	"cmp"
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
	course   course
	sampled  []sampled                // in the little room of samples until the end
	entities map[string]*EntityCounts // by blueprint
	unfit    map[DroppedValue]int     // by what was left out, its count being 0

	fruitful, fruitless, filtered map[int]bool // the mapping's entries that gave an entity, no identifier, or did not pass their filter
}

func newTally(blueprints []string) *tally {
	t := &tally{entities: make(map[string]*EntityCounts), unfit: make(map[DroppedValue]int), fruitful: make(map[int]bool), fruitless: make(map[int]bool), filtered: make(map[int]bool)}
	t.r = NewResult()
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
	t.count(func(r *Result) {
		r.Repositories.Failed++
		r.Failures = append(r.Failures, unreadable(name, err))
	})
}

// repositoryUnfinished names a repository that an error of the whole run left unread, or part of its entities unwritten.
func (t *tally) repositoryUnfinished(name string, cause error) {
	failure := Failure{Repository: name, Code: CodeUnfinished, Message: cause.Error()}
	failure.Status, _ = answerStatus(cause)
	t.count(func(r *Result) { r.Failures = append(r.Failures, failure) })
}

// notPruned names a repository that was to be removed.
func (t *tally) notPruned(failure Failure) {
	t.count(func(r *Result) { r.Failures = append(r.Failures, failure) })
}

// pruneInterrupted notes that there is something left to prune.
func (t *tally) pruneInterrupted(left bool) {
	t.count(func(r *Result) { r.Interrupted = r.Interrupted || left })
}

func (t *tally) unlisted(repositories []StaleRepository) {
	t.count(func(r *Result) { r.StaleRepositories = append(r.StaleRepositories, repositories...) })
}

// commitRead counts a commit; one that has a reason is skipped.
func (t *tally) commitRead(skipped mapper.Reason) {
	t.count(func(r *Result) {
		r.Commits.Read++
		if skipped != "" {
			r.Commits.Skipped[string(skipped)]++
		}
	})
}

func (t *tally) commitReplayed() { t.count(func(r *Result) { r.Commits.Replayed++ }) }

func (t *tally) blueprintCreated(identifier string) {
	t.count(func(r *Result) { r.CreatedBlueprints = append(r.CreatedBlueprints, identifier) })
}

// passedOver notes the mapping's entries that gave no identifier, or whose filter did not pass.
func (t *tally) passedOver(mapped mapper.Result) {
	if len(mapped.Unnamed)+len(mapped.Filtered) == 0 {
		return
	}
	t.count(func(*Result) {
		for _, entry := range mapped.Unnamed {
			t.fruitless[entry] = true
		}
		for _, entry := range mapped.Filtered {
			t.filtered[entry] = true
		}
	})
}

// idle tells that the entry's filter passed on no commit. Where entities failed, it may have passed on those.
func (t *tally) idle(entry mapper.EntryInfo) bool {
	return t.filtered[entry.Index] && !t.fruitful[entry.Index] && !t.fruitless[entry.Index] && t.entities[entry.Blueprint].Failed == 0
}

func (t *tally) interrupted(heldBack int) {
	t.count(func(r *Result) { r.Interrupted, r.NotWritten = true, heldBack })
}

// mapped notes an entity that an entry of the mapping gave.
func (t *tally) mapped(entry int) { t.count(func(*Result) { t.fruitful[entry] = true }) }

func (t *tally) unchanged(blueprint string) {
	t.count(func(*Result) { t.entities[blueprint].Unchanged++ })
}

func (t *tally) written(blueprint string, existed bool) {
	t.count(func(*Result) {
		t.course.settled++
		if existed {
			t.entities[blueprint].Updated++
		} else {
			t.entities[blueprint].Created++
		}
	})
}

func (t *tally) changes(changes []Change) {
	t.count(func(r *Result) {
		r.Changes = append(r.Changes, changes[:min(len(changes), MaxChanges-len(r.Changes))]...)
	})
}

func (t *tally) changesFull() (full bool) {
	t.count(func(r *Result) { full = len(r.Changes) >= MaxChanges })
	return full
}

func (t *tally) failed(failure Failure) {
	t.count(func(r *Result) {
		if wasFound(failure) {
			t.course.settled++
		}
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
			t.unfit[DroppedValue{Blueprint: blueprint, Property: warning.Property, Reason: warning.Reason}]++
		}
	})
}

// result closes the account, everything in an order that does not depend on the run.
func (t *tally) result(o Options, took time.Duration) *Result {
	t.mu.Lock()
	defer t.mu.Unlock()
	r := t.r
	t.course.stage = Ended
	r.SchemaVersion, r.DryRun, r.Duration = SchemaVersion, o.DryRun, Seconds(took)
	r.Histories = append(r.Histories, t.histories()...)
	r.Coverage = accountTrend(r.Histories)
	r.Requests = Requests{Codecov: o.Codecov.Counts(), Port: o.Port.Counts()}
	for _, blueprint := range o.Mapping.Blueprints() {
		r.Entities = append(r.Entities, *t.entities[blueprint])
	}
	for leftOut, count := range t.unfit {
		leftOut.Count = count
		r.DroppedValues = append(r.DroppedValues, leftOut)
	}
	for entry := range t.fruitless {
		if !t.fruitful[entry] {
			r.EntriesWithoutIdentifier = append(r.EntriesWithoutIdentifier, entry+1)
		}
	}
	slices.Sort(r.EntriesWithoutIdentifier)
	for _, entry := range o.Mapping.Entries() {
		if t.idle(entry) {
			r.UnusedMappingEntries = append(r.UnusedMappingEntries, entry.Index+1)
		}
	}
	slices.SortFunc(r.DroppedValues, func(a, b DroppedValue) int {
		return cmp.Or(cmp.Compare(a.Blueprint, b.Blueprint), cmp.Compare(a.Property, b.Property), cmp.Compare(a.Reason, b.Reason))
	})
	slices.SortFunc(r.StaleRepositories, func(a, b StaleRepository) int {
		return cmp.Or(cmp.Compare(a.Owner, b.Owner), cmp.Compare(a.Repository, b.Repository))
	})
	slices.SortStableFunc(r.Changes, func(a, b Change) int {
		return cmp.Or(cmp.Compare(a.Blueprint, b.Blueprint), cmp.Compare(a.Identifier, b.Identifier))
	})
	slices.SortStableFunc(r.Failures, func(a, b Failure) int {
		return cmp.Or(cmp.Compare(a.Repository, b.Repository), cmp.Compare(a.Blueprint, b.Blueprint), cmp.Compare(a.Identifier, b.Identifier))
	})
	r.Complete = !r.Interrupted && len(r.Failures) == 0 && len(r.EntriesWithoutIdentifier) == 0
	return &r
}
