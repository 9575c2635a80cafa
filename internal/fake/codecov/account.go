package codecov

import "encoding/json"

// Account is what an owner has at Codecov: repositories, newest id first, and their commits, newest first.
// Its methods are called concurrently.
type Account interface {
	// Service is the long name of the git provider: "github_enterprise".
	Service() string
	// Owner describes the account itself.
	Owner() Owner
	// Repositories counts the repositories.
	Repositories() int
	// Repository describes what the API filters repository i by; i counts from 0.
	Repository(i int) Repository
	// AppendRepository appends the row of repository i, compact JSON, to page and returns it.
	AppendRepository(page []byte, i int) []byte
	// Find returns the index of the repository with this name, compared without case.
	Find(name string) (i int, found bool)
	// Commits returns the commits of repository i on a branch, or on all where branch is empty.
	Commits(i int, branch string) Rows
}

// Owner is a row of the list of owners.
type Owner struct {
	Service  string  `json:"service"`
	Username string  `json:"username"`
	Name     *string `json:"name"`
}

// Repository is what the API filters repositories by.
type Repository struct {
	Name    string `json:"name"`
	Private bool   `json:"private"`
	Active  *bool  `json:"active"`
}

// Rows is a list of rows, each compact JSON as in the API.
type Rows interface {
	Len() int
	// AppendRow appends row i, counted from 0, to page and returns it.
	AppendRow(page []byte, i int) []byte
}

// rawRows are rows that are held in memory.
type rawRows []json.RawMessage

func (r rawRows) Len() int                            { return len(r) }
func (r rawRows) AppendRow(page []byte, i int) []byte { return append(page, r[i]...) }
