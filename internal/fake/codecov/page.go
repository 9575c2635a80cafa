package codecov

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

const defaultPageSize = 20

// page is the part of a list that a request asks for.
type page struct {
	number, pages int
	from, to      int // rows, to excluded
	count         int
}

// pageOf reads page and page_size: a size that is no number above 0 is 20, a number that isn't one of a page is refused.
func pageOf(q query, count int) (page, bool) {
	size, ok := wholeNumber(q.last("page_size"))
	if !ok || size < 1 {
		size = defaultPageSize
	}
	size = min(size, max(count, 1))
	p := page{count: count, pages: max(1, (count+size-1)/size), number: 1}
	switch text := q.last("page"); text {
	case "":
	case "last":
		p.number = p.pages
	default:
		if p.number, ok = wholeNumber(text); !ok {
			return page{}, false
		}
	}
	if p.number < 1 || p.number > p.pages {
		return page{}, false
	}
	p.from = (p.number - 1) * size
	p.to = min(p.from+size, count)
	return p, true
}

// respond renders the page. appendRow appends the row with this index in the whole list.
func (p page) respond(r *http.Request, q query, appendRow func(body []byte, i int) []byte) answer {
	body := make([]byte, 0, 512+600*(p.to-p.from))
	body = append(body, `{"count":`...)
	body = strconv.AppendInt(body, int64(p.count), 10)
	body = append(body, `,"next":`...)
	body = p.appendAddress(body, r, q, p.number+1)
	body = append(body, `,"previous":`...)
	body = p.appendAddress(body, r, q, p.number-1)
	body = append(body, `,"results":[`...)
	for i := p.from; i < p.to; i++ {
		if i > p.from {
			body = append(body, ',')
		}
		body = appendRow(body, i)
	}
	body = append(body, `],"total_pages":`...)
	body = strconv.AppendInt(body, int64(p.pages), 10)
	body = append(body, '}')
	return answer{status: http.StatusOK, body: body, rows: p.to - p.from}
}

// appendAddress appends the absolute address of another page. It says http even where Codecov is reached by https,
// as the real one does, and leaves page=1 out.
func (p page) appendAddress(body []byte, r *http.Request, q query, number int) []byte {
	if number < 1 || number > p.pages {
		return append(body, "null"...)
	}
	others := url.Values{}
	for name, values := range q {
		others[name] = values
	}
	delete(others, "page")
	if number > 1 {
		others.Set("page", strconv.Itoa(number))
	}
	address := absolute(r, r.URL.Path)
	if len(others) > 0 {
		address += "?" + others.Encode()
	}
	return append(body, quote(address)...)
}

// absolute returns an address of this server as the real one writes it.
func absolute(r *http.Request, path string) string {
	return "http://" + r.Host + escapePath(path)
}

// escapePath escapes what Django's escape_uri_path does.
func escapePath(path string) string {
	var escaped strings.Builder
	for i := range len(path) {
		if char := path[i]; isPlain(char) {
			escaped.WriteByte(char)
		} else {
			escaped.WriteString("%" + strings.ToUpper(strconv.FormatInt(int64(char)+0x100, 16)[1:]))
		}
	}
	return escaped.String()
}

func isPlain(char byte) bool {
	return 'a' <= char && char <= 'z' || 'A' <= char && char <= 'Z' || '0' <= char && char <= '9' ||
		strings.IndexByte("/:@&+$,-_.!~*'()", char) >= 0
}
