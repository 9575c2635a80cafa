package codecov

import (
	"context"
	"iter"
	"net/url"

	"github.com/codecov-port/codecov-port/internal/transport"
)

// RepositoriesOptions narrows the list of repositories.
type RepositoriesOptions struct {
	Names    []string // exact names, compared without case, any number of them; none: all repositories
	PageSize int      // rows a request at the most; 0: the client's
}

// Repositories gives the account's repositories that the token sees, newest first, each once. Where so many names
// are asked for that one request cannot hold them, each request's repositories come newest first by themselves.
// owner is one path segment: a GitLab subgroup is written group:subgroup and is an owner of its own.
// While the caller works on one page, the next is read. Errors are *APIError, once and last.
func (c *Client) Repositories(ctx context.Context, owner string, o RepositoriesOptions) iter.Seq2[Repository, error] {
	all := list{client: c, segments: []string{string(c.service), owner, "repos"}, most: o.PageSize}
	repositories := rows[Repository](ctx, all)
	if len(o.Names) > 0 {
		repositories = named(ctx, all, o.Names)
	}
	return once(repositories, func(r Repository) string { return r.Name })
}

// CommitsOptions narrows the list of commits.
type CommitsOptions struct {
	Branch   string // exact and case-sensitive; "": every branch, pull requests and forks included
	PageSize int    // rows a request at the most; 0: the client's
	// Expect is how many commits the caller will probably take, 0 for all of them. The first page is then just large
	// enough for so many (a power of two, at least 16), later ones grow, and none is read before it is needed.
	Expect int
}

// Commits gives a repository's commits in every state, newest first by timestamp, each once. While the caller
// works on one page the next is read, unless Expect is set. Errors are *APIError, once and last.
func (c *Client) Commits(ctx context.Context, owner, repository string, o CommitsOptions) iter.Seq2[Commit, error] {
	commits := c.commits(owner, repository, o)
	return once(rows[Commit](ctx, commits), func(commit Commit) string { return commit.CommitID })
}

// CountCommits tells how many commits Commits would give now, in every state. It is one request, for one row.
// Of the options, only Branch counts. The error is an *APIError.
func (c *Client) CountCommits(ctx context.Context, owner, repository string, o CommitsOptions) (int, error) {
	commits := c.commits(owner, repository, o)
	var answer page[Commit]
	err := c.get(ctx, new(transport.Tries), commits.segments, commits.page(place{size: 1}), &answer)
	return answer.Count, err
}

func (c *Client) commits(owner, repository string, o CommitsOptions) list {
	query := url.Values{}
	if o.Branch != "" {
		query.Set("branch", o.Branch)
	}
	segments := []string{string(c.service), owner, "repos", repository, "commits"}
	return list{client: c, segments: segments, query: query, most: o.PageSize, expect: o.Expect}
}

// Owners gives the accounts of the service that the token's user sees. It needs a token.
// Errors are *APIError, once and last.
func (c *Client) Owners(ctx context.Context) iter.Seq2[Author, error] {
	// The address wants its slash at the end: without it the server redirects.
	return rows[Author](ctx, list{client: c, segments: []string{string(c.service), ""}})
}
