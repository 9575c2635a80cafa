package codecov

import (
	"bytes"
	"errors"
	"net/http"
)

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

// bisect reads a broken page in halves and skips its malformed rows. One of them takes about 2·log2(page size)
// requests. Rows before position first of the list are dropped.
func (r *reader[T]) bisect(broken page[T], first int) page[T] {
	p := page[T]{at: broken.at, count: r.count}
	if r.isOutage() {
		p.err = outage(broken.err)
		return p
	}
	p.err = r.readHalves(&p, p.at, first, broken.err)
	p.end = p.at.end()
	if p.count > 0 {
		p.last = p.last || p.end >= p.count
		p.end = min(p.end, p.count)
	}
	return p
}

// readHalves reads a broken page as two pages of half its size, or as single rows if its size is odd, and adds the rows
// to p. A page of one row is skipped, unless the list cannot be read beyond it.
func (r *reader[T]) readHalves(p *page[T], whole place, first int, broken error) error {
	if whole.size == 1 {
		return r.skipMalformed(p, whole, broken)
	}
	size, again := whole.size/2, 0
	if whole.size%2 != 0 {
		size = 1
	}
	if size == 1 {
		again = 1
	}
	for at := (place{whole.offset, size}); at.offset < whole.end() && !p.last; at = at.next() {
		if at.end() <= first {
			continue
		}
		part := r.readPart(p, at, first, again)
		switch {
		case isPastTheEnd(part.err):
			p.last = true
		case isBrokenPage(part.err):
			if err := r.readHalves(p, at, first, part.err); err != nil {
				return err
			}
		case part.err != nil:
			return part.err
		default:
			p.rows, p.bad = append(p.rows, part.rows...), append(p.bad, part.bad...)
		}
	}
	return nil
}

// skipMalformed skips a malformed row.
func (r *reader[T]) skipMalformed(p *page[T], at place, broken error) error {
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
func (r *reader[T]) isTruncated(p *page[T], at place, broken error) (bool, error) {
	if r.isOutage() {
		return false, outage(broken)
	}
	for step := 1; at.offset+step < pastTheEnd.offset; step *= 2 {
		switch err := r.readPart(p, place{at.offset + step, 1}, 0, 0).err; {
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
	return isBrokenPage(request[T](r.ctx, r.list, pastTheEnd, 0, 0, nil).err)
}

// readPart reads a part of the broken page p, and what it shows of the length of the list.
func (r *reader[T]) readPart(p *page[T], at place, first, again int) page[T] {
	part := request[T](r.ctx, r.list, at, first, again, nil)
	if part.err == nil {
		p.count = part.count
	}
	return part
}
