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

// bisect reads a broken page in halves and skips its malformed rows. One of them takes about 2·log2(page size) requests.
// Rows before position first are not returned. count is the length of the list, 0 if unknown, and skipped is the number
// of rows that have been skipped before.
func bisect[T any](ctx context.Context, l list, page place, first, count, skipped int, broken error) pageRows[T] {
	b := &bisection[T]{list: l, first: first, skipped: skipped, result: pageRows[T]{count: count}}
	firstRowOK, err := b.probe(ctx, page, broken)
	if err != nil {
		return pageRows[T]{count: count, err: err}
	}
	p := &b.result
	p.err = b.readHalves(ctx, page, firstRowOK)
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

// probe tells a malformed row from an outage: in an outage, single rows at both ends of the page and a page past the
// end of the list fail, too. It reports whether the page's first row can be read.
func (b *bisection[T]) probe(ctx context.Context, page place, broken error) (firstRowOK bool, err error) {
	for i, at := range []place{{page.offset, 1}, {page.offset + page.size, 1}, pastTheEnd} {
		_, err := b.get(ctx, at, 0)
		switch {
		case err == nil:
			return i == 0, nil
		case isPastTheEnd(err):
			return false, nil
		case !isBrokenPage(err):
			return false, err
		}
	}
	return false, outage(broken)
}

// readHalves reads a broken page as two pages of half its size, or as single rows if its size is odd. If all parts but
// the last can be read, the last one must be broken and is not requested.
func (b *bisection[T]) readHalves(ctx context.Context, page place, firstRowOK bool) error {
	size := 1
	if page.size%2 == 0 {
		size = page.size / 2
	}
	skipped, end := b.skipped, page.offset+page.size
	for at := (place{page.offset, size}); at.offset < end && !b.ended; at.offset += size {
		isFirst, isLast := at.offset == page.offset, at.offset+size == end
		var err error
		switch {
		case at.offset+size <= b.first:
		case size == 1:
			err = b.readRow(ctx, at)
		case isLast && b.skipped == skipped, isFirst && !firstRowOK:
			err = b.readHalves(ctx, at, firstRowOK || !isFirst)
		default:
			err = b.readHalf(ctx, at)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (b *bisection[T]) readHalf(ctx context.Context, at place) error {
	answer, err := b.get(ctx, at, 0)
	if isBrokenPage(err) {
		return b.readHalves(ctx, at, true)
	}
	return b.add(answer, at, err)
}

// readRow reads a page of one row. It skips a malformed row, unless the list cannot be read beyond it.
func (b *bisection[T]) readRow(ctx context.Context, at place) error {
	answer, err := b.get(ctx, at, 1)
	if !isBrokenPage(err) {
		return b.add(answer, at, err)
	}
	truncated, failure := b.isTruncated(ctx, at, err)
	switch {
	case failure != nil:
		return failure
	case truncated, b.skipped >= maxSkippedRows:
		return &TruncatedListError{List: b.list.title, Position: at.offset + 1, Count: b.result.count, Err: err}
	}
	b.skipped++
	b.result.bad = append(b.result.bad, &SkippedRowError{List: b.list.title, Position: at.offset + 1, Err: err})
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

// add adds the rows of a page to the result.
func (b *bisection[T]) add(answer page[T], at place, err error) error {
	if isPastTheEnd(err) {
		b.ended = true
		return nil
	}
	if err != nil {
		return err
	}
	rows, bad := answer.split(b.first, at, b.list.title)
	b.result.rows, b.result.bad = append(b.result.rows, rows...), append(b.result.bad, bad...)
	b.skipped += len(bad)
	return nil
}
