package codecov

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
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
// It fails when the service is unknown or commits belong to no repository.
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
	if file.Service == "" || longNames[file.Service] != file.Service {
		return Account{}, fmt.Errorf("read account: service %q is missing or unknown", file.Service)
	}
	account := Account{Service: file.Service, Owner: Owner{Service: file.Service, Username: file.Owner}}
	commits := map[string]branches{} // by repository
	for i, row := range file.Repos {
		var facts struct {
			Name    string
			Private bool
			Author  *Owner
		}
		if err := json.Unmarshal(row, &facts); err != nil {
			return Account{}, fmt.Errorf("read account %s: repository %d: %w", file.Owner, i, err)
		}
		listed := branches{}
		commits[facts.Name] = listed
		account.Repositories = append(account.Repositories, Repository{facts.Name, facts.Private, row, func(branch string) Rows { return rowsOf(listed[branch]) }})
		if facts.Author != nil { // only repositories name the owner
			account.Owner.Name = facts.Author.Name
		}
	}
	for name, rows := range file.Commits {
		for _, row := range rows {
			commit, err := readCommit(row)
			if commits[name] == nil {
				err = errors.New("no such repository")
			}
			if err != nil {
				return Account{}, fmt.Errorf("read account %s: commits of %q: %w", file.Owner, name, err)
			}
			for _, branch := range commit.branches() {
				commits[name][branch] = append(commits[name][branch], row)
			}
		}
	}
	return account, nil
}

// branches are the commits of a repository by branch, newest first; "" is all branches.
type branches map[string][]json.RawMessage

// commit is what the fake reads of a commit.
type commit struct {
	CommitID  string `json:"commitid"`
	Timestamp string `json:"timestamp"`
	Branch    string `json:"branch"` // "" if it is null
}

func readCommit(row json.RawMessage) (c commit, err error) {
	err = json.Unmarshal(row, &c)
	return c, err
}

// branches returns the branches whose lists have the commit; "" is all branches.
func (c commit) branches() []string {
	if c.Branch == "" {
		return []string{""}
	}
	return []string{"", c.Branch}
}
