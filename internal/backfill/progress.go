package backfill

import (
	"math"
	"sync/atomic"

	"github.com/codecov-port/codecov-port/pkg/codecov"
	"github.com/codecov-port/codecov-port/pkg/port"
)

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
