package codecov

import (
	"net/url"
	"strconv"
)

// query is a decoded query string.
type query map[string][]string

// parseQuery decodes a query string. Fields with a bad escape are ignored.
func parseQuery(raw string) query {
	values, _ := url.ParseQuery(raw)
	return query(values)
}

// last returns the last value of a repeated parameter, or "" where it is missing.
func (q query) last(name string) string {
	values := q[name]
	if len(values) == 0 {
		return ""
	}
	return values[len(values)-1]
}

// wholeNumber reads a decimal number and reports whether text is one.
func wholeNumber(text string) (n int, ok bool) {
	n, err := strconv.Atoi(text)
	return n, err == nil
}
