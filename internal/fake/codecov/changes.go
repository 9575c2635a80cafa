package codecov

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Poison says how a row of the list of repositories spoils answers.
type Poison int

// The kinds of rows. Each was recorded.
const (
	Sound      Poison = iota // an ordinary row
	Malformed                // the page that holds the row answers 500
	Unreadable               // that page answers 500, and so does every later one
)

// changes are what was done to a repository after the server was made.
type changes struct {
	hidden   bool
	added    []addedCommit // newest first
	poison   Poison
	poisoned map[string]bool // by commitid
}

type addedCommit struct {
	branch string
	row    json.RawMessage
}

// AddCommit puts a commit, a JSON object as in the API, before all others of a repository.
// It fails when there is no such repository, or when the commit can't be read. The repository's own row stays as it is.
func (s *Server) AddCommit(service, owner, repository string, commit json.RawMessage) error {
	var row bytes.Buffer
	if err := json.Compact(&row, commit); err != nil {
		return fmt.Errorf("add commit to %s/%s: %w", owner, repository, err)
	}
	branch, err := branchOf(row.Bytes())
	if err != nil {
		return fmt.Errorf("add commit to %s/%s: %w", owner, repository, err)
	}
	return s.change(service, owner, repository, func(c *changes) {
		c.added = slices.Concat([]addedCommit{{branch: branch, row: row.Bytes()}}, c.added)
	})
}

// HideRepository leaves a repository out of all lists, as Codecov does with one that its owner deleted there:
// its commits go on answering. It fails when there is no such repository.
func (s *Server) HideRepository(service, owner, repository string) error {
	return s.change(service, owner, repository, func(c *changes) { c.hidden = true })
}

// PoisonRepository makes a repository's row spoil the lists that hold it; Sound heals it.
// It fails when there is no such repository.
func (s *Server) PoisonRepository(service, owner, repository string, poison Poison) error {
	return s.change(service, owner, repository, func(c *changes) { c.poison = poison })
}

// PoisonCommit makes every page of commits that holds the commit with this id answer 500.
// It fails when there is no such repository; that there is such a commit is not checked.
func (s *Server) PoisonCommit(service, owner, repository, commitID string) error {
	return s.change(service, owner, repository, func(c *changes) {
		poisoned := maps.Clone(c.poisoned)
		if poisoned == nil {
			poisoned = map[string]bool{}
		}
		poisoned[commitID] = true
		c.poisoned = poisoned
	})
}

// change replaces a repository's changes by a changed copy, so that answers in the making keep theirs.
func (s *Server) change(service, owner, repository string, edit func(*changes)) error {
	account, found := s.accounts[accountKey(strings.ToLower(service), owner)]
	if !found {
		return fmt.Errorf("no account %s/%s", service, owner)
	}
	if _, found := account.Find(repository); !found {
		return fmt.Errorf("no repository %s in %s/%s", repository, service, owner)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	key := repositoryKey(account, repository)
	changed := s.changesOf(key)
	edit(&changed)
	s.changes[key] = &changed
	return nil
}

// changesOf needs the lock.
func (s *Server) changesOf(key string) changes {
	if changed := s.changes[key]; changed != nil {
		return *changed
	}
	return changes{}
}

// changesTo returns what was done to a repository. The slice and the map in it are never written to again.
func (s *Server) changesTo(account Account, repository string) changes {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.changesOf(repositoryKey(account, repository))
}

// commits returns a repository's commits with what was added, and the ids of those that are poisoned.
func (s *Server) commits(account Account, i int, branch string) (rows Rows, poisoned map[string]bool) {
	rows = account.Commits(i, branch)
	changed := s.changesTo(account, account.Repository(i).Name)
	var added rawRows
	for _, commit := range changed.added {
		if branch == "" || branch == commit.branch {
			added = append(added, commit.row)
		}
	}
	return joined{added, rows}, changed.poisoned
}

// joined is a list of rows and another one behind it.
type joined struct{ first, second Rows }

func (j joined) Len() int { return j.first.Len() + j.second.Len() }

func (j joined) AppendRow(page []byte, i int) []byte {
	if i < j.first.Len() {
		return j.first.AppendRow(page, i)
	}
	return j.second.AppendRow(page, i-j.first.Len())
}

// commitID reads a commit's id.
func commitID(row []byte) string {
	var facts struct {
		CommitID string `json:"commitid"`
	}
	_ = json.Unmarshal(row, &facts) // a row without a readable id is none of the poisoned ones
	return facts.CommitID
}
