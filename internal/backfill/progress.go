package backfill

import (
	"math"
	"sync"
	"sync/atomic"

	"github.com/codecov-port/codecov-port/pkg/codecov"
	"github.com/codecov-port/codecov-port/pkg/port"
)

// Progress tells how far a run has come, while it goes on: hand it in with Options and ask for snapshots.
// The zero value is ready for one run. It is safe for concurrent use.
type Progress struct{ run atomic.Pointer[run] }

// Snapshot is how far a run has come.
type Snapshot struct {
	Stage  Stage
	DryRun bool

	Listed            int  // repositories, so far
	Repositories      int  // whose commits are to be read; 0 until all are listed
	RepositoriesEnded int  // that were read to their end, or named as unreadable
	Commits           int  // read
	CommitsExpected   int  // in all, never fewer than Commits; 0: not known yet
	CommitsCounted    bool // CommitsExpected is no estimate: each repository has been asked for

	Unchanged int  // entities that Port holds as they should be
	Found     int  // entities to write, so far
	Held      bool // the new ones among them wait for the reading to end, or for an answer
	Written   int  // of those found; under DryRun: that would be
	Settled   int  // of those found: written, or refused
	Failed    int  // entities that are not in Port as they should be

	Codecov codecov.Counts
	Port    port.Counts
}

// Stage is what a run is at.
type Stage int

// The stages, in their order. Writing begins while the reading goes on.
const (
	Looking Stage = iota // at the list of repositories, and at what Port holds
	Reading
	Writing // what is left once all is read
	Settling
	Ended
)

// Snapshot reads the figures. It is the zero Snapshot before the run begins.
func (p *Progress) Snapshot() Snapshot {
	r := p.run.Load()
	if r == nil {
		return Snapshot{}
	}
	s := r.tally.snapshot()
	s.DryRun, s.Codecov, s.Port = r.DryRun, r.Codecov.Counts(), r.Port.Counts()
	return s
}

func (p *Progress) follow(r *run) {
	if p != nil {
		p.run.Store(r)
	}
}

// course is what a tally keeps for snapshots alone.
type course struct {
	stage             Stage
	wanted            int // repositories whose commits are to be read
	opened, ended     int // of those
	counted           int // commits in the lists that have been opened
	gave, countedGave int // by the repositories that have ended: commits, and how many their lists had counted
	found, settled    int
	released          bool
}

// Until so many lists have been opened, nothing is said of the others: the first few tell little of the rest.
const enoughLists = 20

// expected is how many commits there will have been at the end, of which so many have been read; 0: not known yet.
// Lists count more than is wanted of them where there is a date to begin at: those under way are taken to give what
// those that have ended gave. Lists that have not been opened are taken to give as much as the others on average.
func (c *course) expected(read int) int {
	if c.opened < min(c.wanted, enoughLists) || c.opened == 0 {
		return 0
	}
	share := 1.0
	if c.countedGave > 0 {
		share = float64(c.gave) / float64(c.countedGave)
	}
	underWay := max(float64(c.counted-c.countedGave)*share, float64(read-c.gave))
	opened := float64(c.gave) + underWay
	unopened := opened * float64(max(c.wanted-c.opened, 0)) / float64(c.opened)
	return max(int(math.Round(opened+unopened)), read)
}

func (t *tally) snapshot() Snapshot {
	t.mu.Lock()
	defer t.mu.Unlock()
	c := t.course
	s := Snapshot{
		Stage: c.stage, Listed: t.r.Repositories.Listed, Repositories: c.wanted, RepositoriesEnded: c.ended,
		Commits: t.r.Commits.Read, CommitsExpected: c.expected(t.r.Commits.Read), CommitsCounted: c.opened >= c.wanted,
		Found: c.found, Held: !c.released, Settled: c.settled,
	}
	for _, entities := range t.entities {
		s.Unchanged += entities.Unchanged
		s.Written += entities.Created + entities.Updated
		s.Failed += entities.Failed
	}
	return s
}

func (t *tally) reached(stage Stage) { t.count(func(*Result) { t.course.stage = stage }) }

// found notes an entity that is to be written.
func (t *tally) found() { t.count(func(*Result) { t.course.found++ }) }

// wasFound tells whether a failed entity had been found before: one whose identifier is another's, or none, was not.
func wasFound(failure Failure) bool {
	return failure.Code != CodeTaken && failure.Code != CodeForbiddenIdentifier
}

// toRead notes how many repositories there are to read.
func (t *tally) toRead(repositories int) { t.count(func(*Result) { t.course.wanted = repositories }) }

// mostCommits is how many commits a list is believed to hold at the most.
const mostCommits int = 1e9

// opening gives the function that is told how many commits a listing holds: the first time counts.
func (p *replay) opening() func(count int) {
	var once sync.Once
	most := mostCommits
	switch {
	case p.Latest:
		most = 1
	case p.MaxCommits > 0:
		most = p.MaxCommits - p.picker.picked // now: the function may be called while commits are picked
	}
	return func(count int) {
		once.Do(func() {
			count = min(max(count, 0), most)
			p.tally.count(func(*Result) {
				if p.opened == 0 {
					p.tally.course.opened++
				}
				p.tally.course.counted += count
			})
			p.opened++
			p.expected += count
		})
	}
}

// leave puts what the repository gave in the place of what was expected of it.
func (p *replay) leave() {
	p.tally.count(func(*Result) {
		c := &p.tally.course
		c.ended++
		c.gave += p.seen
		c.countedGave += p.expected
		if p.opened == 0 { // it could not be read
			c.opened++
		}
	})
}

// released notes that new entities are held back no longer.
func (t *tally) released() { t.count(func(*Result) { t.course.released = true }) }
