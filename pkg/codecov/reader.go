package codecov

import (
	"context"
	"hash/maphash"
	"iter"
	"strings"
	"sync"
	"time"
)

// maxReadings is how often a list without a time is read if its rows move between the pages.
const maxReadings = 3

// rowKind describes the rows of a list.
type rowKind[T any] struct {
	key  func(T) string    // identifies a row; nil if nothing does, then missing rows are not detected
	time func(T) time.Time // the server's order of the list, newest first; nil if it has another order
}

// newestFirst compares rows by time. Of rows with the same time, the one with the greater key comes first.
func (k rowKind[T]) newestFirst(a, b T) int {
	if order := k.time(b).Compare(k.time(a)); order != 0 {
		return order
	}
	return strings.Compare(k.key(b), k.key(a))
}

// rows returns the rows of a list, each once. Rows with a time come in the order of newestFirst, and no row follows
// that should have come before another one. An error comes once and last.
func rows[T any](ctx context.Context, l list, kind rowKind[T]) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		r := &reader[T]{
			ctx: ctx, list: l, kind: kind, yield: yield, seed: maphash.MakeSeed(), lastPage: make(map[uint64]int),
		}
		defer r.running.Wait()
		defer r.discard()
		defer cancel()
		for reading := 1; ; reading++ {
			if !r.readList() || r.isComplete() {
				return
			}
			if kind.time != nil || reading == maxReadings {
				r.fail(&IncompleteError{List: l.title, Missing: r.missing(), Count: r.count, Moved: r.moved})
				return
			}
		}
	}
}

// reader reads one list and yields its rows.
type reader[T any] struct {
	ctx   context.Context
	list  list
	kind  rowKind[T]
	yield func(T, error) bool

	ahead   []pendingPage[T] // in the order of the list
	running sync.WaitGroup   // requests for pages ahead

	seed     maphash.Seed
	lastPage map[uint64]int // by the hash of a row's key: the last page with that row
	page     int            // pages read
	reported int            // skipped rows that the caller knows of
	moved    bool           // rows have moved between pages

	// The present reading:
	start   int // pages read before it
	count   int // rows of the list according to the last page
	fewest  int // rows of the list according to the page that reported the fewest
	shrank  bool
	found   int
	skipped int

	group group[T] // only used for rows with a time
}

// readList reads the list from its first page and reports whether it reached the end.
func (r *reader[T]) readList() bool {
	r.start, r.count, r.fewest, r.shrank, r.found, r.skipped = r.page, 0, 0, false, 0, 0
	at, more := place{}, true
	for more {
		p := r.readPage(at)
		at, more = p.at.next(), p.err == nil && !p.last
		if more {
			r.readAhead(at, p.count)
		}
		if !r.deliver(&p) {
			return false
		}
	}
	return true
}

// deliver yields the rows of a page, which holds them no longer, and reports whether to go on.
func (r *reader[T]) deliver(p *page[T]) bool {
	r.page++
	before := r.count
	r.setCount(p)
	fresh, repeated := r.fresh(p.rows)
	if r.kind.time != nil {
		r.group.checkBorder(p, len(fresh), repeated, before)
		p.rows = nil // the group has its own copy
		if !r.deliverGroups(p, fresh) {
			return false
		}
	} else {
		r.moved = r.moved || repeated
		if !r.yieldAll(fresh) {
			return false
		}
	}
	for _, bad := range p.bad {
		if !r.skip(bad) {
			return false
		}
	}
	if p.err != nil {
		return r.fail(p.err)
	}
	return true
}

// setCount notes the length of the list that a page reports.
func (r *reader[T]) setCount(p *page[T]) {
	if r.page == r.start+1 {
		r.count, r.fewest = p.count, p.count
	}
	r.moved = r.moved || p.ended || p.count != r.count
	r.shrank = r.shrank || p.ended || p.count < r.count
	r.count, r.fewest = p.count, min(r.fewest, p.count)
	if r.list.counted != nil && p.err == nil && !p.ended {
		r.list.counted(p.count)
	}
}

// fresh returns the rows of a page that have not been found before, and whether the page has rows of an earlier page. A
// row that one page holds twice has not moved. A row that should have come before one that has been yielded is dropped.
func (r *reader[T]) fresh(rows []T) (fresh []T, repeated bool) {
	if r.kind.key == nil {
		return rows, false
	}
	fresh = rows[:0]
	for _, row := range rows {
		hash := maphash.String(r.seed, r.kind.key(row))
		page, seen := r.lastPage[hash]
		r.lastPage[hash] = r.page
		switch {
		case seen && page > r.start && page < r.page:
			repeated = true
		case r.kind.time != nil && r.group.isLate(r.kind.time(row)):
			r.moved = true
		default:
			r.found++
			if !seen {
				fresh = append(fresh, row)
			}
		}
	}
	return fresh, repeated
}

// yieldAll yields rows and frees their memory.
func (r *reader[T]) yieldAll(rows []T) bool {
	for i, row := range rows {
		rows[i] = *new(T)
		if !r.yield(row, nil) {
			return false
		}
	}
	return true
}

// skip reports a skipped row to the caller, unless an earlier reading has skipped as many.
func (r *reader[T]) skip(bad *SkippedRowError) bool {
	if r.skipped++; r.skipped <= r.reported {
		return true
	}
	r.reported++
	if r.list.skipped == nil {
		return r.fail(bad)
	}
	r.list.skipped(bad)
	return true
}

// fail ends the list with an error. It returns false.
func (r *reader[T]) fail(err error) bool {
	r.yield(*new(T), err)
	return false
}

// missing returns how many rows of the list were not found. Rows with a time that are added meanwhile, before those
// that have been yielded, are not missing.
func (r *reader[T]) missing() int {
	if r.kind.key == nil {
		return 0
	}
	count := r.count
	if r.kind.time != nil {
		count = r.fewest
	}
	return max(0, count-r.skipped-r.found)
}

// isComplete reports whether the reading found every row. If the list became shorter, rows may have moved to a page
// that had already been read; deliverGroups reads those again.
func (r *reader[T]) isComplete() bool {
	return r.missing() == 0 && (r.kind.key == nil || r.kind.time != nil || !r.shrank)
}

// readPage reads the page at a place, or as much as can be read of a broken one.
func (r *reader[T]) readPage(at place) page[T] {
	p, ok := r.take(at.offset)
	if !ok {
		p = r.request(r.ctx, at, at.resized(r.list.sizeAt(at)))
	}
	r.list.client.size.succeeded(p.at.size, p.end-p.at.offset)
	if at.offset > 0 && isPastTheEnd(p.err) {
		return page[T]{count: r.count, end: at.offset, last: true, ended: true}
	}
	return r.mended(p, at.offset)
}

// request requests a page for the rows from a wanted place on, and a smaller one if the server fails as if it were too
// large.
func (r *reader[T]) request(ctx context.Context, wanted, at place) page[T] {
	return request[T](ctx, r.list, at, wanted.offset, 1, func(now place, lastChance bool) place {
		if now.size <= minShrunkSize {
			return now
		}
		return wanted.resized(r.list.client.size.shrink(now.size, lastChance))
	})
}

// mended returns a page without its malformed rows, if those broke it. Rows before position first are dropped.
func (r *reader[T]) mended(p page[T], first int) page[T] {
	if isBrokenPage(p.err) && !r.list.byName {
		return r.bisect(p, first)
	}
	if p.err != nil {
		p.count = r.count
	}
	return p
}
