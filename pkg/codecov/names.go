package codecov

import (
	"context"
	"iter"
	"net/url"
)

// maxRequestLine is the longest request line that the server accepts, in bytes. It answers 400 to a longer one.
// Measured with an unmodified server.
const maxRequestLine = 4094

// named returns the repositories of these names, each once. Each request asks for as many names as its line can
// hold. If a malformed row breaks an answer, it asks for halves of the names until one name is left, which it skips.
// That also reads repositories behind a row that truncates the whole list.
func named(ctx context.Context, all list, names []string) iter.Seq2[Repository, error] {
	return func(yield func(Repository, error) bool) {
		const longest = "1000000000"
		address, err := all.client.address(all.segments, url.Values{"page": {longest}, "page_size": {longest}})
		if err != nil {
			yield(Repository{}, err)
			return
		}
		room := maxRequestLine - len("GET "+address.RequestURI()+"& HTTP/1.1")
		all.byName = true
		n := &nameReader{ctx: ctx, list: all, yield: yield, seen: make(map[string]bool)}
		for left := names; len(left) > 0; {
			count := fitting(left, room)
			if !n.read(left[:count]) {
				return
			}
			left = left[count:]
		}
	}
}

// fitting returns how many of names fit into room bytes of a query. A name that is too long is requested by itself.
func fitting(names []string, room int) int {
	for i, name := range names {
		room -= len("names=&") + len(url.QueryEscape(name))
		if room < 0 {
			return max(i, 1)
		}
	}
	return len(names)
}

type nameReader struct {
	ctx   context.Context
	list  list
	yield func(Repository, error) bool
	seen  map[string]bool // names of repositories that were yielded
}

// read yields the repositories of some names and reports whether to go on.
func (n *nameReader) read(names []string) bool {
	some := n.list
	some.query = url.Values{"names": names}
	for repository, err := range rows(n.ctx, some, repositories) {
		if isBrokenPage(err) {
			return n.split(names, err)
		}
		if err == nil && n.seen[repository.Name] {
			continue
		}
		n.seen[repository.Name] = true
		if !n.yield(repository, err) || err != nil {
			return false
		}
	}
	return true
}

// split reads the halves of names whose answer is broken. It skips a single name, unless it is an outage.
func (n *nameReader) split(names []string, broken error) bool {
	if len(names) > 1 {
		half := len(names) / 2
		return n.read(names[:half]) && n.read(names[half:])
	}
	none := n.list
	none.query = url.Values{"names": {""}} // selects no row
	if isBrokenPage(request[Repository](n.ctx, none, place{size: 1}, 0, 0, nil).err) {
		return n.yield(Repository{}, outage(broken)) && false
	}
	bad := &SkippedRowError{List: n.list.title, Name: names[0], Err: broken}
	if n.list.skipped == nil {
		return n.yield(Repository{}, bad) && false
	}
	n.list.skipped(bad)
	return true
}
