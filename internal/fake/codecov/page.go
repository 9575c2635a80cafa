package codecov

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
)

// page is the part of a list that a request asks for.
type page struct {
	number, pages int
	from, to      int // rows, to excluded
}

// page reads page and page_size: a size that is no number above 0 is 20, a number that isn't one of a page is refused.
func (c call) page(count int) (p page, refusal *answer) {
	size, err := strconv.Atoi(c.last("page_size"))
	if err != nil || size < 1 {
		size = 20
	}
	size = min(size, max(count, 1))
	p = page{pages: max(1, (count+size-1)/size), number: 1}
	switch text := c.last("page"); text {
	case "":
	case "last":
		p.number = p.pages
	default:
		p.number, _ = strconv.Atoi(text) // 0 is refused
	}
	if p.number < 1 || p.number > p.pages {
		return page{}, detailed(http.StatusNotFound, "Invalid page.")
	}
	p.from = (p.number - 1) * size
	p.to = min(p.from+size, count)
	return p, nil
}

// respond answers with the page of a list.
func (p page) respond(c call, rows Rows) *answer {
	body := make([]byte, 0, 512+600*(p.to-p.from))
	body = fmt.Appendf(body, `{"count":%d,"next":%s,"previous":%s,"results":[`, rows.Len, p.address(c, p.number+1), p.address(c, p.number-1))
	for i := p.from; i < p.to; i++ {
		if i > p.from {
			body = append(body, ',')
		}
		body = append(body, rows.Row(i)...)
	}
	body = fmt.Appendf(body, `],"total_pages":%d}`, p.pages)
	return &answer{status: http.StatusOK, body: body, rows: p.to - p.from}
}

// address returns the absolute address of another page as JSON. It is http even where Codecov is reached by https,
// as the real one's, and leaves page=1 out.
func (p page) address(c call, number int) []byte {
	if number < 1 || number > p.pages {
		return []byte("null")
	}
	others := maps.Clone(c.query)
	others.Del("page")
	if number > 1 {
		others.Set("page", strconv.Itoa(number))
	}
	return encode((&url.URL{Scheme: "http", Host: c.request.Host, Path: c.request.URL.Path, RawQuery: others.Encode()}).String())
}

// answer is what a request gets.
type answer struct {
	status    int
	body      []byte
	mediaType string // empty is JSON
	rows      int    // in the body
	challenge bool   // with WWW-Authenticate
}

// detailed is an error of the API's views.
func detailed(status int, text string) *answer {
	return &answer{status: status, body: encode(map[string]string{"detail": text})}
}

// challenged is a 401 because of the Codecov token itself.
func challenged(text string) *answer {
	refusal := detailed(http.StatusUnauthorized, text)
	refusal.challenge = true
	return refusal
}

// failed is an error from outside of the views, with a blank.
func failed(status int, text string) *answer {
	return &answer{status: status, body: fmt.Appendf(nil, `{"error": %q}`, text)}
}

func serverError() *answer { return failed(http.StatusInternalServerError, "Server Error (500)") }

// encode writes JSON as the API does: compact, and with &, < and > as they are. The values passed to it can't fail.
func encode(value any) []byte {
	var body bytes.Buffer
	encoder := json.NewEncoder(&body)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(value)
	return bytes.TrimRight(body.Bytes(), "\n")
}

func (a answer) write(w http.ResponseWriter) {
	header := w.Header()
	header.Set("Content-Type", cmp.Or(a.mediaType, "application/json"))
	header.Set("Content-Length", strconv.Itoa(len(a.body)))
	if a.challenge {
		header.Set("WWW-Authenticate", "Bearer")
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body) // a client that left is no concern of the server's
}

// orderTies returns the rows of a list in the order of PostgreSQL for a page that ends at a row. In the first half of
// the list, the order of rows of equal time depends on where the page ends (a heap of the first rows). Later pages agree
// with each other (quicksort). Recordings show this for three page sizes; at other sizes it is a model.
func orderTies(rows Rows, end int) Rows {
	if 2*end >= rows.Len {
		return rows
	}
	order := make([]int, rows.Len)
	times := make([]string, rows.Len)
	for i := range order {
		commit, _ := readCommit(rows.Row(i))
		order[i], times[i] = i, commit.Timestamp
	}
	random := rand.New(rand.NewPCG(uint64(end), 1))
	for first := 0; first < rows.Len; {
		next := first + 1
		for next < rows.Len && times[next] == times[first] {
			next++
		}
		group := order[first:next]
		random.Shuffle(len(group), func(i, j int) { group[i], group[j] = group[j], group[i] })
		first = next
	}
	return Rows{rows.Len, func(i int) json.RawMessage { return rows.Row(order[i]) }}
}
