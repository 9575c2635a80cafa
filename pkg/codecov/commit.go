package codecov

import (
	"context"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/codecov-port/codecov-port/internal/httpclient"
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

// Totals are the coverage figures of a commit or of a repository. A nil pointer is a JSON null, which occurs in old
// rows. Integers may exceed 2^31 and 2^53.
type Totals struct {
	Files    *int64 `json:"files"`
	Lines    *int64 `json:"lines"`
	Hits     *int64 `json:"hits"`
	Misses   *int64 `json:"misses"`
	Partials *int64 `json:"partials"`
	Branches *int64 `json:"branches"`
	Methods  *int64 `json:"methods"`
	Sessions *int64 `json:"sessions"`
	// Coverage is in percent, truncated to two decimals with a float error of at most 0.01 (0.29 may arrive as 0.28).
	// Ratio returns the exact figure.
	Coverage        *float64 `json:"coverage"`
	Complexity      *float64 `json:"complexity"`
	ComplexityTotal *float64 `json:"complexity_total"`
	ComplexityRatio *float64 `json:"complexity_ratio"`
}

// Ratio returns the exact coverage in percent as Codecov stores it and as its webhook sends it:
// "100" if hits equal lines, "0" if either is 0, else five decimals, as in "97.22222". It returns "" if either is null.
func (t Totals) Ratio() string {
	switch {
	case t.Hits == nil || t.Lines == nil:
		return ""
	case *t.Hits == *t.Lines:
		return "100"
	case *t.Hits == 0 || *t.Lines == 0:
		return "0"
	default:
		return strconv.FormatFloat(float64(*t.Hits)/float64(*t.Lines)*100, 'f', 5, 64)
	}
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
	return commitRows(ctx, c.commits(owner, repository, o))
}

// CountCommits returns the number of commits that Commits would return. Only the Branch of the options is used.
// It sends one request for one row, and up to two more if Codecov cannot return that row. The error is an *APIError.
func (c *Client) CountCommits(ctx context.Context, owner, repository string, o CommitsOptions) (int, error) {
	const maxRequests = 3
	commits := c.commits(owner, repository, o)
	for row := 0; ; row++ {
		p := request[Commit](ctx, commits, place{offset: row, size: 1}, 1, nil)
		switch {
		case row > 0 && isPastTheEnd(p.err):
			return row, nil
		case isBrokenPage(p.err) && row+1 < maxRequests:
			continue
		}
		return p.count, p.err
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

// CommitExists reports whether a repository has the commit with that full sha, on any branch. It returns false only if
// Codecov has the repository, but not the commit. Every other failure, lost access for example, is an error. A commit
// that was erased at Codecov does not exist.
func (c *Client) CommitExists(ctx context.Context, owner, repository, sha string) (bool, error) {
	address, err := c.address([]string{string(c.service), owner, "repos", repository, "commits", sha}, nil)
	if err != nil {
		return false, err
	}
	return exists(c.get(ctx, httpclient.Request{URL: address}), "No Commit matches the given query.")
}

// exists returns false for the answer that says so, and any other error.
func exists(err error, missing string) (bool, error) {
	if isAnswer(err, http.StatusNotFound, missing) {
		return false, nil
	}
	return err == nil, err
}
