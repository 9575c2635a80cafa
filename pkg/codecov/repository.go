package codecov

import (
	"context"
	"iter"
	"time"
)

// Repository is a row of Codecov's list of repositories. A nil pointer is a JSON null: Codecov's own OpenAPI document
// declares these fields as required and not null, but real answers contain nulls.
type Repository struct {
	Name        string     `json:"name"`
	Private     bool       `json:"private"`
	UpdateStamp *time.Time `json:"updatestamp"` // when the row was last saved, not when coverage was measured
	Author      Author     `json:"author"`      // the owner of the repository
	Language    *string    `json:"language"`
	Branch      string     `json:"branch"` // the default branch
	Active      *bool      `json:"active"`
	Activated   *bool      `json:"activated"`
	// Totals is that of the newest complete commit of the default branch that is at least one hour old.
	Totals *Totals `json:"totals"`
}

// HasCoverage reports whether the repository may have commits with coverage: it is active, or it has totals, as an
// archived one may.
func (r Repository) HasCoverage() bool {
	return r.Totals != nil || (r.Active != nil && *r.Active)
}

// Author is an owner or the author of a commit. Username and Name may both be nil.
type Author struct {
	Service  string  `json:"service"`
	Username *string `json:"username"`
	Name     *string `json:"name"`
}

// RepositoriesOptions selects repositories and configures how their list is read.
type RepositoriesOptions struct {
	Names    []string // exact names, compared without case, any number of them; default: all repositories
	PageSize int      // maximum rows of a request; default: the client's
	// Skipped receives each row that the list skips, while it is read. If nil, the first such row ends the list.
	Skipped func(*SkippedRowError)
}

// Repositories returns the account's repositories that the token can see, each once, newest first. If Names need more
// than one request, each request's repositories come newest first.
// owner is one path segment: a GitLab subgroup is written group:subgroup and is an owner of its own.
// The next page is read while the caller works on the one before.
//
// An error comes once and last: an *APIError, a *TruncatedListError, an *IncompleteError or, without Skipped, a
// *SkippedRowError.
func (c *Client) Repositories(ctx context.Context, owner string, o RepositoriesOptions) iter.Seq2[Repository, error] {
	all := list{
		client: c, segments: []string{string(c.service), owner, "repos"}, title: "the repositories of " + owner,
		maxSize: o.PageSize, skipped: o.Skipped,
	}
	if len(o.Names) > 0 {
		return named(ctx, all, o.Names)
	}
	return rows(ctx, all, repositoryName)
}

func repositoryName(r Repository) string { return r.Name }

// Owners returns the accounts of the service that the token's user can see. It needs a token.
// An error is an *APIError and comes once and last.
func (c *Client) Owners(ctx context.Context) iter.Seq2[Author, error] {
	// Without the slash at the end of the address the server redirects.
	owners := list{client: c, segments: []string{string(c.service), ""}, title: "the accounts"}
	return func(yield func(Author, error) bool) {
		r := &pages[Author]{ctx: ctx, list: owners}
		for p := range r.all {
			for _, owner := range p.rows {
				if !yield(owner, nil) {
					return
				}
			}
			if err := r.failure(p, 0); err != nil {
				yield(Author{}, err)
				return
			}
		}
	}
}

// RepositoryExists reports whether Codecov has a repository of that name, compared without case. It returns false only
// if Codecov itself answers so, for example after the repository was renamed. Every other failure, lost access for
// example, is an error. A repository that was erased at Codecov is in no list, but still exists.
// It sends one request, for one commit: the address of the repository itself would ask the git provider.
func (c *Client) RepositoryExists(ctx context.Context, owner, repository string) (bool, error) {
	_, err := c.CountCommits(ctx, owner, repository, CommitsOptions{})
	return exists(err, "No Repository matches the given query.")
}

// Branch is a row of Codecov's list of branches.
type Branch struct {
	Name        string    `json:"name"` // "" and names of forks, owner/repo:branch, occur
	UpdateStamp time.Time `json:"updatestamp"`
}

// Branches returns the 20 branches of a repository that were updated last, newest first. The error is an *APIError.
func (c *Client) Branches(ctx context.Context, owner, repository string) ([]Branch, error) {
	branches := list{client: c, segments: []string{string(c.service), owner, "repos", repository, "branches"}}
	p := request[Branch](ctx, branches, place{size: 20}, 1, nil)
	return p.rows, p.err
}
