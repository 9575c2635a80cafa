package codecov

import (
	"cmp"
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
	skipped   func(*SkippedRowError) // nil if a skipped row ends the list
	counted   func(count int)        // optional
}

// address returns the address of a page.
func (l list) address(at place) (*url.URL, error) {
	query := url.Values{}
	maps.Copy(query, l.query)
	query.Set("page_size", strconv.Itoa(at.size))
	query.Set("page", strconv.Itoa(at.offset/at.size+1))
	return l.client.address(l.segments, query)
}

// place is the position of a page in a list. Its offset is a multiple of its size.
type place struct{ offset, size int }

// end returns the position after the page's last row.
func (p place) end() int { return p.offset + p.size }

// next returns the place after p.
func (p place) next() place { return place{p.end(), p.size} }

// sized returns the largest page at the offset of p with at most maxSize rows.
func (p place) sized(maxSize int) place {
	p.size = maxSize
	for p.offset%p.size != 0 {
		p.size--
	}
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

// page is what was read of a list with one request, or with several if rows are malformed. It has no "next", because
// that is an http:// address in the cloud: following it would send the token in clear text.
type page[T any] struct {
	at    place
	rows  []T
	bad   []*SkippedRowError
	err   error
	count int  // rows of the whole list
	end   int  // position after the last row
	last  bool // there are no rows behind it

	moved  bool // the list has changed since the page before
	shrank bool // it has lost rows since then
}

// request requests the page at a place. A broken page is requested again that often. If the server fails as if the page
// were too large, smaller returns the place to request instead: the same one is retried as usual, the zero place fails.
// Without it, every page is retried.
func request[T any](ctx context.Context, l list, at place, again int, smaller func(now place, lastChance bool) place) page[T] {
	p := page[T]{at: at}
	address, err := l.address(at)
	if err != nil {
		p.err = err
		return p
	}
	r := httpclient.Request{
		URL:    address,
		Decode: func(body []byte) error { return p.decode(body, l.title) },
		Final: func(status int, body []byte) bool {
			broken := isBroken(status, body)
			if broken {
				again--
			}
			return broken && again < 0
		},
	}
	if smaller != nil {
		r.Smaller = func(lastChance bool) *url.URL {
			switch at := smaller(p.at, lastChance); at {
			case p.at:
			case place{}:
				address = nil
			default:
				p.at = at
				address, _ = l.address(at) // only the place differs
			}
			return address
		}
	}
	p.err = l.client.get(ctx, r)
	return p
}

func isPastTheEnd(err error) bool { return isAnswer(err, http.StatusNotFound, "Invalid page.") }

// decode reads the page. A row that cannot be decoded, a number beyond 64 bits for example, does not affect the others.
func (p *page[T]) decode(body []byte, title string) error {
	var answer struct {
		Count   int
		Results []T
	}
	err, syntax := json.Unmarshal(body, &answer), (*json.SyntaxError)(nil)
	if errors.As(err, &syntax) {
		return err
	}
	p.count, p.rows, p.bad = answer.Count, answer.Results, nil
	if err != nil {
		var raw struct {
			Count   int
			Results []json.RawMessage
		}
		if json.Unmarshal(body, &raw) != nil || raw.Results == nil {
			return err
		}
		p.count, p.rows = raw.Count, []T{}
		for i, text := range raw.Results {
			var row T
			if err := json.Unmarshal(text, &row); err != nil {
				p.bad = append(p.bad, &SkippedRowError{
					List: title, Position: p.at.offset + i + 1, Name: nameOf(text), Err: httpclient.DecodeError(err),
				})
				continue
			}
			p.rows = append(p.rows, row)
		}
	}
	if p.rows == nil {
		return errors.New("answer has no list") // an empty list is an empty array
	}
	p.end = p.at.offset + len(p.rows) + len(p.bad)
	p.last = p.end == p.at.offset || p.at.end() >= p.count
	return nil
}

// nameOf returns the name of a repository or the id of a commit, or "".
func nameOf(row []byte) string {
	var fields struct{ Name, CommitID any }
	_ = json.Unmarshal(row, &fields)
	name, _ := fields.Name.(string)
	id, _ := fields.CommitID.(string)
	return cmp.Or(id, name)
}
