package codecov

import (
	"bytes"
	"context"
	"errors"
	"math/bits"
	"net/http"
	"sync"
)

const (
	// maxPagesAhead is how many pages of one list are read ahead of the one that the caller works on.
	maxPagesAhead = 4
	// maxClientPagesAhead is the same for all lists of a client together, so that many lists don't fill the memory.
	maxClientPagesAhead = 8
)

// pages reads the pages of one list.
type pages[T any] struct {
	ctx  context.Context
	list list

	number  int // of the page that is worked on, from 1
	count   int // rows of the list according to the page before
	skipped int // rows of the pages before

	ahead   []pendingPage[T] // in the order of the list
	running sync.WaitGroup   // requests for pages ahead
}

// pendingPage is a page that has been requested.
type pendingPage[T any] struct {
	at     place
	result chan page[T]
	cancel context.CancelFunc
}

// all yields the pages in the order of the list. One with an error is the last. Unless the list has a limit hint, pages
// are read ahead while the caller works on the one before.
func (r *pages[T]) all(yield func(*page[T]) bool) {
	defer r.running.Wait()
	defer r.discard()
	for at, more := (place{}), true; more; {
		p := r.read(at)
		at, more = p.at.next(), p.err == nil && !p.last
		if more && r.list.limitHint == 0 {
			r.readAhead(at, p.count)
		}
		if r.number++; r.number > 1 {
			p.moved, p.shrank = p.moved || p.count != r.count, p.shrank || p.count < r.count
		}
		count, bad := p.count, len(p.bad)
		if !yield(&p) {
			return
		}
		r.count, r.skipped = count, r.skipped+bad
	}
}

// read reads the page at a place, or as much as can be read of a broken one.
func (r *pages[T]) read(at place) page[T] {
	p, ok := r.take(at.offset)
	if !ok {
		p = r.request(r.ctx, at.sized(r.list.sizeAt(at)))
	}
	r.list.client.size.succeeded(p.at.size, p.end-p.at.offset)
	if at.offset > 0 && isPastTheEnd(p.err) {
		return page[T]{count: r.count, end: at.offset, last: true, moved: true, shrank: true} // the list ends before it
	}
	return r.mended(p)
}

// failure returns the error that ends the list at a page. It reports the page's skipped rows to the caller, without those
// that are among the first so many of the list, since an earlier reading has reported them.
func (r *pages[T]) failure(p *page[T], reported int) error {
	for i, bad := range p.bad {
		switch {
		case r.skipped+i < reported:
		case r.list.skipped == nil:
			return bad
		default:
			r.list.skipped(bad)
		}
	}
	return p.err
}

// request requests a page, and a smaller one if the server fails as if it were too large.
func (r *pages[T]) request(ctx context.Context, at place) page[T] {
	return request[T](ctx, r.list, at, 1, func(now place, lastChance bool) place {
		if now.size <= minShrunkSize {
			return now
		}
		return now.sized(r.list.client.size.shrink(now.size, lastChance))
	})
}

// readAhead requests pages from a place to the end of the list, as far as the limits allow.
func (r *pages[T]) readAhead(next place, count int) {
	if len(r.ahead) > 0 {
		next = r.ahead[len(r.ahead)-1].at.next()
	}
	for len(r.ahead) < maxPagesAhead && next.offset < count {
		select {
		case r.list.client.ahead <- struct{}{}:
		default:
			return
		}
		at := next.sized(r.list.sizeAt(next))
		ctx, cancel := context.WithCancel(r.ctx)
		pending := pendingPage[T]{at: at, result: make(chan page[T], 1), cancel: cancel}
		r.running.Go(func() { pending.result <- r.request(ctx, at) })
		r.ahead = append(r.ahead, pending)
		next = at.next()
	}
}

// take waits for the page that begins at an offset. It returns false if that page was not requested. If the page had to
// shrink, the pages behind it are of the wrong size and are dropped.
func (r *pages[T]) take(offset int) (page[T], bool) {
	if len(r.ahead) == 0 || r.ahead[0].at.offset != offset {
		r.discard()
		return page[T]{}, false
	}
	pending := r.ahead[0]
	r.ahead = r.ahead[1:]
	defer r.release(pending)
	p := <-pending.result
	if p.at != pending.at {
		r.discard()
	}
	return p, true
}

// discard cancels the requests for all pages ahead.
func (r *pages[T]) discard() {
	for _, pending := range r.ahead {
		r.release(pending)
	}
	r.ahead = nil
}

func (r *pages[T]) release(pending pendingPage[T]) {
	pending.cancel()
	<-r.list.client.ahead
}

// DefaultPageSize is the default of Options.PageSize. Larger pages save round trips and cost memory.
const DefaultPageSize = 512

const (
	// minShrunkSize is the smallest size that pages shrink to. Below it, a request costs the server more than its rows.
	minShrunkSize = 32
	// pagesToGrow is how many full pages in a row make the size grow.
	pagesToGrow = 8
	// minFirstPage is the smallest first page of a list with a limit hint.
	minFirstPage = 16
)

// pageSize is the page size that the server can return at present. It is safe for concurrent use.
type pageSize struct {
	mu     sync.Mutex
	size   int
	limit  int
	full   int  // full pages of this size in a row
	needed int  // full pages in a row before the size grows
	grown  bool // the size grew and has not had enough full pages since
}

func (s *pageSize) current() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.size
}

// shrink lowers the size for all lists, and returns the size to use. A page of a size failed: it becomes the next
// smaller power of two, or the smallest one if that must succeed. Failures of several lists at the same size shrink it
// once. A size that grew and failed is tried half as often from then on.
func (s *pageSize) shrink(failed int, smallest bool) int {
	smaller := minShrunkSize
	if !smallest {
		smaller = max(minShrunkSize, 1<<(bits.Len(uint(failed-1))-1))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if smaller >= s.size {
		return s.size
	}
	if s.grown {
		s.needed *= 2
	}
	s.size, s.full, s.grown = smaller, 0, false
	return smaller
}

// succeeded counts a page of a size and doubles the size after enough full ones in a row.
func (s *pageSize) succeeded(size, rows int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if size != s.size || rows < size {
		return
	}
	if s.full++; s.full < s.needed {
		return
	}
	if s.grown {
		s.needed = pagesToGrow
	}
	s.full, s.grown = 0, 2*s.size <= s.limit
	if s.grown {
		s.size *= 2
	}
}

// sizeAt returns the maximum size of the page at a place.
func (l list) sizeAt(at place) int {
	size := l.client.size.current()
	if l.maxSize > 0 {
		size = min(size, l.maxSize)
	}
	switch {
	case l.limitHint == 0 && at.size > 0:
		return min(size, at.size) // pages that are read ahead would all have to be read again if the size were too large
	case l.limitHint > 0 && at.offset == 0:
		// just enough for the rows and the one behind them
		rows := max(min(l.limitHint, size)+1, minFirstPage)
		return min(size, 1<<bits.Len(uint(rows-1)))
	}
	return size
}

// brokenPageText is Codecov's answer, with status 500, to a page with a malformed row, and also while the git provider
// is down. Both were recorded on an unmodified server.
const brokenPageText = "Server Error (500)"

// maxSkippedRows is the maximum number of malformed rows of one list, so that a list of nothing else takes a bounded
// number of requests.
const maxSkippedRows = 100

// pastTheEnd is a place beyond every list: no malformed row can break the answer.
var pastTheEnd = place{1_000_000_000, 1}

func isBroken(status int, body []byte) bool {
	return status == http.StatusInternalServerError && bytes.Contains(body, []byte(brokenPageText))
}

func isBrokenPage(err error) bool {
	return isAnswer(err, http.StatusInternalServerError, brokenPageText)
}

// outage marks the error of a broken page as one of the whole service.
func outage(broken error) error {
	if apiError := (*APIError)(nil); errors.As(broken, &apiError) {
		apiError.Err = ErrOutage
	}
	return broken
}

// mended returns a page without its malformed rows, if those broke it: it reads the page in halves. A malformed row
// takes about 2·log2(page size) requests.
func (r *pages[T]) mended(p page[T]) page[T] {
	if !isBrokenPage(p.err) || r.list.byName {
		if p.err != nil {
			p.count = r.count
		}
		return p
	}
	whole := page[T]{at: p.at, count: r.count, end: p.at.end()}
	if r.isOutage() {
		whole.err = outage(p.err)
		return whole
	}
	if whole.err = r.add(&whole, p); whole.count > 0 {
		whole.last = whole.last || whole.end >= whole.count
		whole.end = min(whole.end, whole.count)
	}
	return whole
}

// add adds the rows of a part to p. A broken part is read in halves; a single row is skipped, unless the list cannot be
// read beyond it.
func (r *pages[T]) add(p *page[T], part page[T]) error {
	switch {
	case part.err == nil:
		p.rows, p.bad, p.count = append(p.rows, part.rows...), append(p.bad, part.bad...), part.count
		return nil
	case isPastTheEnd(part.err):
		p.last = true
		return nil
	case !isBrokenPage(part.err):
		return part.err
	case part.at.size == 1:
		return r.skipMalformed(p, part)
	}
	for at := part.at; at.offset < part.at.end() && !p.last; at = at.next() {
		at = at.sized(min(part.at.size/2, part.at.end()-at.offset))
		again := 0
		if at.size == 1 {
			again = 1
		}
		if err := r.add(p, request[T](r.ctx, r.list, at, again, nil)); err != nil {
			return err
		}
	}
	return nil
}

// skipMalformed skips a malformed row.
func (r *pages[T]) skipMalformed(p *page[T], row page[T]) error {
	position := row.at.offset + 1
	truncated, err := r.isTruncated(row, &p.count)
	switch {
	case err != nil:
		return err
	case truncated, r.skipped+len(p.bad) >= maxSkippedRows:
		return &TruncatedListError{List: r.list.title, Position: position, Count: p.count, Err: row.err}
	}
	p.bad = append(p.bad, &SkippedRowError{List: r.list.title, Position: position, Err: row.err})
	return nil
}

// isTruncated reports whether no row behind a malformed one can be read; if one can, its answer has the count of the list.
// It requests the next row, and then rows at doubling distances to the end of the list.
func (r *pages[T]) isTruncated(row page[T], count *int) (bool, error) {
	if r.isOutage() {
		return false, outage(row.err)
	}
	for step := 1; row.at.offset+step < pastTheEnd.offset; step *= 2 {
		switch probe := request[T](r.ctx, r.list, place{row.at.offset + step, 1}, 0, nil); {
		case probe.err == nil:
			*count = probe.count
			return false, nil
		case isPastTheEnd(probe.err):
			return step > 1, nil
		case !isBrokenPage(probe.err):
			return false, probe.err
		}
	}
	return true, nil
}

// isOutage reports whether the list fails where no row can break the answer.
func (r *pages[T]) isOutage() bool {
	return isBrokenPage(request[T](r.ctx, r.list, pastTheEnd, 0, nil).err)
}
