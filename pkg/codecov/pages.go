package codecov

import (
	"context"
	"errors"
	"iter"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"sync"
)

// list is one of Codecov's lists, to be read page by page.
type list struct {
	client   *Client
	segments []string
	query    url.Values
	most     int // rows a page; 0: as many as the client's size allows
	expect   int // rows that the caller will need; 0: all

	title   string                 // for messages: "the commits of acme/monolith"
	named   bool                   // of rows that were asked for by their names: a page that is spoiled is not salvaged
	hasty   bool                   // nor is it asked for again
	skipped func(*SkippedRowError) // nil: a row that is left out ends the list
	counted func(count int)        // nil: nobody wants to know
	state   *state
}

// state is what the pages of one reading of a list have told. Pages are read one after the other.
type state struct {
	count   int // rows in the whole list, as the last page said; 0: none has come
	leftOut int // rows that were left out
	shrank  bool
}

// counted notes how many rows the list has by now.
func (s *state) counted(count int) {
	s.shrank = s.shrank || count < s.count
	s.count = count
}

// place is where in a list a page lies. Pages are counted, so its size divides its offset.
type place struct{ offset, size int }

// fit gives the page to read at a place, with most rows at the most. A page is made larger only where the larger
// size divides the offset. A smaller power of two divides what a larger one did; where it does not, because the
// size before was no power of two, the page begins with rows that were read already.
func (p place) fit(most int) place {
	if p.size == 0 || p.size > most {
		p.size = most
	}
	for 2*p.size <= most && p.offset%(2*p.size) == 0 {
		p.size *= 2
	}
	p.offset -= p.offset % p.size
	return p
}

// part is what reading a page brought.
type part[T any] struct {
	rows []T
	bad  []*SkippedRowError // rows that are left out
	err  error
	next place
	more bool // there is a page at next
}

// mostReadings is how often a list is read at the most whose rows move between its pages.
const mostReadings = 3

// rows gives the rows of a list by counting its pages, a request a page. While the caller works on one page the
// next is read already, unless the caller has said how many rows it expects to need. Rows with a key are given once;
// where the list then holds more than were given, it is read again for those. The error comes once and last.
func rows[T any](ctx context.Context, l list, key func(T) string) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		g := newGiver(key, l.skipped, yield)
		for range mostReadings {
			l.state = new(state)
			if !reading(ctx, l, g) || g.complete(l.state) {
				return
			}
		}
		yield(*new(T), &IncompleteError{List: l.title, Missing: g.missing(l.state), Count: l.state.count})
	}
}

// reading gives the rows of a list from its first page to its end, and tells whether it got there.
func reading[T any](ctx context.Context, l list, g *giver[T]) bool {
	ctx, cancel := context.WithCancel(ctx)
	var reading sync.WaitGroup
	defer reading.Wait()
	defer cancel()
	ahead := false
	defer func() { l.client.leaveAhead(ahead) }()
	g.again()
	for next := later[T](ctx, l, place{}); next != nil; {
		came := next()
		l.client.leaveAhead(ahead)
		ahead = false
		if next = nil; came.more {
			next = later[T](ctx, l, came.next)
			if ahead = l.expect == 0 && l.client.mayReadAhead(); ahead {
				next = start(&reading, next)
			}
		}
		if !g.give(came) {
			return false
		}
	}
	return true
}

// mostAhead is how many lists may hold a page that they read ahead. Where many are read at the same time there is
// nothing to gain by it, and their pages would fill the memory.
const mostAhead = 4

func (c *Client) mayReadAhead() bool {
	select {
	case c.ahead <- struct{}{}:
		return true
	default:
		return false
	}
}

func (c *Client) leaveAhead(held bool) {
	if held {
		<-c.ahead
	}
}

// later gives the function that reads the page at a place.
func later[T any](ctx context.Context, l list, at place) func() part[T] {
	return func() part[T] { return read[T](ctx, l, at) }
}

// start runs a function and gives one that waits for its value.
func start[T any](running *sync.WaitGroup, value func() T) func() T {
	done := make(chan T, 1)
	running.Go(func() { done <- value() })
	return func() T { return <-done }
}

// read asks for the page at a place, and for what can be read of it where Codecov cannot give it whole.
func read[T any](ctx context.Context, l list, at place) part[T] {
	answer, from, err := fetch[T](ctx, l, at)
	switch {
	case err != nil && at.offset > 0 && isPastTheEnd(err):
		return part[T]{} // rows have gone since the page before
	case isSpoiled(err) && !l.named:
		return salvaged[T](ctx, l, from, at.offset, err)
	case err != nil:
		return part[T]{err: err}
	}
	rows, bad := answer.from(at.offset, from, l.title)
	l.state.counted(answer.Count)
	if l.counted != nil {
		l.counted(answer.Count)
	}
	l.state.leftOut += len(bad)
	next := place{from.offset + from.size, from.size}
	return part[T]{rows: rows, bad: bad, next: next, more: next.offset < answer.Count && len(answer.Results) > 0}
}

// fetch asks for a page, and for a smaller one at the same offset as long as the server fails as if it had been
// asked for too much. It gives the place of the page that came.
func fetch[T any](ctx context.Context, l list, at place) (page[T], place, error) {
	most, tries := l.largest(at), tries(l.again())
	for {
		var answer page[T]
		from := at.fit(min(most, l.client.size.current()))
		tries.Hurry = from.size > floor
		err := l.client.get(ctx, tries, l.segments, l.page(from), &answer)
		if !tries.GaveUp() {
			l.client.size.held(from.size, len(answer.Results))
			return answer, from, err
		}
		most = below(from.size)
		if tries.LastChance() {
			most = floor
		}
		l.client.size.shrink(most)
	}
}

// again is how often a page that is spoiled is asked for again.
func (l list) again() int {
	if l.hasty {
		return 0
	}
	return 1
}

// largest gives how many rows to ask for at a place at the most.
func (l list) largest(at place) int {
	most := l.client.size.current()
	if l.most > 0 {
		most = min(most, l.most)
	}
	if at.offset == 0 && l.expect > 0 {
		return enough(l.expect, most)
	}
	return most
}

// page gives the query for a page.
func (l list) page(at place) url.Values {
	query := url.Values{}
	maps.Copy(query, l.query)
	query.Set("page_size", strconv.Itoa(at.size))
	query.Set("page", strconv.Itoa(at.offset/at.size+1))
	return query
}

func isPastTheEnd(err error) bool {
	apiError := (*APIError)(nil)
	return errors.As(err, &apiError) && apiError.Status == http.StatusNotFound && apiError.Message == "Invalid page."
}
