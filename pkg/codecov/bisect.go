package codecov

import (
	"bytes"
	"context"
	"errors"
	"net/http"

	"github.com/codecov-port/codecov-port/internal/httpclient"
)

// brokenPageText is Codecov's answer, with status 500, to a page with a malformed row, and also while the git provider
// is down. Both were recorded on an unmodified server.
const brokenPageText = "Server Error (500)"

// maxSkippedRows is the maximum number of malformed rows of one list, so that a list of nothing else takes a bounded
// number of requests.
const maxSkippedRows = 100

// pastTheEnd is a place beyond every list: no malformed row can break the answer.
var pastTheEnd = place{1_000_000_000, 1}

// newTries returns the attempts of a request. A broken page is requested again only that often.
func newTries(again int) *httpclient.Tries {
	return &httpclient.Tries{Again: again, Settled: func(status int, body []byte) bool {
		return status == http.StatusInternalServerError && bytes.Contains(body, []byte(brokenPageText))
	}}
}

func isBrokenPage(err error) bool {
	return isAnswer(err, http.StatusInternalServerError, brokenPageText)
}

// outage marks the error of a broken page as one of the whole service.
func outage(broken error) error {
	apiError := (*APIError)(nil)
	if errors.As(broken, &apiError) {
		apiError.Err = ErrOutage
	}
	return broken
}

// bisect reads a broken page in halves and skips its malformed rows. One of them takes about 2·log2(page size)
// requests. Rows before position first are not returned. count is the length of the list, 0 if unknown, and skipped
// is the number of rows that have been skipped before.
func bisect[T any](ctx context.Context, l list, page place, first, count, skipped int, broken error) pageRows[T] {
	b := &bisection[T]{list: l, first: first, skipped: skipped, result: pageRows[T]{count: count}}
	p := &b.result
	if _, p.err = b.get(ctx, pastTheEnd, 0); isBrokenPage(p.err) {
		p.err = outage(broken)
		return *p
	}
	p.err = b.readHalves(ctx, page, broken)
	p.next, p.end = page.next(), page.end()
	if p.count > 0 {
		p.end = min(p.end, p.count)
	}
	p.more = p.err == nil && !b.ended && (p.count == 0 || p.next.offset < p.count)
	return *p
}

type bisection[T any] struct {
	list    list
	first   int
	skipped int // rows, those before the page included
	result  pageRows[T]
	ended   bool // the end of the list was reached
}

// readHalves reads a broken page as two pages of half its size, or as single rows if its size is odd. A page of one row
// is skipped, unless the list cannot be read beyond it.
func (b *bisection[T]) readHalves(ctx context.Context, page place, broken error) error {
	if page.size == 1 {
		return b.skip(ctx, page, broken)
	}
	size := 1
	if page.size%2 == 0 {
		size = page.size / 2
	}
	for at := (place{page.offset, size}); at.offset < page.end() && !b.ended; at = at.next() {
		if at.end() <= b.first {
			continue
		}
		again := 0
		if size == 1 {
			again = 1
		}
		answer, err := b.get(ctx, at, again)
		switch {
		case isPastTheEnd(err):
			b.ended = true
		case isBrokenPage(err):
			err = b.readHalves(ctx, at, err)
			if err != nil {
				return err
			}
		case err != nil:
			return err
		default:
			rows, bad := answer.split(b.first, at, b.list.title)
			b.result.rows, b.result.bad = append(b.result.rows, rows...), append(b.result.bad, bad...)
			b.skipped += len(bad)
		}
	}
	return nil
}

// skip skips a malformed row.
func (b *bisection[T]) skip(ctx context.Context, at place, broken error) error {
	truncated, err := b.isTruncated(ctx, at, broken)
	switch {
	case err != nil:
		return err
	case truncated, b.skipped >= maxSkippedRows:
		return &TruncatedListError{List: b.list.title, Position: at.offset + 1, Count: b.result.count, Err: broken}
	}
	b.skipped++
	b.result.bad = append(b.result.bad, &SkippedRowError{List: b.list.title, Position: at.offset + 1, Err: broken})
	return nil
}

// isTruncated reports whether no row behind a malformed one can be read. It requests the next row, and then rows at
// doubling distances to the end of the list.
func (b *bisection[T]) isTruncated(ctx context.Context, at place, broken error) (bool, error) {
	if _, err := b.get(ctx, pastTheEnd, 0); isBrokenPage(err) {
		return false, outage(broken)
	}
	for step := 1; at.offset+step < pastTheEnd.offset; step *= 2 {
		_, err := b.get(ctx, place{at.offset + step, 1}, 0)
		switch {
		case err == nil:
			return false, nil
		case isPastTheEnd(err):
			return step > 1, nil
		case !isBrokenPage(err):
			return false, err
		}
	}
	return true, nil
}

func (b *bisection[T]) get(ctx context.Context, at place, again int) (page[T], error) {
	var answer page[T]
	err := b.list.client.get(ctx, newTries(again), b.list.segments, b.list.page(at), answer.decode)
	if err == nil {
		b.result.count = answer.Count
	}
	return answer, err
}
