package codecov

import (
	"context"
	"iter"
	"net/url"
)

// RepositoriesOptions narrows the list of repositories.
type RepositoriesOptions struct {
	Names    []string // exact names, compared without case, any number of them; none: all repositories
	PageSize int      // rows a request at the most; 0: the client's
	// Skipped is told of each row that is left out, while the list is read; nil: the first one ends the list.
	Skipped func(*SkippedRowError)
}

// Repositories gives the account's repositories that the token sees, newest first, each once. Where so many names
// are asked for that one request cannot hold them, each request's repositories come newest first by themselves.
// owner is one path segment: a GitLab subgroup is written group:subgroup and is an owner of its own.
// While the caller works on one page, the next is read. The error comes once and last, after the rows that can be
// read: an *APIError, a *TruncatedListError, an *IncompleteError or, without Skipped, a *SkippedRowError.
func (c *Client) Repositories(ctx context.Context, owner string, o RepositoriesOptions) iter.Seq2[Repository, error] {
	all := list{client: c, segments: []string{string(c.service), owner, "repos"}, most: o.PageSize,
		title: "the repositories of " + owner, skipped: o.Skipped}
	if len(o.Names) > 0 {
		return once(named(ctx, all, o.Names), repositoryName)
	}
	return rows(ctx, all, repositoryName)
}

func repositoryName(r Repository) string { return r.Name }

// CommitsOptions narrows the list of commits.
type CommitsOptions struct {
	Branch   string // exact and case-sensitive; "": every branch, pull requests and forks included
	PageSize int    // rows a request at the most; 0: the client's
	// Expect is how many commits the caller will probably take, 0 for all of them. The first page is then just large
	// enough for so many (a power of two, at least 16), later ones grow, and none is read before it is needed.
	Expect int
	// Skipped is told of each row that is left out, while the list is read; nil: the first one ends the list.
	Skipped func(*SkippedRowError)
	// Counted is told how many commits the list holds, with each page that has come, before its rows; nil: nobody is.
	// It may be called while the caller works on the page before.
	Counted func(count int)
}

// Commits gives a repository's commits in every state, newest first by timestamp, each once. Commits that moved while
// the list was read come last: where fewer were given than Codecov counts, the list is read again, twice at the most.
// While the caller works on one page the next is read, unless Expect is set. The error comes once and last, after the
// rows that can be read: an *APIError, a *TruncatedListError, an *IncompleteError or, without Skipped, a *SkippedRowError.
func (c *Client) Commits(ctx context.Context, owner, repository string, o CommitsOptions) iter.Seq2[Commit, error] {
	return rows(ctx, c.commits(owner, repository, o), func(commit Commit) string { return commit.CommitID })
}

// CountCommits tells how many commits Commits would give now, in every state. It is one request, for one row; where
// that row is one that Codecov cannot answer with, the next ones are asked for. Of the options, only Branch counts.
// The error is an *APIError.
func (c *Client) CountCommits(ctx context.Context, owner, repository string, o CommitsOptions) (int, error) {
	const most = 3
	commits := c.commits(owner, repository, o)
	for row := 0; ; row++ {
		var answer page[Commit]
		err := c.get(ctx, tries(1), commits.segments, commits.page(place{offset: row, size: 1}), &answer)
		switch {
		case row > 0 && isPastTheEnd(err):
			return row, nil
		case isSpoiled(err) && row+1 < most:
			continue
		}
		return answer.Count, err
	}
}

func (c *Client) commits(owner, repository string, o CommitsOptions) list {
	query, title := url.Values{}, "the commits of "+owner+"/"+repository
	if o.Branch != "" {
		query.Set("branch", o.Branch)
		title += " on " + o.Branch
	}
	segments := []string{string(c.service), owner, "repos", repository, "commits"}
	return list{client: c, segments: segments, query: query, most: o.PageSize, expect: o.Expect,
		title: title, skipped: o.Skipped, counted: o.Counted}
}

// Owners gives the accounts of the service that the token's user sees. It needs a token.
// Errors are *APIError, once and last.
func (c *Client) Owners(ctx context.Context) iter.Seq2[Author, error] {
	// The address wants its slash at the end: without it the server redirects.
	return rows[Author](ctx, list{client: c, segments: []string{string(c.service), ""}, title: "the accounts"}, nil)
}
