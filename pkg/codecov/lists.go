package codecov

import (
	"context"
	"iter"
	"net/url"
)

// RepositoriesOptions narrows the list of repositories.
type RepositoriesOptions struct {
	Names    []string // exact names, compared without case; some 200 fit a request
	PageSize int      // 0: the client's
}

// Repositories gives the account's repositories that the token sees, newest first, each once. owner is one
// path segment: a GitLab subgroup is written group:subgroup and is an owner of its own.
// Errors are *APIError, once and last.
func (c *Client) Repositories(ctx context.Context, owner string, o RepositoriesOptions) iter.Seq2[Repository, error] {
	query := url.Values{}
	if len(o.Names) > 0 {
		query["names"] = o.Names
	}
	rows := pages[Repository](ctx, c, []string{string(c.service), owner, "repos"}, query, o.PageSize)
	return once(rows, func(r Repository) string { return r.Name })
}

// CommitsOptions narrows the list of commits.
type CommitsOptions struct {
	Branch   string // exact and case-sensitive; "": every branch, pull requests and forks included
	PageSize int    // 0: the client's
}

// Commits gives a repository's commits in every state, newest first by timestamp, each once.
// Errors are *APIError, once and last.
func (c *Client) Commits(ctx context.Context, owner, repository string, o CommitsOptions) iter.Seq2[Commit, error] {
	query := url.Values{}
	if o.Branch != "" {
		query.Set("branch", o.Branch)
	}
	rows := pages[Commit](ctx, c, []string{string(c.service), owner, "repos", repository, "commits"}, query, o.PageSize)
	return once(rows, func(commit Commit) string { return commit.CommitID })
}

// Owners gives the accounts of the service that the token's user sees. It needs a token.
// Errors are *APIError, once and last.
func (c *Client) Owners(ctx context.Context) iter.Seq2[Author, error] {
	// The address wants its slash at the end: without it the server redirects.
	return pages[Author](ctx, c, []string{string(c.service), ""}, url.Values{}, 0)
}
