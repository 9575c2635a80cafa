package codecov

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// recorded is an account held in memory.
type recorded struct {
	service      string
	owner        Owner
	repositories []Repository
	rows         rawRows
	byName       map[string]int // by name in lower case
	commits      []map[string]rawRows
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
		return nil, fmt.Errorf("read account: %w", err)
	}
	if long, known := longName(file.Service); !known || long != file.Service || file.Owner == "" {
		return nil, fmt.Errorf("read account: service %q or owner %q is missing or unknown", file.Service, file.Owner)
	}
	account := &recorded{
		service: file.Service,
		owner:   Owner{Service: file.Service, Username: file.Owner},
		byName:  map[string]int{},
	}
	for i, row := range file.Repos {
		if err := account.addRepository(row); err != nil {
			return nil, fmt.Errorf("read account %s: repository %d: %w", file.Owner, i, err)
		}
	}
	for name, rows := range file.Commits {
		if err := account.addCommits(name, rows); err != nil {
			return nil, fmt.Errorf("read account %s: commits of %q: %w", file.Owner, name, err)
		}
	}
	return account, nil
}

// addRepository takes a repository's row. The owner's own name is known from its repositories only.
func (a *recorded) addRepository(row json.RawMessage) error {
	var facts struct {
		Repository
		Author *Owner `json:"author"`
	}
	if err := json.Unmarshal(row, &facts); err != nil {
		return err
	}
	key := strings.ToLower(facts.Name)
	if _, taken := a.byName[key]; taken || facts.Name == "" {
		return fmt.Errorf("name %q is missing or taken", facts.Name)
	}
	a.byName[key] = len(a.rows)
	a.rows = append(a.rows, row)
	a.repositories = append(a.repositories, facts.Repository)
	a.commits = append(a.commits, map[string]rawRows{})
	if facts.Author != nil {
		a.owner.Name = facts.Author.Name
	}
	return nil
}

func (a *recorded) addCommits(name string, rows []json.RawMessage) error {
	i, found := a.Find(name)
	if !found {
		return errors.New("no such repository")
	}
	byBranch := a.commits[i]
	for _, row := range rows {
		branch, err := branchOf(row)
		if err != nil {
			return err
		}
		byBranch[""] = append(byBranch[""], row)
		if branch != "" {
			byBranch[branch] = append(byBranch[branch], row)
		}
	}
	return nil
}

// branchOf reads a commit's branch: "" where it is null.
func branchOf(commit json.RawMessage) (string, error) {
	var facts struct {
		Branch string `json:"branch"`
	}
	if err := json.Unmarshal(commit, &facts); err != nil {
		return "", fmt.Errorf("read commit: %w", err)
	}
	return facts.Branch, nil
}

func (a *recorded) Service() string             { return a.service }
func (a *recorded) Owner() Owner                { return a.owner }
func (a *recorded) Repositories() int           { return len(a.rows) }
func (a *recorded) Repository(i int) Repository { return a.repositories[i] }

func (a *recorded) AppendRepository(page []byte, i int) []byte { return a.rows.AppendRow(page, i) }

func (a *recorded) Find(name string) (int, bool) {
	i, found := a.byName[strings.ToLower(name)]
	return i, found
}

func (a *recorded) Commits(i int, branch string) Rows { return a.commits[i][branch] }
