package codecov

import (
	"context"
	"iter"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"sync"
)

const (
	// maxReadings is how often a list is read whose rows move between its pages.
	maxReadings = 3
	// maxListsAhead is how many lists may read a page ahead at the same time. More would fill the memory and save no
	// time.
	maxListsAhead = 4
)

// list is one of Codecov's lists and how to read it.
type list struct {
	client    *Client
	segments  []string // of the path
	query     url.Values
	maxSize   int                    // rows of a page; 0 for the client's
	limitHint int                    // rows that the caller expects to read; 0 for all
	title     string                 // for messages: "the commits of acme/monolith"
	byName    bool                   // rows are selected by name: broken pages are not bisected
	once      bool                   // broken pages are not requested again
	skipped   func(*SkippedRowError) // nil if a skipped row ends the list
	counted   func(count int)        // optional
	progress  *progress
}

// progress is what one reading of a list knows so far. One page is read at a time.
type progress struct {
	count   int // rows of the whole list according to the last page, 0 before the first
	skipped int // rows that were skipped
	shrank  bool
}

func (p *progress) setCount(count int) {
	p.shrank = p.shrank || count < p.count
	p.count = count
}

// place is the position of a page in a list. Its offset is a multiple of its size.
type place struct{ offset, size int }

// resized returns the page to request at p with a size of at most maxSize. The size grows only if the offset is a
// multiple of the larger size. If the offset is not a multiple of a smaller size, since the size was not a power of
// two, the page begins with rows that have been read before.
func (p place) resized(maxSize int) place {
	if p.size == 0 || p.size > maxSize {
		p.size = maxSize
	}
	for 2*p.size <= maxSize && p.offset%(2*p.size) == 0 {
		p.size *= 2
	}
	p.offset -= p.offset % p.size
	return p
}

// pageRows is the result of reading one page.
type pageRows[T any] struct {
	rows []T
	bad  []*SkippedRowError
	err  error
	next place
	more bool // next is within the list
}

// rows returns the rows of a list, with one request per page. Rows with a key are returned once; if the list has more
// rows than were found, it is read again for those. An error comes once and last.
func rows[T any](ctx context.Context, l list, key func(T) string) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		d := newDelivery(key, l.skipped, yield)
		for range maxReadings {
			l.progress = new(progress)
			if !readAll(ctx, l, d) || d.isComplete(l.progress) {
				return
			}
		}
		yield(*new(T), &IncompleteError{List: l.title, Missing: d.missing(l.progress), Count: l.progress.count})
	}
}

// readAll delivers a list from its first page on and reports whether it reached the end. Without a limit hint it reads
// the next page while the caller works on the one before.
func readAll[T any](ctx context.Context, l list, d *delivery[T]) bool {
	ctx, cancel := context.WithCancel(ctx)
	var running sync.WaitGroup
	defer running.Wait()
	defer cancel()
	ahead := false
	defer func() { l.client.releaseAhead(ahead) }()
	d.startReading()
	read := func(at place) func() pageRows[T] { return func() pageRows[T] { return readPage[T](ctx, l, at) } }
	for next := read(place{}); next != nil; {
		page := next()
		l.client.releaseAhead(ahead)
		ahead = false
		if next = nil; page.more {
			next = read(page.next)
			if ahead = l.limitHint == 0 && l.client.acquireAhead(); ahead {
				next = start(&running, next)
			}
		}
		if !d.deliver(page) {
			return false
		}
	}
	return true
}

// acquireAhead reports whether one more list may read ahead.
func (c *Client) acquireAhead() bool {
	select {
	case c.ahead <- struct{}{}:
		return true
	default:
		return false
	}
}

func (c *Client) releaseAhead(acquired bool) {
	if acquired {
		<-c.ahead
	}
}

// start runs a function and returns one that waits for its value.
func start[T any](running *sync.WaitGroup, value func() T) func() T {
	done := make(chan T, 1)
	running.Go(func() { done <- value() })
	return func() T { return <-done }
}

// readPage requests the page at a place, or as much as can be read of a broken one.
func readPage[T any](ctx context.Context, l list, at place) pageRows[T] {
	answer, from, err := fetch[T](ctx, l, at)
	switch {
	case at.offset > 0 && isPastTheEnd(err):
		return pageRows[T]{} // the list became shorter
	case isBrokenPage(err) && !l.byName:
		return bisect[T](ctx, l, from, at.offset, err)
	case err != nil:
		return pageRows[T]{err: err}
	}
	rows, bad := answer.split(at.offset, from, l.title)
	l.progress.setCount(answer.Count)
	if l.counted != nil {
		l.counted(answer.Count)
	}
	l.progress.skipped += len(bad)
	next := place{from.offset + from.size, from.size}
	return pageRows[T]{rows: rows, bad: bad, next: next, more: next.offset < answer.Count && len(answer.Results) > 0}
}

// fetch requests a page, and a smaller one at the same offset as long as the server fails as if it were too large. It
// returns the place of the page that it got.
func fetch[T any](ctx context.Context, l list, at place) (page[T], place, error) {
	again := 1
	if l.once {
		again = 0
	}
	maxSize, tries := l.sizeAt(at), newTries(again)
	for {
		var answer page[T]
		from := at.resized(min(maxSize, l.client.size.current()))
		tries.Hurry = from.size > minShrunkSize
		err := l.client.get(ctx, tries, l.segments, l.page(from), answer.decode)
		if !tries.GaveUp() {
			l.client.size.succeeded(from.size, len(answer.Results))
			return answer, from, err
		}
		maxSize = nextSmaller(from.size)
		if tries.LastChance() {
			maxSize = minShrunkSize
		}
		l.client.size.shrink(maxSize)
	}
}

// sizeAt returns the maximum size of the page at a place.
func (l list) sizeAt(at place) int {
	size := l.client.size.current()
	if l.maxSize > 0 {
		size = min(size, l.maxSize)
	}
	if at.offset == 0 && l.limitHint > 0 {
		return sizeFor(l.limitHint, size)
	}
	return size
}

// page returns the query for a page.
func (l list) page(at place) url.Values {
	query := url.Values{}
	maps.Copy(query, l.query)
	query.Set("page_size", strconv.Itoa(at.size))
	query.Set("page", strconv.Itoa(at.offset/at.size+1))
	return query
}

func isPastTheEnd(err error) bool { return isAnswer(err, http.StatusNotFound, "Invalid page.") }
