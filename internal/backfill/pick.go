package backfill

import (
	"time"

	"github.com/codecov-port/codecov-port/pkg/codecov"
)

// picker decides, newest first, which usable commits of one repository are replayed.
type picker struct {
	Selection
	now    time.Time
	picked int
	// periods holds, for each branch, the period of the commit that was seen last.
	periods map[string]time.Time
}

// pick says how a commit is replayed.
type pick int

const (
	skip    pick = iota
	current      // by the entries of the mapping that give a repository's or a branch's state
	whole        // by every entry
)

func newPicker(s Selection, now time.Time) *picker {
	return &picker{Selection: s, now: now, periods: make(map[string]time.Time)}
}

// done tells that no further commit is wanted.
func (p *picker) done() bool {
	return p.Latest && p.picked > 0 || p.MaxCommits > 0 && p.picked >= p.MaxCommits
}

// tooOld tells that this commit, and all that come after it on the same branch, are not wanted.
func (p *picker) tooOld(commit codecov.Commit) bool { return commit.Timestamp.Before(p.Since) }

// pick decides on the next commit of a branch. Where one commit a period is wanted, it is the last one of a closed
// period: that of an open period would change from run to run and leave rows behind. The newest
// commit still gives the current state.
func (p *picker) pick(commit codecov.Commit) pick {
	choice := whole
	if p.Every != "" && p.Every != EveryCommit {
		choice = p.ofPeriod(commit)
	}
	if choice != skip {
		p.picked++
	}
	return choice
}

func (p *picker) ofPeriod(commit codecov.Commit) pick {
	branch := ""
	if commit.Branch != nil {
		branch = *commit.Branch
	}
	start := p.Every.start(commit.Timestamp)
	last, seen := p.periods[branch]
	switch {
	case seen && last.Equal(start):
		return skip
	case p.Every.end(start).After(p.now):
		p.periods[branch] = start
		return current
	}
	p.periods[branch] = start
	return whole
}
