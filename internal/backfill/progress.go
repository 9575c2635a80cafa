package backfill

import (
	"math"
	"sync"
	"sync/atomic"

	"github.com/codecov-port/codecov-port/pkg/codecov"
	"github.com/codecov-port/codecov-port/pkg/port"
)

// Progress reports how far a run has come: pass it with Options and take snapshots. The zero value is ready for one run. It is safe
// for concurrent use.
type Progress struct {
	source atomic.Pointer[progressSource]
}

type progressSource struct {
	recorder *recorder
	options  Options
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

// Snapshot returns the progress. It is the zero Snapshot before the run begins.
func (p *Progress) Snapshot() Snapshot {
	source := p.source.Load()
	if source == nil {
		return Snapshot{}
	}
	s := source.recorder.snapshot()
	s.DryRun, s.Codecov, s.Port = source.options.DryRun, source.options.Codecov.Counts(), source.options.Port.Counts()
	return s
}

func (p *Progress) follow(c *recorder, o Options) {
	if p != nil {
		p.source.Store(&progressSource{c, o})
	}
}

// progressCounts are the counts that only snapshots need.
type progressCounts struct {
	stage              Stage
	toRead             int // repositories whose commits are read
	opened, done       int // of those
	counted            int // commits in the lists that have been opened
	read, countedOfEnd int // in the lists that have ended: commits read, and counted
	found, settled     int
	gateOpen           bool
}

// minLists is the number of lists that must be opened before the others are estimated: the first few say little about the rest.
const minLists = 20

// expected estimates the number of commits in all, of which so many have been read; 0 if unknown. Lists may count more than is selected:
// those under way are expected to return the same share as those that have ended, and those not yet opened as much as the average.
func (p *progressCounts) expected(read int) int {
	if p.opened < min(p.toRead, minLists) || p.opened == 0 {
		return 0
	}
	share := 1.0
	if p.countedOfEnd > 0 {
		share = float64(p.read) / float64(p.countedOfEnd)
	}
	underWay := max(float64(p.counted-p.countedOfEnd)*share, float64(read-p.read))
	opened := float64(p.read) + underWay
	unopened := opened * float64(max(p.toRead-p.opened, 0)) / float64(p.opened)
	return max(int(math.Round(opened+unopened)), read)
}

func (c *recorder) snapshot() Snapshot {
	c.mu.Lock()
	defer c.mu.Unlock()
	p, commits := c.progress, c.r.Commits.Read
	s := Snapshot{
		Stage: p.stage, Listed: c.r.Repositories.Listed, Repositories: p.toRead, RepositoriesDone: p.done,
		Commits: commits, CommitsExpected: p.expected(commits), CommitsCounted: p.opened >= p.toRead,
		Found: p.found, Held: !p.gateOpen, Settled: p.settled,
	}
	for _, entities := range c.entities {
		s.Unchanged += entities.Unchanged
		s.Written += entities.Created + entities.Updated
		s.Failed += entities.Failed
	}
	return s
}

func (c *recorder) enter(stage Stage) { c.update(func(*Result) { c.progress.stage = stage }) }

// recordToRead begins the reading of so many repositories.
func (c *recorder) recordToRead(repositories int) {
	c.update(func(*Result) { c.progress.stage, c.progress.toRead = Reading, repositories })
}

// recordFound counts an entity to write.
func (c *recorder) recordFound() { c.update(func(*Result) { c.progress.found++ }) }

func (c *recorder) recordOpenGate() { c.update(func(*Result) { c.progress.gateOpen = true }) }

// commitCount counts the commits of one repository.
type commitCount struct {
	lists    int // opened
	expected int // commits in them, as far as they are selected
	read     int
}

// maxListed is the largest credible number of commits in a list.
const maxListed int = 1e9

// listCounter returns a function for CommitsOptions.Counted; its first call counts.
func (c *recorder) listCounter(count *commitCount, s Selection, picked int) func(listed int) {
	var once sync.Once
	limit := maxListed
	switch {
	case s.NoHistory:
		limit = 1
	case s.MaxCommits > 0:
		limit = s.MaxCommits - picked
	}
	return func(listed int) {
		once.Do(func() {
			listed = min(max(listed, 0), limit)
			c.update(func(*Result) {
				if count.lists == 0 {
					c.progress.opened++
				}
				c.progress.counted += listed
				count.lists++
				count.expected += listed
			})
		})
	}
}

// recordListEnd replaces what was expected of a repository by what it returned.
func (c *recorder) recordListEnd(count commitCount) {
	c.update(func(*Result) {
		p := &c.progress
		p.done++
		p.read += count.read
		p.countedOfEnd += count.expected
		if count.lists == 0 { // it could not be read
			p.opened++
		}
	})
}
