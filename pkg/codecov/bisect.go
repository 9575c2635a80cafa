package codecov

import (
	"bytes"
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
// requests. Rows before position first of the list are not returned.
func (r *reader[T]) bisect(page place, first int, broken error) pageRows[T] {
	p := pageRows[T]{count: r.count}
	if r.isOutage() {
		p.err = outage(broken)
		return p
	}
	p.next, p.end, p.more = page.next(), page.end(), true
	p.err = r.readHalves(&p, page, first, broken)
	if p.count > 0 {
		p.end = min(p.end, p.count)
	}
	p.more = p.more && p.err == nil && (p.count == 0 || p.next.offset < p.count)
	return p
}

// readHalves reads a broken page as two pages of half its size, or as single rows if its size is odd, and adds the rows
// to p. A page of one row is skipped, unless the list cannot be read beyond it.
func (r *reader[T]) readHalves(p *pageRows[T], page place, first int, broken error) error {
	if page.size == 1 {
		return r.skipMalformed(p, page, broken)
	}
	size, again := page.size/2, 0
	if page.size%2 != 0 {
		size = 1
	}
	if size == 1 {
		again = 1
	}
	for at := (place{page.offset, size}); at.offset < page.end() && p.more; at = at.next() {
		if at.end() <= first {
			continue
		}
		answer, err := r.getPart(p, at, again)
		switch {
		case isPastTheEnd(err):
			p.more = false
		case isBrokenPage(err):
			if err := r.readHalves(p, at, first, err); err != nil {
				return err
			}
		case err != nil:
			return err
		default:
			rows, bad := answer.split(first, at, r.list.title)
			p.rows, p.bad = append(p.rows, rows...), append(p.bad, bad...)
		}
	}
	return nil
}

// skipMalformed skips a malformed row.
func (r *reader[T]) skipMalformed(p *pageRows[T], at place, broken error) error {
	truncated, err := r.isTruncated(p, at, broken)
	switch {
	case err != nil:
		return err
	case truncated, r.skipped+len(p.bad) >= maxSkippedRows:
		return &TruncatedListError{List: r.list.title, Position: at.offset + 1, Count: p.count, Err: broken}
	}
	p.bad = append(p.bad, &SkippedRowError{List: r.list.title, Position: at.offset + 1, Err: broken})
	return nil
}

// isTruncated reports whether no row behind a malformed one can be read. It requests the next row, and then rows at
// doubling distances to the end of the list.
func (r *reader[T]) isTruncated(p *pageRows[T], at place, broken error) (bool, error) {
	if r.isOutage() {
		return false, outage(broken)
	}
	for step := 1; at.offset+step < pastTheEnd.offset; step *= 2 {
		_, err := r.getPart(p, place{at.offset + step, 1}, 0)
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

// isOutage reports whether the list fails where no row can break the answer.
func (r *reader[T]) isOutage() bool {
	return isBrokenPage(request[T](r.ctx, r.list, pastTheEnd, newTries(0)).err)
}

// getPart reads a part of the broken page p, and what it shows of the length of the list.
func (r *reader[T]) getPart(p *pageRows[T], at place, again int) (page[T], error) {
	response := request[T](r.ctx, r.list, at, newTries(again))
	if response.err == nil {
		p.count = response.page.Count
	}
	return response.page, response.err
}
