package codecov

import (
	"cmp"
	"context"
	"errors"
	"hash/maphash"
	"iter"
	"math"
	"slices"
	"sort"
	"strings"
	"time"
)

// maxRereadRows is the largest page that is requested to read rows again. An answer of so many commits takes about
// 64 MiB, the limit for an answer.
const maxRereadRows = 100_000

// newestFirst compares commits by time. Of those with the same time, the one with the greater id comes first.
func newestFirst(a, b Commit) int {
	return cmp.Or(b.Timestamp.Compare(a.Timestamp), strings.Compare(b.CommitID, a.CommitID))
}

// commitRows returns the commits of a list, each once, in the order of newestFirst. No commit follows that should have
// come before another one. An error comes once and last.
func commitRows(ctx context.Context, l list) iter.Seq2[Commit, error] {
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
