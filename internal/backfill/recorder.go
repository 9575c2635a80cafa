package backfill

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/codecov-port/codecov-port/pkg/codecov"
	"github.com/codecov-port/codecov-port/pkg/mapper"
	"github.com/codecov-port/codecov-port/pkg/port"
)

// recorder collects the Result and the progress of a run. It is safe for concurrent use.
type recorder struct {
	options Options

	mu        sync.Mutex
	result    Result
	progress  Snapshot
	lists     listCounts
	dropped   map[DroppedValue]int    // by value with a count of 0
	relations map[[2]string]*Relation // by blueprint and relation

	returned, unnamed, filtered map[int]bool // entries of the mapping that returned an entity, no identifier, or did not pass their filter
}

func newRecorder(o Options) *recorder {
	c := &recorder{
		options: o, result: NewResult(), progress: Snapshot{DryRun: o.DryRun, Held: !o.Yes && !o.DryRun},
		dropped: make(map[DroppedValue]int), relations: make(map[[2]string]*Relation),
		returned: make(map[int]bool), unnamed: make(map[int]bool), filtered: make(map[int]bool),
	}
	c.result.DryRun = o.DryRun
	c.result.Commits.Every = cmp.Or(o.Selection.Every, EveryCommit)
	for _, blueprint := range o.Mapping.Blueprints() {
		c.result.Entities = append(c.result.Entities, EntityCounts{Blueprint: blueprint})
	}
	return c
}

// update changes the figures under the lock.
func (c *recorder) update(change func(*recorder)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	change(c)
}

func (c *recorder) entitiesOf(blueprint string) *EntityCounts {
	return &c.result.Entities[slices.IndexFunc(c.result.Entities, func(e EntityCounts) bool { return e.Blueprint == blueprint })]
}

// record records a failure. That of an entity means that it is not in Port as it should be.
func (c *recorder) record(failure Failure) {
	c.update(func(c *recorder) {
		c.result.Failures = append(c.result.Failures, failure)
		if failure.Blueprint == "" {
			return
		}
		c.entitiesOf(failure.Blueprint).Failed++
		if !slices.Contains([]string{CodeTaken, CodeOtherAccount, CodeForbiddenIdentifier}, failure.Code) { // those were never found
			c.progress.Settled++
		}
	})
}

// recordUnreadable records a repository that cannot be read.
func (c *recorder) recordUnreadable(repository string, err error) {
	c.update(func(c *recorder) { c.result.Repositories.Failed++ })
	c.record(readFailure(repository, err))
}

var tooManyItems = fmt.Sprintf("returned more than %d items, and Port ignores the others", mapper.MaxItems)

// recordMapped records the entries of the mapping that returned no identifier or did not pass their filter, and items that
// Port ignores.
func (c *recorder) recordMapped(mapped mapper.Result) {
	if len(mapped.Unnamed)+len(mapped.Filtered)+len(mapped.DroppedItems) == 0 {
		return
	}
	c.update(func(c *recorder) {
		for _, entry := range mapped.Unnamed {
			c.unnamed[entry] = true
		}
		for _, entry := range mapped.Filtered {
			c.filtered[entry] = true
		}
		for blueprint, items := range mapped.DroppedItems {
			c.dropped[DroppedValue{Blueprint: blueprint, Property: "itemsToParse", Reason: tooManyItems}] += items
		}
	})
}

// recordReturned records that an entry of the mapping returned an entity, and its values that do not fit the blueprint.
func (c *recorder) recordReturned(m mapper.Mapped, warnings []mapper.Warning) {
	c.update(func(c *recorder) {
		c.returned[m.Entry] = true
		for _, warning := range warnings {
			c.dropped[DroppedValue{Blueprint: m.Blueprint, Property: warning.Property, Reason: warning.Reason}]++
		}
	})
}

func (c *recorder) recordWritten(blueprint string, existed bool) {
	c.update(func(c *recorder) {
		c.progress.Settled++
		if existed {
			c.entitiesOf(blueprint).Updated++
		} else {
			c.entitiesOf(blueprint).Created++
		}
	})
}

// recordChanges records changes, and reports whether there is room for more.
func (c *recorder) recordChanges(changes []Change) (more bool) {
	c.update(func(c *recorder) {
		c.result.Changes = append(c.result.Changes, changes[:min(len(changes), MaxChanges-len(c.result.Changes))]...)
		more = len(c.result.Changes) < MaxChanges
	})
	return more
}

// recordRelation counts an entity under its relation, which has no counts of its own yet.
func (c *recorder) recordRelation(relation Relation, repository string, related bool) {
	c.update(func(c *recorder) {
		key := [2]string{relation.Blueprint, relation.Relation}
		if c.relations[key] == nil {
			relation.Repositories = []string{}
			c.relations[key] = &relation
		}
		count := c.relations[key]
		if related {
			count.Related++
			return
		}
		count.Unrelated++
		if i, found := slices.BinarySearch(count.Repositories, repository); !found {
			count.Repositories = slices.Insert(count.Repositories, i, repository)
		}
	})
}

// end returns the Result, in an order that does not depend on the timing of the run.
func (c *recorder) end(took time.Duration) *Result {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.progress.Stage = Ended
	r, o := c.result, c.options
	r.Duration = Seconds(took)
	r.Requests = Requests{Codecov: o.Codecov.Counts(), Port: o.Port.Counts()}
	for value, count := range c.dropped {
		value.Count = count
		r.DroppedValues = append(r.DroppedValues, value)
	}
	for _, relation := range c.relations {
		r.Relations = append(r.Relations, *relation)
	}
	for _, entry := range o.Mapping.Entries() {
		switch {
		case c.returned[entry.Index]:
		case c.unnamed[entry.Index]:
			r.EntriesWithoutIdentifier = append(r.EntriesWithoutIdentifier, entry.Index+1)
		case c.filtered[entry.Index] && c.entitiesOf(entry.Blueprint).Failed == 0: // it may have passed for those that failed
			r.UnusedMappingEntries = append(r.UnusedMappingEntries, entry.Index+1)
		}
	}
	if o.DryRun {
		r.Plan = planOf(o, r.Entities)
	}
	sortBy(r.DroppedValues, func(d DroppedValue) [3]string { return [3]string{d.Blueprint, d.Property, d.Reason} })
	sortBy(r.Relations, func(d Relation) [3]string { return [3]string{d.Blueprint, d.Relation} })
	sortBy(r.EmptyDefaultBranches, func(e EmptyBranch) [3]string { return [3]string{e.Owner, e.Repository} })
	sortBy(r.StaleRepositories, func(s StaleRepository) [3]string { return [3]string{s.Owner, s.Repository} })
	sortBy(r.Histories, func(h History) [3]string { return [3]string{h.Owner, h.Repository} })
	sortBy(r.Changes, func(d Change) [3]string { return [3]string{d.Blueprint, d.Identifier} })
	sortBy(r.Failures, func(f Failure) [3]string { return [3]string{f.Repository, f.Blueprint, f.Identifier} })
	r.Coverage = accountTrend(r.Histories)
	r.Complete = !r.Interrupted && len(r.Failures) == 0 && len(r.EntriesWithoutIdentifier) == 0
	return &r
}

func sortBy[T any](list []T, keys func(T) [3]string) {
	slices.SortStableFunc(list, func(a, b T) int {
		x, y := keys(a), keys(b)
		return slices.Compare(x[:], y[:])
	})
}

// planOf returns what the real run needs to write these entities.
func planOf(o Options, entities []EntityCounts) *DryRunPlan {
	plan, created := DryRunPlan{MaxEntities: o.MaxEntities}, 0
	for _, e := range entities {
		plan.Requests += port.BulkRequests(e.Created + e.Updated)
		created += e.Created
	}
	delay, _ := o.Port.EstimateDuration(plan.Requests)
	plan.Delay, plan.NeedsConfirmation = Seconds(delay), created > o.MaxEntities && !o.Yes
	return &plan
}

// Progress reports how far a run has come: pass it with Options and take snapshots. The zero value is ready for one run. It is safe
// for concurrent use.
type Progress struct {
	recorder atomic.Pointer[recorder]
}

// Snapshot returns the progress. It is the zero Snapshot before the run begins.
func (p *Progress) Snapshot() Snapshot {
	c := p.recorder.Load()
	if c == nil {
		return Snapshot{}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.progress
	s.Listed, s.Commits = c.result.Repositories.Listed, c.result.Commits.Read
	s.CommitsExpected, s.CommitsCounted = c.lists.expected(s.Commits, s.Repositories), c.lists.opened >= s.Repositories
	for _, entities := range c.result.Entities {
		s.Unchanged += entities.Unchanged
		s.Written += entities.Created + entities.Updated
		s.Failed += entities.Failed
	}
	s.Codecov, s.Port = c.options.Codecov.Counts(), c.options.Port.Counts()
	return s
}

// Snapshot is the progress of a run at one moment.
type Snapshot struct {
	Stage  Stage
	DryRun bool

	Listed           int  // repositories listed so far
	Repositories     int  // repositories whose commits are read; 0 until all are listed
	RepositoriesDone int  // of those, read to their end or recorded as unreadable
	Commits          int  // commits read
	CommitsExpected  int  // in all, never fewer than Commits; 0 if unknown
	CommitsCounted   bool // CommitsExpected is not an estimate

	Unchanged int  // entities that Port holds as they should be
	Found     int  // entities to write, so far
	Held      bool // new entities wait until they are known not to be too many, or for an answer
	Written   int  // of those found; in a dry run: that would be
	Settled   int  // of those found: written or refused
	Failed    int  // entities that are not in Port as they should be

	Codecov codecov.Counts
	Port    port.Counts
}

// Stage is a stage of a run.
type Stage int

// The stages, in order. Writing begins while the reading goes on.
const (
	Discovering Stage = iota // the list of repositories, and what Port holds
	Reading
	Writing // what is left when all is read
	Ended
)

// listCounts count the commits in the lists of repositories, as far as they are selected.
type listCounts struct {
	opened      int // repositories with a list that has been opened
	counted     int // commits in the lists that have been opened
	read, ended int // of the repositories that were read to their end: commits read, and counted
}

// minLists is the number of lists that must be opened before the others are estimated: the first few say little about the rest.
const minLists = 20

// expected estimates the number of commits in all, of which so many have been read; 0 if unknown. Lists may count more than is selected:
// those under way are expected to return the same share as those that have ended, and those not yet opened as much as the average.
func (l listCounts) expected(read, repositories int) int {
	if l.opened < min(repositories, minLists) || l.opened == 0 {
		return 0
	}
	share := 1.0
	if l.ended > 0 {
		share = float64(l.read) / float64(l.ended)
	}
	opened := float64(l.read) + max(float64(l.counted-l.ended)*share, float64(read-l.read))
	unopened := opened * float64(max(repositories-l.opened, 0)) / float64(l.opened)
	return max(int(math.Round(opened+unopened)), read)
}
