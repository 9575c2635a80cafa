package backfill

import (
	"time"

	"github.com/codecov-port/codecov-port/pkg/codecov"
)

// picker selects, newest first, which usable commits of one repository are replayed.
type picker struct {
	selection Selection
	now       time.Time
	picked    int
	periods   map[string]time.Time // by branch: the period of the commit before
}

// pick is how a commit is replayed.
type pick int

const (
	pickNothing pick = iota
	pickState        // through the entries of the mapping that return a state
	pickAll          // through every entry
)

func newPicker(s Selection, now time.Time) *picker {
	return &picker{selection: s, now: now, periods: make(map[string]time.Time)}
}

// done reports whether no further commit is selected.
func (p *picker) done() bool {
	return p.selection.NoHistory && p.picked > 0 || p.selection.MaxCommits > 0 && p.picked >= p.selection.MaxCommits
}

// tooOld reports whether this commit, and all that follow on the same branch, are not selected.
func (p *picker) tooOld(commit codecov.Commit) bool {
	return commit.Timestamp.Before(p.selection.Since)
}

// pick decides about the next commit of a branch. Of each period the last commit is selected once the period has ended: in an
// open period it would change from run to run and leave entities behind. The newest commit still provides the state.
func (p *picker) pick(commit codecov.Commit) pick {
	choice := pickAll
	if p.selection.samples() {
		choice = p.pickOfPeriod(commit)
	}
	if choice != pickNothing {
		p.picked++
	}
	return choice
}

func (p *picker) pickOfPeriod(commit codecov.Commit) pick {
	branch := ""
	if commit.Branch != nil {
		branch = *commit.Branch
	}
	start := p.selection.Every.start(commit.Timestamp)
	last, seen := p.periods[branch]
	if seen && last.Equal(start) {
		return pickNothing
	}
	p.periods[branch] = start
	if p.selection.Every.end(start).After(p.now) {
		return pickState
	}
	return pickAll
}
