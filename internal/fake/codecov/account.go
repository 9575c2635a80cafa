package codecov

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Account is what an owner has at Codecov.
type Account struct {
	Service      string // long name of the git provider: "github_enterprise"
	Owner        Owner
	Repositories []Repository // newest id first
}

// Owner is a row of the list of owners.
type Owner struct {
	Service  string  `json:"service"`
	Username string  `json:"username"`
	Name     *string `json:"name"`
}

// Repository is a row of the list of repositories, with what the API selects it by.
type Repository struct {
	Name    string
	Private bool
	Row     json.RawMessage // compact
	// Commits returns the commits on a branch, or on all branches if it is empty, newest first. It is called concurrently.
	Commits func(branch string) Rows
}

// Rows is a list of rows, each compact JSON as in the API.
type Rows struct {
	Len int
	Row func(i int) json.RawMessage
}

func rowsOf(rows []json.RawMessage) Rows {
	return Rows{len(rows), func(i int) json.RawMessage { return rows[i] }}
}

// LoadAccount reads a recorded account, JSON of the form
//
//	{"service": "github", "owner": "acme", "repos": [row, …], "commits": {"repository": [row, …], …}}
//
// with compact rows as the API returns them and in its order. It serves the rows as they are.
// It fails when a name is missing, a repository is listed twice, or commits belong to no repository.
func LoadAccount(r io.Reader) (Account, error) {
	var file struct {
		Service string                       `json:"service"`
		Owner   string                       `json:"owner"`
		Repos   []json.RawMessage            `json:"repos"`
		Commits map[string][]json.RawMessage `json:"commits"`
	}
	if err := json.NewDecoder(r).Decode(&file); err != nil {
		return Account{}, fmt.Errorf("read account: %w", err)
	}
	if file.Owner == "" || file.Service == "" || longNames[file.Service] != file.Service {
		return Account{}, fmt.Errorf("read account: service %q or owner %q is missing or unknown", file.Service, file.Owner)
	}
	account := Account{Service: file.Service, Owner: Owner{Service: file.Service, Username: file.Owner}}
	commits := map[string]branches{} // by repository in lower case
	for i, row := range file.Repos {
		var facts struct {
			Name    string
			Private bool
			Author  *Owner
		}
		err := json.Unmarshal(row, &facts)
		key := strings.ToLower(facts.Name)
		if err == nil && (key == "" || commits[key] != nil) {
			err = fmt.Errorf("name %q is missing or taken", facts.Name)
		}
		if err != nil {
			return Account{}, fmt.Errorf("read account %s: repository %d: %w", file.Owner, i, err)
		}
		commits[key] = branches{}
		account.Repositories = append(account.Repositories, Repository{facts.Name, facts.Private, row, commits[key].rows})
		if facts.Author != nil { // only repositories name the owner
			account.Owner.Name = facts.Author.Name
		}
	}
	for name, rows := range file.Commits {
		if err := commits[strings.ToLower(name)].append(rows); err != nil {
			return Account{}, fmt.Errorf("read account %s: commits of %q: %w", file.Owner, name, err)
		}
	}
	return account, nil
}

// branches are the commits of a repository by branch, newest first; "" is all branches.
type branches map[string][]json.RawMessage

func (b branches) rows(branch string) Rows { return rowsOf(b[branch]) }

func (b branches) append(rows []json.RawMessage) error {
	if b == nil {
		return errors.New("no such repository")
	}
	for _, row := range rows {
		commit, err := readCommit(row)
		if err != nil {
			return err
		}
		for _, branch := range commit.branches() {
			b[branch] = append(b[branch], row)
		}
	}
	return nil
}

// commit is what the fake reads of a commit.
type commit struct {
	CommitID  string `json:"commitid"`
	Timestamp string `json:"timestamp"`
	Branch    string `json:"branch"` // "" if it is null
}

func readCommit(row json.RawMessage) (c commit, err error) {
	if err := json.Unmarshal(row, &c); err != nil {
		return commit{}, fmt.Errorf("read commit: %w", err)
	}
	return c, nil
}

// branches returns the branches whose lists have the commit; "" is all branches.
func (c commit) branches() []string {
	if c.Branch == "" {
		return []string{""}
	}
	return []string{"", c.Branch}
}
