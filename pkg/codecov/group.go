package codecov

import (
	"errors"
	"slices"
	"sort"
	"time"
)

// maxRereadRows is the largest page that is requested to read rows again. An answer of so many commits takes about
// 64 MiB, the limit for an answer.
const maxRereadRows = 100_000

// group holds back the last rows of a list with times, until the group of rows with the same time is complete.
//
// Codecov sorts commits by time alone, and PostgreSQL orders rows with the same time differently from page to page:
// where a page ends within such a group, rows repeat and go missing. A group is in memory as a whole.
type group[T any] struct {
	rows  []T
	time  time.Time // of the rows
	first int       // position of the first one

	released bool      // rows have been yielded
	last     time.Time // of the row that was yielded last

	doubtful bool // rows of the group may be missing
	gap      bool // rows between the group and the next row may be missing, too
	shrunkBy int  // rows that the list lost since the group began
}

// isLate reports whether a row of that time would be out of order.
func (g *group[T]) isLate(t time.Time) bool { return g.released && !t.Before(g.last) }

// deliverGroups yields the groups that are complete, after fresh rows of a page were added to the one that is held.
// It reports whether to go on.
func (r *reader[T]) deliverGroups(p *page[T], fresh []T) bool {
	g := &r.group
	truncated := (*TruncatedListError)(nil)
	isLast := p.err == nil && p.last || errors.As(p.err, &truncated)
	g.rows = append(g.rows, fresh...)
	slices.SortStableFunc(g.rows, r.kind.newestFirst)
	if g.doubtful && (isLast || r.nextGroup() < len(g.rows)) {
		if err := r.reread(p.end, isLast); err != nil {
			return r.fail(err)
		}
	}
	complete := len(g.rows)
	if !isLast {
		complete = r.lastGroup()
	}
	if complete > 0 {
		g.released, g.last = true, r.kind.time(g.rows[complete-1])
	}
	ready := g.rows[:complete]
	g.rows = g.rows[complete:]
	if len(g.rows) > 0 && !g.time.Equal(r.kind.time(g.rows[0])) {
		g.time, g.first = r.kind.time(g.rows[0]), p.end-len(g.rows)
	}
	return r.yieldAll(ready)
}

// nextGroup returns the index of the first row that is older than the group, or the number of rows.
func (r *reader[T]) nextGroup() int {
	rows := r.group.rows
	return sort.Search(len(rows), func(i int) bool { return r.kind.time(rows[i]).Before(r.group.time) })
}

// lastGroup returns the index of the first row with the time of the last one, or the number of rows.
func (r *reader[T]) lastGroup() int {
	rows := r.group.rows
	return sort.Search(len(rows), func(i int) bool { return !r.kind.time(rows[i]).After(r.kind.time(rows[len(rows)-1])) })
}

// checkBorder notes whether rows may be missing between the rows that are held and those of the next page: if a row
// appears twice, another one has lost its place. count is the length of the list before that page.
func (g *group[T]) checkBorder(p *page[T], fresh int, repeated bool, count int) {
	gap := p.ended || p.count < count || fresh == 0 && len(p.rows) > 0
	g.doubtful = g.doubtful || repeated || gap
	g.gap = g.gap || gap
	g.shrunkBy += max(0, count-p.count)
}

// reread adds the rows that may be missing of a doubtful group and of the gap behind it. It reads them as one page,
// because one page has one order: if it begins with a newer row and ends with an older one, it has all rows between
// them. end is the position after the rows that were read last; toEnd reads to the end of the list. If the server
// cannot return a page that is large enough, nothing is added, and the list will be found to be incomplete.
func (r *reader[T]) reread(end int, toEnd bool) error {
	g := &r.group
	next, oldest := r.nextGroup(), g.time
	toEnd = toEnd && next == len(g.rows)
	if g.gap && !toEnd {
		oldest = r.kind.time(g.rows[next])
	}
	first := max(0, g.first-1-g.shrunkBy)
	last := max(first+1, end-(len(g.rows)-next)+1)
	g.doubtful, g.gap, g.shrunkBy = false, false, 0
	for step := last - first; ; step *= 2 {
		at := covering(first, last)
		if at.size > maxRereadRows {
			return nil
		}
		p, ok := r.readAgain(at)
		if !ok || p.err != nil {
			return p.err
		}
		isEnd := p.end >= p.count
		hasNewer := at.offset == 0 || len(p.rows) > 0 && r.kind.time(p.rows[0]).After(g.time)
		hasOlder := isEnd || !toEnd && len(p.rows) > 0 && r.kind.time(p.rows[len(p.rows)-1]).Before(oldest)
		if hasNewer && hasOlder {
			r.addAgain(p.rows, oldest, toEnd)
			return nil
		}
		if p.end < at.end() && !isEnd {
			return nil // fewer rows than the server counts
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
func (r *reader[T]) readAgain(at place) (page[T], bool) {
	tooLarge := false
	p := request[T](r.ctx, r.list, at, at.offset, 1, func(now place, _ bool) place {
		if tooLarge = at.size > r.list.client.size.current(); tooLarge {
			return place{}
		}
		return now
	})
	if tooLarge {
		return page[T]{}, false
	}
	r.page++
	if p = r.mended(p, at.offset); isPastTheEnd(p.err) {
		p = page[T]{count: at.offset, end: at.offset}
	}
	r.fewest = min(r.fewest, p.count)
	return p, true
}

// addAgain adds rows that were read again, as far as they are not older than the oldest one that may be missing.
func (r *reader[T]) addAgain(rows []T, oldest time.Time, toEnd bool) {
	g := &r.group
	rows = slices.DeleteFunc(rows, func(row T) bool { return !toEnd && r.kind.time(row).Before(oldest) })
	fresh, _ := r.fresh(rows)
	g.rows = append(g.rows, fresh...)
	slices.SortStableFunc(g.rows, r.kind.newestFirst)
	sameTime := func(row T) bool { return r.kind.time(row).Equal(g.time) }
	if first := slices.IndexFunc(g.rows, sameTime); first >= 0 && r.nextGroup()-first == 1 {
		r.moved = true // the row that appeared twice has no others of its time
	}
}
