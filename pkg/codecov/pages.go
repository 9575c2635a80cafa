package codecov

import (
	"context"
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
		r.number++
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
		return page[T]{count: r.count, end: at.offset, last: true, ended: true}
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

// take waits for the page that begins at an offset. It returns false if that page was not requested. If the
// page had to shrink, the pages behind it are of the wrong size and are dropped.
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
