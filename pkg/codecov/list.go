package codecov

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"strconv"

	"github.com/codecov-port/codecov-port/internal/httpclient"
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
}

// place is the position of a page in a list. Its offset is a multiple of its size.
type place struct{ offset, size int }

// end returns the position after the page's last row.
func (p place) end() int { return p.offset + p.size }

// next returns the place after p.
func (p place) next() place { return place{p.end(), p.size} }

// resized returns the page to request at p with a size of at most maxSize. The size doubles only if the offset is a
// multiple of the double. If the offset is not a multiple of a smaller size, since the size was not a power of
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

// covering returns the smallest page that contains the positions from first to before end.
func covering(first, end int) place {
	size := end - first
	for first/size != (end-1)/size {
		size++
	}
	return place{first - first%size, size}
}

// response is the outcome of requesting a page.
type response[T any] struct {
	page  page[T]
	at    place
	tries *httpclient.Tries
	err   error
}

// request requests one page. tries.GaveUp reports whether the page may be too large for the server.
func request[T any](ctx context.Context, l list, at place, tries *httpclient.Tries) response[T] {
	r := response[T]{at: at, tries: tries}
	r.err = l.client.get(ctx, tries, l.segments, l.page(at), r.page.decode)
	return r
}

// page returns the query for a page.
func (l list) page(at place) url.Values {
	query := url.Values{}
	maps.Copy(query, l.query)
	query.Set("page_size", strconv.Itoa(at.size))
	query.Set("page", strconv.Itoa(at.offset/at.size+1))
	return query
}

// tries returns the attempts of a new request for a page of that size.
func (l list) tries(size int) *httpclient.Tries {
	again := 1
	if l.once {
		again = 0
	}
	tries := newTries(again)
	tries.Hurry = size > minShrunkSize
	return tries
}

// sizeAt returns the maximum size of the page at a place.
func (l list) sizeAt(at place) int {
	size := l.client.size.current()
	if l.maxSize > 0 {
		size = min(size, l.maxSize)
	}
	switch {
	case l.limitHint == 0 && at.size > 0:
		return min(size, at.size) // pages that are read ahead would all have to be read again if the size were too large
	case l.limitHint > 0 && at.offset == 0:
		return sizeFor(l.limitHint, size)
	}
	return size
}

func isPastTheEnd(err error) bool { return isAnswer(err, http.StatusNotFound, "Invalid page.") }

// page is the body of a page of any list. It has no "next", because that is an http:// address in the cloud: following
// it would send the token in clear text.
type page[T any] struct {
	Count   int `json:"count"` // rows of the whole list
	Results []T `json:"results"`

	bad map[int]*SkippedRowError // rows that cannot be decoded, by their index in Results
}

// errNoList: an empty list is an empty array, so an answer without an array is none.
var errNoList = errors.New("answer has no list")

// decode reads the page. A row that cannot be decoded, a number beyond 64 bits for example, does not affect the others.
func (p *page[T]) decode(body []byte) error {
	err := json.Unmarshal(body, p)
	if err == nil && p.Results == nil {
		return errNoList
	}
	if syntax := (*json.SyntaxError)(nil); err == nil || errors.As(err, &syntax) {
		return err
	}
	var raw struct {
		Count   int               `json:"count"`
		Results []json.RawMessage `json:"results"`
	}
	if json.Unmarshal(body, &raw) != nil || raw.Results == nil {
		return err
	}
	p.Count, p.Results = raw.Count, make([]T, len(raw.Results))
	p.bad = make(map[int]*SkippedRowError)
	for i, row := range raw.Results {
		if err := json.Unmarshal(row, &p.Results[i]); err != nil {
			p.bad[i] = &SkippedRowError{Name: nameOf(row), Err: decodeError(err)}
		}
	}
	return nil
}

// nameOf returns the name of a repository or the id of a commit, or "".
func nameOf(row []byte) string {
	var fields struct {
		Name     any `json:"name"`
		CommitID any `json:"commitid"`
	}
	_ = json.Unmarshal(row, &fields)
	if id, ok := fields.CommitID.(string); ok {
		return id
	}
	name, _ := fields.Name.(string)
	return name
}

// split returns the page's rows from position first of the list on, and apart from them those that cannot be read.
func (p *page[T]) split(first int, at place, title string) (rows []T, bad []*SkippedRowError) {
	start := max(0, min(first-at.offset, len(p.Results)))
	if len(p.bad) == 0 {
		return p.Results[start:], nil
	}
	for i := start; i < len(p.Results); i++ {
		if row := p.bad[i]; row != nil {
			row.List, row.Position = title, at.offset+i+1
			bad = append(bad, row)
			continue
		}
		rows = append(rows, p.Results[i])
	}
	return rows, bad
}
