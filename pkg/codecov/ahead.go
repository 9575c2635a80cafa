package codecov

import "context"

const (
	// maxPagesAhead is how many pages of one list are read ahead of the one that the caller works on.
	maxPagesAhead = 4
	// maxClientPagesAhead is the same for all lists of a client together, so that many lists don't fill the memory.
	maxClientPagesAhead = 8
)

// pendingPage is a page that has been requested.
type pendingPage[T any] struct {
	first  int // position of the first row to use
	at     place
	result chan page[T]
	cancel context.CancelFunc
}

// readAhead requests pages from a place to the end of the list, as far as the limits allow, while the caller works on
// the rows before them.
func (r *reader[T]) readAhead(next place, count int) {
	if r.list.limitHint > 0 {
		return
	}
	if len(r.ahead) > 0 {
		next = r.ahead[len(r.ahead)-1].at.next()
	}
	for len(r.ahead) < maxPagesAhead && next.offset < count {
		select {
		case r.list.client.ahead <- struct{}{}:
		default:
			return
		}
		wanted, at := next, next.resized(r.list.sizeAt(next))
		ctx, cancel := context.WithCancel(r.ctx)
		pending := pendingPage[T]{first: wanted.offset, at: at, result: make(chan page[T], 1), cancel: cancel}
		r.running.Go(func() { pending.result <- r.request(ctx, wanted, at) })
		r.ahead = append(r.ahead, pending)
		next = at.next()
	}
}

// take waits for the page whose rows begin at position first. It returns false if that page was not requested. If the
// page had to shrink, the pages behind it are of the wrong size and are dropped.
func (r *reader[T]) take(first int) (page[T], bool) {
	if len(r.ahead) == 0 || r.ahead[0].first != first {
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
func (r *reader[T]) discard() {
	for _, pending := range r.ahead {
		r.release(pending)
	}
	r.ahead = nil
}

func (r *reader[T]) release(pending pendingPage[T]) {
	pending.cancel()
	<-r.list.client.ahead
}
