package backfill

import (
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
	Stage Stage

	Repositories      int // whose commits are to be read; 0 until they have been listed
	RepositoriesEnded int // that were read to their end, or named as unreadable
	Commits           int // read
	CommitsExpected   int // in all: what the lists opened so far hold, and as much on average for the others; 0: not known yet

	Unchanged int // entities that Port holds as they should be
	Found     int // entities to write, so far
	Written   int // of those; under DryRun: that would be
	Failed    int // entities that are not in Port as they should be

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
	s.Codecov, s.Port = r.Codecov.Counts(), r.Port.Counts()
	return s
}

func (p *Progress) follow(r *run) {
	if p != nil {
		p.run.Store(r)
	}
}

// course is what a tally keeps for snapshots alone.
type course struct {
	stage           Stage
	wanted          int // repositories whose commits are to be read
	opened, expects int // lists of commits, and the commits that they are expected to give
	ended, found    int
}

func (t *tally) snapshot() Snapshot {
	t.mu.Lock()
	defer t.mu.Unlock()
	c := t.course
	s := Snapshot{Stage: c.stage, Repositories: c.wanted, RepositoriesEnded: c.ended, Commits: t.r.Commits.Read, Found: c.found}
	if c.opened > 0 {
		s.CommitsExpected = c.expects + c.expects*max(c.wanted-c.opened, 0)/c.opened
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

// toRead notes how many repositories there are to read.
func (t *tally) toRead(repositories int) { t.count(func(*Result) { t.course.wanted = repositories }) }

// opening gives the function that is told how many commits a listing holds: the first time counts.
func (p *replay) opening() func(count int) {
	var once sync.Once
	return func(count int) {
		once.Do(func() {
			if p.Latest {
				count = min(count, 1)
			}
			if p.MaxCommits > 0 {
				count = min(count, p.MaxCommits-p.picker.picked)
			}
			p.tally.count(func(*Result) {
				if p.opened == 0 {
					p.tally.course.opened++
				}
				p.tally.course.expects += count
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
		c.expects += p.seen - p.expected
		if p.opened == 0 { // it could not be read
			c.opened++
		}
	})
}

// keepHistory puts the repository's history into the result.
func (p *replay) keepHistory() {
	if points := p.sampler.points(); len(points) > 0 {
		history := History{Owner: p.owner, Repository: p.Name, Commits: p.sampler.given, Points: points}
		p.tally.count(func(r *Result) { r.Histories = append(r.Histories, history) })
	}
}
