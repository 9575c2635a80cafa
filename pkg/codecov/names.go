package codecov

import (
	"context"
	"iter"
	"net/url"
)

// longestRequestLine is what the server takes, in bytes; a longer line is answered with 400. The limit was found
// with an unmodified server.
const longestRequestLine = 4094

// named gives the repositories of these names: with a request for as many names as its line can hold, one after the other.
func named(ctx context.Context, all list, names []string) iter.Seq2[Repository, error] {
	return func(yield func(Repository, error) bool) {
		room, err := all.room()
		if err != nil {
			yield(Repository{}, err)
			return
		}
		for group := range groups(names, room) {
			some := all
			some.query = url.Values{"names": group}
			for repository, err := range rows[Repository](ctx, some) {
				if !yield(repository, err) || err != nil {
					return
				}
			}
		}
	}
}

// room gives how many bytes of a request line are left for a list's filter.
func (l list) room() (int, error) {
	const longest = "1000000000"
	address, err := l.client.address(l.segments, url.Values{"page": {longest}, "page_size": {longest}})
	if err != nil {
		return 0, err
	}
	return longestRequestLine - len("GET "+address.RequestURI()+"& HTTP/1.1"), nil
}

// groups splits names, in their order, so that each group fits the room when it stands in a query. A name that is
// too long by itself gets a group of its own.
func groups(names []string, room int) iter.Seq[[]string] {
	return func(yield func([]string) bool) {
		first, length := 0, 0
		for i, name := range names {
			size := len("names=&") + len(url.QueryEscape(name))
			if i > first && length+size > room {
				if !yield(names[first:i]) {
					return
				}
				first, length = i, 0
			}
			length += size
		}
		yield(names[first:])
	}
}
