package backfill

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/codecov-port/codecov-port/pkg/codecov"
	"github.com/codecov-port/codecov-port/pkg/mapper"
	"github.com/codecov-port/codecov-port/pkg/port"
)

// recorder collects the Result and the progress of a run. It is safe for concurrent use.
type recorder struct {
	mu        sync.Mutex
	r         Result
	progress  progressCounts
	histories []repositoryHistory
	entities  map[string]*EntityCounts     // by blueprint
	dropped   map[DroppedValue]int         // by value with a count of 0
	relations map[[2]string]*relationCount // by blueprint and relation

	returned, unnamed, filtered map[int]bool // entries of the mapping that returned an entity, no identifier, or did not pass their filter
}

func newRecorder(o Options) *recorder {
	c := &recorder{
		r:        NewResult(),
		entities: make(map[string]*EntityCounts),
		dropped:  make(map[DroppedValue]int), relations: make(map[[2]string]*relationCount),
		returned: make(map[int]bool), unnamed: make(map[int]bool), filtered: make(map[int]bool),
	}
	c.progress.gateOpen = o.Yes || o.DryRun
	c.r.Commits.Every = cmp.Or(o.Selection.Every, EveryCommit)
	for _, blueprint := range o.Mapping.Blueprints() {
		c.entities[blueprint] = &EntityCounts{Blueprint: blueprint}
	}
	return c
}

// update changes the result under the lock.
func (c *recorder) update(change func(*Result)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	change(&c.r)
}

func (c *recorder) recordListed(repository codecov.Repository) {
	c.update(func(r *Result) {
		r.Repositories.Listed++
		if repository.Private {
			r.Repositories.Private++
		}
		if !repository.HasCoverage() {
			r.Repositories.WithoutCoverage++
		}
	})
}

func (c *recorder) recordEmptyBranch(e EmptyBranch) {
	c.update(func(r *Result) { r.EmptyDefaultBranches = append(r.EmptyDefaultBranches, e) })
}

func (c *recorder) recordRead() { c.update(func(r *Result) { r.Repositories.Read++ }) }

// recordUnreadable records a repository that cannot be read.
func (c *recorder) recordUnreadable(repository string, err error) {
	c.update(func(r *Result) {
		r.Repositories.Failed++
		r.Failures = append(r.Failures, readFailure(repository, err))
	})
}

// recordSkippedRepository records a row that the list of repositories left out.
func (c *recorder) recordSkippedRepository(row *codecov.SkippedRowError) {
	c.recordUnreadable(row.Name, row)
}

// recordTruncatedList records a list of repositories that was not read to its end, although some of the rest were found by name.
func (c *recorder) recordTruncatedList(cause error, found int) {
	failure := readFailure("", cause)
	if found > 0 {
		failure.Message += fmt.Sprintf("; %d more were found by the names in Port", found)
	}
	c.recordFailure(failure)
}

// recordMissingCommits records commits that are missing in a repository that was read otherwise.
func (c *recorder) recordMissingCommits(repository string, cause error) {
	failure := readFailure(repository, cause)
	if failure.Code == CodeRowUnreadable {
		failure.Code = CodeCommitUnreadable
	}
	c.recordFailure(failure)
}

// recordUnfinished records a repository that an error of the whole run left unread, or whose entities it left unwritten.
func (c *recorder) recordUnfinished(repository string, cause error) {
	failure := Failure{Repository: repository, Code: CodeUnfinished, Message: cause.Error()}
	failure.Status, _ = statusOf(cause)
	c.recordFailure(failure)
}

func (c *recorder) recordFailure(failure Failure) {
	c.update(func(r *Result) { r.Failures = append(r.Failures, failure) })
}

func (c *recorder) recordStale(repositories []StaleRepository) {
	c.update(func(r *Result) { r.StaleRepositories = append(r.StaleRepositories, repositories...) })
}

// recordCommit counts a commit; one with a reason was skipped.
func (c *recorder) recordCommit(skipped mapper.Reason) {
	c.update(func(r *Result) {
		r.Commits.Read++
		if skipped != "" {
			r.Commits.Skipped[string(skipped)]++
		}
	})
}

func (c *recorder) recordReplayed() { c.update(func(r *Result) { r.Commits.Replayed++ }) }

func (c *recorder) recordCreatedBlueprints(identifiers []string) {
	c.update(func(r *Result) { r.CreatedBlueprints = append(r.CreatedBlueprints, identifiers...) })
}

var tooManyItems = fmt.Sprintf("returned more than %d items, and Port ignores the others", mapper.MaxItems)

// recordMapped records the entries of the mapping that returned no identifier or did not pass their filter, and items that
// Port ignores.
func (c *recorder) recordMapped(mapped mapper.Result) {
	if len(mapped.Unnamed)+len(mapped.Filtered)+len(mapped.DroppedItems) == 0 {
		return
	}
	c.update(func(*Result) {
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

func (c *recorder) recordInterrupted(notWritten int) {
	c.update(func(r *Result) { r.Interrupted, r.NotWritten = true, notWritten })
}

// recordReturned records that an entry of the mapping returned an entity.
func (c *recorder) recordReturned(entry int) { c.update(func(*Result) { c.returned[entry] = true }) }

func (c *recorder) recordUnchanged(blueprint string) {
	c.update(func(*Result) { c.entities[blueprint].Unchanged++ })
}

func (c *recorder) recordWritten(blueprint string, existed bool) {
	c.update(func(*Result) {
		c.progress.settled++
		if existed {
			c.entities[blueprint].Updated++
		} else {
			c.entities[blueprint].Created++
		}
	})
}

func (c *recorder) recordChanges(changes []Change) {
	c.update(func(r *Result) {
		r.Changes = append(r.Changes, changes[:min(len(changes), MaxChanges-len(r.Changes))]...)
	})
}

func (c *recorder) hasAllChanges() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.r.Changes) >= MaxChanges
}

// recordFailed records an entity that is not in Port as it should be.
func (c *recorder) recordFailed(failure Failure) {
	c.update(func(r *Result) {
		if !slices.Contains([]string{CodeTaken, CodeOtherAccount, CodeForbiddenIdentifier}, failure.Code) { // those were never found
			c.progress.settled++
		}
		c.entities[failure.Blueprint].Failed++
		r.Failures = append(r.Failures, failure)
	})
}

func (c *recorder) recordDropped(blueprint string, warnings []mapper.Warning) {
	if len(warnings) == 0 {
		return
	}
	c.update(func(*Result) {
		for _, warning := range warnings {
			c.dropped[DroppedValue{Blueprint: blueprint, Property: warning.Property, Reason: warning.Reason}]++
		}
	})
}

// relationCount is a Relation, with its repositories as a set.
type relationCount struct {
	counts       Relation
	repositories map[string]bool
}

// recordRelation counts an entity under its relation, which has no counts of its own yet.
func (c *recorder) recordRelation(relation Relation, repository repository, related bool) {
	key := [2]string{relation.Blueprint, relation.Relation}
	c.update(func(*Result) {
		if c.relations[key] == nil {
			c.relations[key] = &relationCount{relation, make(map[string]bool)}
		}
		count := c.relations[key]
		if related {
			count.counts.Related++
			return
		}
		count.counts.Unrelated++
		count.repositories[repository.owner+"/"+repository.row.Name] = true
	})
}

// recordHistory keeps the repository's history of coverage.
func (c *recorder) recordHistory(repository repository, s *sampler) {
	if samples := s.samples(); len(samples) > 0 {
		history := repositoryHistory{repository.owner, repository.row.Name, s.count, samples}
		c.update(func(*Result) { c.histories = append(c.histories, history) })
	}
}

// result returns the Result, in an order that does not depend on the timing of the run.
func (c *recorder) result(o Options, took time.Duration) *Result {
	c.mu.Lock()
	defer c.mu.Unlock()
	r := c.r
	c.progress.stage = Ended
	r.DryRun, r.Duration = o.DryRun, Seconds(took)
	r.Histories = append(r.Histories, histories(c.histories)...)
	r.Coverage = accountTrend(r.Histories)
	r.Requests = Requests{Codecov: o.Codecov.Counts(), Port: o.Port.Counts()}
	for _, blueprint := range o.Mapping.Blueprints() {
		r.Entities = append(r.Entities, *c.entities[blueprint])
	}
	for value, count := range c.dropped {
		value.Count = count
		r.DroppedValues = append(r.DroppedValues, value)
	}
	for _, count := range c.relations {
		count.counts.Repositories = slices.AppendSeq([]string{}, maps.Keys(count.repositories))
		slices.Sort(count.counts.Repositories)
		r.Relations = append(r.Relations, count.counts)
	}
	for _, entry := range o.Mapping.Entries() {
		switch {
		case c.returned[entry.Index]:
		case c.unnamed[entry.Index]:
			r.EntriesWithoutIdentifier = append(r.EntriesWithoutIdentifier, entry.Index+1)
		case c.filtered[entry.Index] && c.entities[entry.Blueprint].Failed == 0: // it may have passed for those that failed
			r.UnusedMappingEntries = append(r.UnusedMappingEntries, entry.Index+1)
		}
	}
	if o.DryRun {
		r.Plan = planOf(o, r.Entities)
	}
	sortResult(&r)
	r.Complete = !r.Interrupted && len(r.Failures) == 0 && len(r.EntriesWithoutIdentifier) == 0
	return &r
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

func sortResult(r *Result) {
	slices.SortFunc(r.Relations, func(a, b Relation) int {
		return cmp.Or(cmp.Compare(a.Blueprint, b.Blueprint), cmp.Compare(a.Relation, b.Relation))
	})
	slices.SortFunc(r.DroppedValues, func(a, b DroppedValue) int {
		return cmp.Or(cmp.Compare(a.Blueprint, b.Blueprint), cmp.Compare(a.Property, b.Property), cmp.Compare(a.Reason, b.Reason))
	})
	slices.SortFunc(r.EmptyDefaultBranches, func(a, b EmptyBranch) int {
		return cmp.Or(cmp.Compare(a.Owner, b.Owner), cmp.Compare(a.Repository, b.Repository))
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
}
