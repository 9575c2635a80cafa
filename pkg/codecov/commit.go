package codecov

import (
	"cmp"
	"context"
	"errors"
	"hash/maphash"
	"iter"
	"math"
	"net/http"
	"net/url"
	"slices"
	"sort"
	"strconv"
	"strings"
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
	l := c.commits(owner, repository, o)
	return func(yield func(Commit, error) bool) {
		r := &commitReader{
			pages: pages[Commit]{ctx: ctx, list: l}, yield: yield, seed: maphash.MakeSeed(), lastPage: make(map[uint64]int),
			last: time.Date(10_000, 1, 1, 0, 0, 0, 0, time.UTC), fewest: math.MaxInt,
		}
		for p := range r.pages.all {
			if !r.deliver(p) {
				return
			}
		}
		if missing := r.fewest - r.pages.skipped - r.found; missing > 0 {
			r.fail(&IncompleteError{List: l.title, Missing: missing, Count: r.pages.count, Moved: r.moved})
		}
	}
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

// maxRereadRows is the largest page that is requested to read rows again. An answer of so many commits takes about
// 64 MiB, the limit for an answer.
const maxRereadRows = 100_000

// newestFirst compares commits by time. Of those with the same time, the one with the greater id comes first.
func newestFirst(a, b Commit) int {
	return cmp.Or(b.Timestamp.Compare(a.Timestamp), strings.Compare(b.CommitID, a.CommitID))
}

// commitReader holds back the last commits of a list, until the group of commits with the same time is complete.
//
// Codecov sorts commits by time alone, and PostgreSQL orders rows with the same time differently from page to page:
// where a page ends within such a group, rows repeat and go missing. A group is in memory as a whole.
type commitReader struct {
	pages pages[Commit]
	yield func(Commit, error) bool

	seed     maphash.Seed
	lastPage map[uint64]int // by the hash of a commit's id: the last page with it
	found    int
	fewest   int  // commits of the list according to the page that reported the fewest
	moved    bool // commits have moved between pages

	group []Commit
	time  time.Time // of the group
	first int       // position of its first commit
	last  time.Time // of the commit that was yielded last; at first later than any

	doubtful bool // commits of the group may be missing: one appeared twice, so another one has lost its place
	gap      bool // commits between the group and the next one may be missing, too
}

// deliver yields the groups that a page completes, and reports whether to go on. The page holds its rows no longer.
func (r *commitReader) deliver(p *page[Commit]) bool {
	r.note(p)
	truncated := (*TruncatedListError)(nil)
	isLast := p.err == nil && p.last || errors.As(p.err, &truncated)
	if r.doubtful && (isLast || r.olderThan(r.time) < len(r.group)) {
		if err := r.reread(p.end, isLast); err != nil {
			return r.fail(err)
		}
	}
	complete := len(r.group)
	if !isLast && complete > 0 {
		complete = r.olderThan(r.group[complete-1].Timestamp.Add(1))
	}
	if complete > 0 {
		r.last = r.group[complete-1].Timestamp
	}
	ready := r.group[:complete]
	r.group = r.group[complete:]
	if len(r.group) > 0 && !r.time.Equal(r.group[0].Timestamp) {
		r.time, r.first = r.group[0].Timestamp, p.end-len(r.group)
	}
	for i, commit := range ready {
		ready[i] = Commit{} // frees its memory
		if !r.yield(commit, nil) {
			return false
		}
	}
	err := r.pages.failure(p, 0)
	return err == nil || r.fail(err)
}

// note adds the rows of a page to the group, and notes what the page shows of the list.
func (r *commitReader) note(p *page[Commit]) {
	if counted := r.pages.list.counted; counted != nil && p.err == nil {
		counted(p.count)
	}
	rows := len(p.rows)
	fresh, repeated := r.add(p.rows)
	p.rows = nil
	r.fewest = min(r.fewest, p.count)
	r.moved = r.moved || p.moved
	gap := p.shrank || fresh == 0 && rows > 0
	r.doubtful = r.doubtful || repeated || gap
	r.gap = r.gap || gap
}

// add adds the commits of a page to the group that have not been found before. It returns their number, and whether the
// page has commits of an earlier page. One that should have come before one that has been yielded is dropped.
func (r *commitReader) add(rows []Commit) (fresh int, repeated bool) {
	r.group = slices.Grow(r.group, len(rows))
	for _, commit := range rows {
		hash := maphash.String(r.seed, commit.CommitID)
		page, seen := r.lastPage[hash]
		r.lastPage[hash] = r.pages.number
		switch {
		case seen:
			repeated = repeated || page < r.pages.number
		case !commit.Timestamp.Before(r.last):
			r.moved = true
		default:
			fresh++
			r.group = append(r.group, commit)
		}
	}
	r.found += fresh
	slices.SortStableFunc(r.group, newestFirst)
	return fresh, repeated
}

// olderThan returns the index of the first commit before t, or the number of commits.
func (r *commitReader) olderThan(t time.Time) int {
	return sort.Search(len(r.group), func(i int) bool { return r.group[i].Timestamp.Before(t) })
}

// fail ends the list with an error. It returns false.
func (r *commitReader) fail(err error) bool {
	r.yield(Commit{}, err)
	return false
}

// reread adds the commits that may be missing of a doubtful group and of the gap behind it. It reads them as one page,
// because one page has one order: if it begins with a newer commit and ends with an older one, it has all commits
// between them. end is the position after the rows that were read last; toEnd reads to the end of the list. If the
// server cannot return a page that is large enough, nothing is added, and the list will be found to be incomplete.
func (r *commitReader) reread(end int, toEnd bool) error {
	next, oldest := r.olderThan(r.time), r.time
	toEnd = toEnd && next == len(r.group)
	if r.gap && !toEnd {
		oldest = r.group[next].Timestamp
	}
	first := max(0, r.first-1)
	last := max(first+1, end-(len(r.group)-next)+1)
	r.doubtful, r.gap = false, false
	for step := last - first; ; step *= 2 {
		at := covering(first, last)
		if at.size > maxRereadRows {
			return nil
		}
		p, ok := r.readAgain(at)
		if !ok || p.err != nil {
			return p.err
		}
		read := len(p.rows)
		missing := slices.DeleteFunc(p.rows, func(c Commit) bool { return !toEnd && c.Timestamp.Before(oldest) })
		hasNewer := at.offset == 0 || len(missing) > 0 && missing[0].Timestamp.After(r.time)
		hasOlder := p.end >= p.count || len(missing) < read
		if hasNewer && hasOlder {
			r.add(missing)
			if r.olderThan(r.time)-r.olderThan(r.time.Add(1)) == 1 {
				r.moved = true // the commit that appeared twice has no others of its time
			}
			return nil
		}
		if !hasNewer {
			first = max(0, first-step)
		}
		if !hasOlder {
			last += step
		}
	}
}

// readAgain reads a page that may be larger than usual. It returns false if it is too large for the server.
func (r *commitReader) readAgain(at place) (page[Commit], bool) {
	list, tooLarge := r.pages.list, false
	p := request[Commit](r.pages.ctx, list, at, 1, func(now place, _ bool) place {
		if tooLarge = at.size > list.client.size.current(); tooLarge {
			return place{}
		}
		return now
	})
	if tooLarge {
		return page[Commit]{}, false
	}
	r.pages.number++
	if p = r.pages.mended(p); isPastTheEnd(p.err) {
		p = page[Commit]{count: at.offset, end: at.offset}
	}
	r.fewest = min(r.fewest, p.count)
	return p, true
}
