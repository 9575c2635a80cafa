package codecov

import (
	"bytes"
	"context"
	"errors"
	"net/http"

	"github.com/codecov-port/codecov-port/internal/httpclient"
)

// spoiledText is how Codecov answers, with status 500, to a page that holds a malformed row, and also where the git
// provider is dead. Both were recorded on an unmodified server.
const spoiledText = "Server Error (500)"

// tries gives an account for a request whose page may be spoiled: then it is asked for so many times more.
func tries(again int) *httpclient.Tries {
	return &httpclient.Tries{Again: again, Settled: func(status int, body []byte) bool {
		return status == http.StatusInternalServerError && bytes.Contains(body, []byte(spoiledText))
	}}
}

func isSpoiled(err error) bool {
	apiError := (*APIError)(nil)
	return errors.As(err, &apiError) && apiError.Status == http.StatusInternalServerError && apiError.Message == spoiledText
}

// salvage reads the rows of a page that Codecov cannot give whole, half by half, and leaves the bad ones out. For one
// bad row of a page that is some 2·log2(its size) requests; each further one adds no more.
type salvage[T any] struct {
	list list
	from int // rows before it have been given
	part part[T]
	bad  int  // rows that were left out of the list so far
	past bool // the end of the list was met
}

// salvaged gives what can be read of a spoiled page, from a row on.
func salvaged[T any](ctx context.Context, l list, page place, from int, spoiled error) part[T] {
	s := &salvage[T]{list: l, from: from, bad: l.state.leftOut}
	first, err := s.diagnose(ctx, page, spoiled)
	if err != nil {
		return part[T]{err: err}
	}
	s.part.err = s.halves(ctx, page, first)
	s.part.next = place{page.offset + page.size, page.size}
	s.part.more = s.part.err == nil && !s.past && (l.state.count == 0 || s.part.next.offset < l.state.count)
	l.state.leftOut = s.bad
	return s.part
}

// diagnose tells a bad row from an outage, of Codecov or of the git provider, by pages of one row at two places and by
// one past the end. It tells whether the page's first row can be read.
func (s *salvage[T]) diagnose(ctx context.Context, page place, spoiled error) (first bool, err error) {
	for i, at := range []place{{page.offset, 1}, {page.offset + page.size, 1}, pastTheEnd} {
		_, err := s.ask(ctx, at, 0)
		switch {
		case err == nil:
			return i == 0, nil
		case isPastTheEnd(err):
			return false, nil
		case !isSpoiled(err):
			return false, err
		}
	}
	return false, outageOf(spoiled)
}

// pastTheEnd is a place that no list reaches: no row can spoil the answer to it.
var pastTheEnd = place{1_000_000_000, 1}

func outageOf(spoiled error) error {
	apiError := (*APIError)(nil)
	if errors.As(spoiled, &apiError) {
		apiError.kind = ErrOutage
	}
	return spoiled
}

// halves reads a spoiled page by two pages of half its size; one of an odd size by its rows. Where all before the last
// of them are sound, the last one is known to be spoiled.
func (s *salvage[T]) halves(ctx context.Context, page place, firstIsSound bool) error {
	size := 1
	if page.size%2 == 0 {
		size = page.size / 2
	}
	bad, end := s.bad, page.offset+page.size
	for at := (place{page.offset, size}); at.offset < end && !s.past; at.offset += size {
		isLast := at.offset+size == end
		var err error
		switch {
		case at.offset+size <= s.from:
		case size == 1:
			err = s.single(ctx, at)
		case isLast && s.bad == bad, at.offset == page.offset && !firstIsSound:
			err = s.halves(ctx, at, at.offset > page.offset || firstIsSound)
		default:
			err = s.half(ctx, at)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *salvage[T]) half(ctx context.Context, at place) error {
	answer, err := s.ask(ctx, at, 0)
	if isSpoiled(err) {
		return s.halves(ctx, at, true)
	}
	return s.take(answer, at, err)
}

// single reads a page of one row. A bad one is left out, unless the list cannot be read beyond it.
func (s *salvage[T]) single(ctx context.Context, at place) error {
	answer, err := s.ask(ctx, at, 1)
	if !isSpoiled(err) {
		return s.take(answer, at, err)
	}
	stops, failure := s.stops(ctx, at, err)
	switch {
	case failure != nil:
		return failure
	case stops, s.bad >= mostLeftOut: // rows that cannot be decoded count, too, many at a time
		return &TruncatedListError{List: s.list.title, Position: at.offset + 1, Count: s.list.state.count, Err: err}
	}
	s.bad++
	s.part.bad = append(s.part.bad, &SkippedRowError{List: s.list.title, Position: at.offset + 1, Err: err})
	return nil
}

// stops tells whether no row behind a bad one can be read: it looks at the next one, and ever further on to the end.
func (s *salvage[T]) stops(ctx context.Context, at place, spoiled error) (bool, error) {
	if _, err := s.ask(ctx, pastTheEnd, 0); isSpoiled(err) {
		return false, outageOf(spoiled)
	}
	for step := 1; at.offset+step < pastTheEnd.offset; step *= 2 {
		_, err := s.ask(ctx, place{at.offset + step, 1}, 0)
		switch {
		case err == nil:
			return false, nil
		case isPastTheEnd(err):
			return step > 1, nil
		case !isSpoiled(err):
			return false, err
		}
	}
	return true, nil
}

func (s *salvage[T]) ask(ctx context.Context, at place, again int) (page[T], error) {
	var answer page[T]
	err := s.list.client.get(ctx, tries(again), s.list.segments, s.list.page(at), &answer)
	if err == nil {
		s.list.state.counted(answer.Count)
	}
	return answer, err
}

// take adds a page's rows to what was salvaged.
func (s *salvage[T]) take(answer page[T], at place, err error) error {
	if isPastTheEnd(err) {
		s.past = true
		return nil
	}
	if err != nil {
		return err
	}
	rows, bad := answer.from(s.from, at, s.list.title)
	s.part.rows, s.part.bad = append(s.part.rows, rows...), append(s.part.bad, bad...)
	s.bad += len(bad)
	return nil
}
