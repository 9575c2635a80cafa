package codecov

import (
	"context"
	"iter"
	"net/url"
	"time"
)

// StateComplete is the state of a commit whose reports have all been processed.
// The others are pending, error and skipped; a state may also be null.
const StateComplete = "complete"

// Commit is a row of Codecov's list of commits. A nil pointer is a JSON null.
type Commit struct {
	CommitID  string    `json:"commitid"`
	Message   *string   `json:"message"`
	Timestamp time.Time `json:"timestamp"` // UTC; the years 1 and 9999 and times in the future occur
	CIPassed  *bool     `json:"ci_passed"`
	Author    *Author   `json:"author"`
	Branch    *string   `json:"branch"`
	Totals    *Totals   `json:"totals"`
	State     *string   `json:"state"`
	Parent    *string   `json:"parent"`
}

// CommitsOptions selects commits and configures how their list is read.
type CommitsOptions struct {
	Branch   string // exact and case-sensitive; default: every branch, pull requests and forks included
	PageSize int    // maximum rows of a request; default: the client's
	// LimitHint is how many commits the caller expects to read. The first page is then just large enough for them (a
	// power of two, at least 16), later pages grow, and none is read before it is needed. Default: all commits.
	LimitHint int
	// Skipped receives each row that the list skips, while it is read. If nil, the first such row ends the list.
	Skipped func(*SkippedRowError)
	// Counted receives the length of the list with each page, before the page's rows. Optional.
	Counted func(count int)
}

// Commits returns a repository's commits in every state, each once, newest first. Of commits with the same
// timestamp, the one with the greatest id comes first, whatever the page size.
//
// Commits with the same timestamp are in memory together. Pages are read ahead while the caller works on the
// commits, unless LimitHint is set. Where commits appear twice or the list becomes shorter while it is read, the
// rows at that place are read again, so that none is missing up to the commit where the caller stops. Commits that
// are added meanwhile before those that have been returned are not part of the list.
//
// An error comes once and last: an *APIError, a *TruncatedListError, an *IncompleteError or, without Skipped, a
// *SkippedRowError. Before an *APIError, commits whose timestamp may have more commits are not returned.
func (c *Client) Commits(ctx context.Context, owner, repository string, o CommitsOptions) iter.Seq2[Commit, error] {
	return rows(ctx, c.commits(owner, repository, o), rowKind[Commit]{
		key:  func(commit Commit) string { return commit.CommitID },
		time: func(commit Commit) time.Time { return commit.Timestamp },
	})
}

// CountCommits returns the number of commits that Commits would return. Only the Branch of the options is used.
// It sends one request for one row, and up to two more if Codecov cannot return that row. The error is an *APIError.
func (c *Client) CountCommits(ctx context.Context, owner, repository string, o CommitsOptions) (int, error) {
	const maxRequests = 3
	commits := c.commits(owner, repository, o)
	for row := 0; ; row++ {
		var answer page[Commit]
		err := c.get(ctx, newTries(1), commits.segments, commits.page(place{offset: row, size: 1}), answer.decode)
		switch {
		case row > 0 && isPastTheEnd(err):
			return row, nil
		case isBrokenPage(err) && row+1 < maxRequests:
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
	return list{
		client: c, segments: []string{string(c.service), owner, "repos", repository, "commits"}, query: query, title: title,
		maxSize: o.PageSize, limitHint: o.LimitHint, skipped: o.Skipped, counted: o.Counted,
	}
}
