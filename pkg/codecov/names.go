package codecov

import (
	"context"
	"iter"
	"net/url"
)

// longestRequestLine is what the server takes, in bytes; a longer line is answered with 400. The limit was found
// with an unmodified server.
const longestRequestLine = 4094

// named gives the repositories of these names: with a request for as many names as its line can hold, one after the
// other. Where a row spoils the answer, halves of its names are asked for, so that one name is left out at the end: that
// reaches also what lies behind a row that the whole list stops at.
func named(ctx context.Context, all list, names []string) iter.Seq2[Repository, error] {
	return func(yield func(Repository, error) bool) {
		room, err := all.room()
		if err != nil {
			yield(Repository{}, err)
			return
		}
		all.named = true
		n := &naming{ctx: ctx, list: all, yield: yield}
		for group := range groups(names, room) {
			if !n.ask(group, false) {
				return
			}
		}
	}
}

// naming is the asking for repositories by name.
type naming struct {
	ctx   context.Context
	list  list
	yield func(Repository, error) bool
}

// ask gives the repositories of some names, and tells whether to go on.
func (n *naming) ask(names []string, hasty bool) bool {
	some := n.list
	some.query, some.hasty = url.Values{"names": names}, hasty
	for repository, err := range rows(n.ctx, some, repositoryName) {
		if isSpoiled(err) {
			return n.part(names, err)
		}
		if !n.yield(repository, err) || err != nil {
			return false
		}
	}
	return true
}

// part goes on with the halves of names that spoil the answer. One by itself is left out, unless nothing answers.
func (n *naming) part(names []string, spoiled error) bool {
	if len(names) > 1 {
		half := len(names) / 2
		return n.ask(names[:half], half > 1) && n.ask(names[half:], half > 1)
	}
	var none page[Repository]
	nobody := n.list
	nobody.query = url.Values{"names": {""}}
	if err := n.list.client.get(n.ctx, tries(0), nobody.segments, nobody.page(place{size: 1}), &none); isSpoiled(err) {
		return n.yield(Repository{}, outageOf(spoiled)) && false
	}
	left := &SkippedRowError{List: n.list.title, Name: names[0], Err: spoiled}
	if n.list.skipped == nil {
		return n.yield(Repository{}, left) && false
	}
	n.list.skipped(left)
	return true
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
