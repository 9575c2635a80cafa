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

// mended returns a page without its malformed rows, if those broke it: it reads the page in halves. A malformed row
// takes about 2·log2(page size) requests.
func (r *pages[T]) mended(p page[T]) page[T] {
	if !isBrokenPage(p.err) || r.list.byName {
		if p.err != nil {
			p.count = r.count
		}
		return p
	}
	whole := page[T]{at: p.at, count: r.count, end: p.at.end()}
	if r.isOutage() {
		whole.err = outage(p.err)
		return whole
	}
	if whole.err = r.add(&whole, p); whole.count > 0 {
		whole.last = whole.last || whole.end >= whole.count
		whole.end = min(whole.end, whole.count)
	}
	return whole
}

// add adds the rows of a part to p. A broken part is read in halves; a single row is skipped, unless the list cannot be
// read beyond it.
func (r *pages[T]) add(p *page[T], part page[T]) error {
	switch {
	case part.err == nil:
		p.rows, p.bad, p.count = append(p.rows, part.rows...), append(p.bad, part.bad...), part.count
		return nil
	case isPastTheEnd(part.err):
		p.last = true
		return nil
	case !isBrokenPage(part.err):
		return part.err
	case part.at.size == 1:
		return r.skipMalformed(p, part)
	}
	for at := part.at; at.offset < part.at.end() && !p.last; at = at.next() {
		at = at.sized(min(part.at.size/2, part.at.end()-at.offset))
		again := 0
		if at.size == 1 {
			again = 1
		}
		if err := r.add(p, request[T](r.ctx, r.list, at, again, nil)); err != nil {
			return err
		}
	}
	return nil
}

// skipMalformed skips a malformed row.
func (r *pages[T]) skipMalformed(p *page[T], row page[T]) error {
	position := row.at.offset + 1
	truncated, err := r.isTruncated(row)
	switch {
	case err != nil:
		return err
	case truncated, r.skipped+len(p.bad) >= maxSkippedRows:
		return &TruncatedListError{List: r.list.title, Position: position, Count: p.count, Err: row.err}
	}
	p.bad = append(p.bad, &SkippedRowError{List: r.list.title, Position: position, Err: row.err})
	return nil
}

// isTruncated reports whether no row behind a malformed one can be read. It requests the next row, and then rows at
// doubling distances to the end of the list.
func (r *pages[T]) isTruncated(row page[T]) (bool, error) {
	if r.isOutage() {
		return false, outage(row.err)
	}
	for step := 1; row.at.offset+step < pastTheEnd.offset; step *= 2 {
		switch err := request[T](r.ctx, r.list, place{row.at.offset + step, 1}, 0, nil).err; {
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
func (r *pages[T]) isOutage() bool {
	return isBrokenPage(request[T](r.ctx, r.list, pastTheEnd, 0, nil).err)
}
