package codecov

import (
	"fmt"
	"maps"
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
