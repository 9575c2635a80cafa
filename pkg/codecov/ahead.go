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

// ahead reads the next pages of one list while the caller works on the rows before them.
type ahead[T any] struct {
	ctx     context.Context
	list    list
	queue   []pendingPage[T] // in the order of the list
	running sync.WaitGroup
}

// pendingPage is a page that has been requested.
type pendingPage[T any] struct {
	first  int // position of the first row to use
	at     place
	result chan response[T]
	cancel context.CancelFunc
}

// fill requests pages from a place to the end of the list, as far as the limits allow.
func (a *ahead[T]) fill(next place, count int) {
	if a.list.limitHint > 0 {
		return
	}
	if len(a.queue) > 0 {
		next = a.queue[len(a.queue)-1].at.next()
	}
	for len(a.queue) < maxPagesAhead && next.offset < count && a.acquire() {
		at := next.resized(a.list.sizeAt(next))
		ctx, cancel := context.WithCancel(a.ctx)
		pending := pendingPage[T]{first: next.offset, at: at, result: make(chan response[T], 1), cancel: cancel}
		a.running.Go(func() { pending.result <- request[T](ctx, a.list, at, a.list.tries(at.size)) })
		a.queue = append(a.queue, pending)
		next = at.next()
	}
}

// take waits for the page whose rows begin at position first. It returns false if that page was not requested.
func (a *ahead[T]) take(first int) (response[T], bool) {
	if len(a.queue) == 0 || a.queue[0].first != first {
		a.discard()
		return response[T]{}, false
	}
	pending := a.queue[0]
	a.queue = a.queue[1:]
	defer a.release(pending)
	return <-pending.result, true
}

// discard cancels all requests.
func (a *ahead[T]) discard() {
	for _, pending := range a.queue {
		a.release(pending)
	}
	a.queue = nil
}

// close cancels all requests and waits for them.
func (a *ahead[T]) close() {
	a.discard()
	a.running.Wait()
}

func (a *ahead[T]) acquire() bool {
	select {
	case a.list.client.ahead <- struct{}{}:
		return true
	default:
		return false
	}
}

func (a *ahead[T]) release(pending pendingPage[T]) {
	pending.cancel()
	<-a.list.client.ahead
}
