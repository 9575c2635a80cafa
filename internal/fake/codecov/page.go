package codecov

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strconv"
)

const defaultPageSize = 20

// page is the part of a list that a request asks for.
type page struct {
	number, pages int
	from, to      int // rows, to excluded
	count         int
}

// page reads page and page_size: a size that is no number above 0 is 20, a number that isn't one of a page is refused.
func (c call) page(count int) (page, bool) {
	size, err := strconv.Atoi(c.last("page_size"))
	if err != nil || size < 1 {
		size = defaultPageSize
	}
	size = min(size, max(count, 1))
	p := page{count: count, pages: max(1, (count+size-1)/size), number: 1}
	switch text := c.last("page"); text {
	case "":
	case "last":
		p.number = p.pages
	default:
		if p.number, err = strconv.Atoi(text); err != nil {
			return page{}, false
		}
	}
	p.from = (p.number - 1) * size
	p.to = min(p.from+size, count)
	return p, 1 <= p.number && p.number <= p.pages
}

// respond renders the page. appendRow appends the row with this index in the whole list.
func (p page) respond(c call, appendRow func(body []byte, i int) []byte) answer {
	body := make([]byte, 0, 512+600*(p.to-p.from))
	body = fmt.Appendf(body, `{"count":%d,"next":%s,"previous":%s,"results":[`, p.count, p.address(c, p.number+1), p.address(c, p.number-1))
	for i := p.from; i < p.to; i++ {
		if i > p.from {
			body = append(body, ',')
		}
		body = appendRow(body, i)
	}
	body = fmt.Appendf(body, `],"total_pages":%d}`, p.pages)
	return answer{status: http.StatusOK, body: body, rows: p.to - p.from}
}

// address returns the absolute address of another page as JSON. It says http even where Codecov is reached by https,
// as the real one does, and leaves page=1 out.
func (p page) address(c call, number int) string {
	if number < 1 || number > p.pages {
		return "null"
	}
	others := maps.Clone(c.query)
	others.Del("page")
	if number > 1 {
		others.Set("page", strconv.Itoa(number))
	}
	return quote((&url.URL{Scheme: "http", Host: c.Host, Path: c.URL.Path, RawQuery: others.Encode()}).String())
}
