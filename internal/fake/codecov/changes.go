package codecov

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Poison is how a row of the list of repositories spoils answers.
type Poison int

// The kinds of rows. Each was recorded.
const (
	Sound      Poison = iota // an ordinary row
	Malformed                // the page that holds the row answers 500
	Unreadable               // that page answers 500, and so does every later one
)

// repository is a Repository with what was done to it after the server was made.
type repository struct {
	data     Repository
	hidden   bool
	added    branches
	poison   Poison
	poisoned map[string]bool // by commitid
}

// AddCommit puts a commit, a JSON object as in the API, before all others of a repository, whose own row stays as it is.
// It fails when there is no such repository, or when the commit can't be read.
func (s *Server) AddCommit(service, owner, name string, row json.RawMessage) error {
	var compact bytes.Buffer
	commit, err := readCommit(row)
	if err := errors.Join(err, json.Compact(&compact, row)); err != nil {
		return fmt.Errorf("add commit to %s/%s: %w", owner, name, err)
	}
	return s.change(service, owner, name, func(r *repository) {
		for _, branch := range commit.branches() {
			r.added[branch] = slices.Insert(r.added[branch], 0, json.RawMessage(compact.Bytes()))
		}
	})
}

// HideRepository leaves a repository out of all lists, as Codecov does with one that its owner deleted there:
// its commits go on answering. It fails when there is no such repository.
func (s *Server) HideRepository(service, owner, name string) error {
	return s.change(service, owner, name, func(r *repository) { r.hidden = true })
}

// PoisonRepository makes a repository's row spoil the lists that hold it; Sound heals it.
// It fails when there is no such repository.
func (s *Server) PoisonRepository(service, owner, name string, poison Poison) error {
	return s.change(service, owner, name, func(r *repository) { r.poison = poison })
}

// PoisonCommit makes every page of commits that holds the commit with this id answer 500.
// It fails when there is no such repository; that there is such a commit is not checked.
func (s *Server) PoisonCommit(service, owner, name, commitID string) error {
	return s.change(service, owner, name, func(r *repository) { r.poisoned[commitID] = true })
}

func (s *Server) change(service, owner, name string, edit func(*repository)) error {
	account := s.accounts[accountKey(service, owner)]
	if account == nil || account.byName[strings.ToLower(name)] == nil {
		return fmt.Errorf("no repository %s in %s/%s", name, service, owner)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	edit(account.byName[strings.ToLower(name)])
	return nil
}

// commits returns the repository's commits, the added ones first.
func (r *repository) commits(branch string) Rows {
	added, rows := r.added[branch], r.data.Commits(branch)
	return Rows{len(added) + rows.Len, func(i int) json.RawMessage {
		if i < len(added) {
			return added[i]
		}
		return rows.Row(i - len(added))
	}}
}

// isPoisoned reports whether one of a page's commits is poisoned.
func (r *repository) isPoisoned(rows Rows, p page) bool {
	if len(r.poisoned) == 0 {
		return false
	}
	for i := p.from; i < p.to; i++ {
		if commit, _ := readCommit(rows.Row(i)); r.poisoned[commit.CommitID] {
			return true
		}
	}
	return false
}
