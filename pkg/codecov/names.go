package codecov

import (
	"context"
	"iter"
	"net/url"
)

// maxRequestLine is the longest request line that the server accepts, in bytes. It answers 400 to a longer one.
// Measured with an unmodified server.
const maxRequestLine = 4094

// named returns the repositories of these names, each once. It asks for all names at once, and for halves of them if the
// request line is too long, or if a malformed row breaks the answer, until one name is left, which it skips. That also
// reads repositories behind a row that truncates the whole list.
func named(ctx context.Context, all list, names []string) iter.Seq2[Repository, error] {
	return func(yield func(Repository, error) bool) {
		all.byName = true
		n := &nameReader{ctx: ctx, list: all, yield: yield, seen: make(map[string]bool)}
		n.read(names)
	}
}

type nameReader struct {
	ctx   context.Context
	list  list
	yield func(Repository, error) bool
	seen  map[string]bool // names of repositories that were yielded
}

// read yields the repositories of some names and reports whether to go on.
func (n *nameReader) read(names []string) bool {
	some, half := n.list, len(names)/2
	some.query = url.Values{"names": names}
	longest, err := some.address(pastTheEnd)
	if err == nil && half > 0 && len("GET "+longest.RequestURI()+" HTTP/1.1") > maxRequestLine {
		return n.read(names[:half]) && n.read(names[half:])
	}
	for repository, err := range rows(n.ctx, some, repositoryName) {
		switch {
		case isBrokenPage(err) && half > 0:
			return n.read(names[:half]) && n.read(names[half:])
		case isBrokenPage(err):
			return n.skip(names[0], err)
		case err == nil && n.seen[repository.Name]:
			continue
		}
		n.seen[repository.Name] = true
		if !n.yield(repository, err) || err != nil {
			return false
		}
	}
	return true
}

// skip skips a repository whose row is malformed, unless it is an outage.
func (n *nameReader) skip(name string, broken error) bool {
	none := n.list
	none.query = url.Values{"names": {""}} // selects no row
	if isBrokenPage(request[Repository](n.ctx, none, place{size: 1}, 0, nil).err) {
		return n.yield(Repository{}, outage(broken)) && false
	}
	bad := &SkippedRowError{List: n.list.title, Name: name, Err: broken}
	if n.list.skipped == nil {
		return n.yield(Repository{}, bad) && false
	}
	n.list.skipped(bad)
	return true
}
