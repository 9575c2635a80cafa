package codecov

import (
	"context"
	"iter"
	"net/url"
)

// maxReadings is how often a list is read if its rows move between the pages.
const maxReadings = 3

// rows returns the rows of a list, each once, in the order of the server. key identifies a row. An error comes once and
// last.
func rows[T any](ctx context.Context, l list, key func(T) string) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		seen, reported, incomplete := make(map[string]bool), 0, &IncompleteError{List: l.title}
		for range maxReadings {
			r, lastPage, found, shrank := &pages[T]{ctx: ctx, list: l}, make(map[string]int), 0, false
			for p := range r.all {
				incomplete.Moved = incomplete.Moved || p.moved
				shrank = shrank || p.shrunkBy > 0
				for _, row := range p.rows {
					id := key(row)
					if page, again := lastPage[id]; again && page < r.number {
						incomplete.Moved = true
					} else {
						found++ // also if one page holds it twice
					}
					if !seen[id] && !yield(row, nil) {
						return
					}
					lastPage[id], seen[id] = r.number, true
				}
				if err := r.failure(p, reported); err != nil {
					yield(*new(T), err)
					return
				}
				reported = max(reported, r.skipped+len(p.bad))
			}
			incomplete.Count, incomplete.Missing = r.count, max(0, r.count-r.skipped-found)
			if incomplete.Missing == 0 && !shrank {
				return
			}
		}
		yield(*new(T), incomplete)
	}
}

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
			return n.skip(names[0], &pages[Repository]{ctx: n.ctx, list: some}, err)
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
func (n *nameReader) skip(name string, r *pages[Repository], broken error) bool {
	p := page[Repository]{bad: []*SkippedRowError{{List: n.list.title, Name: name, Err: broken}}}
	if r.isOutage() {
		p = page[Repository]{err: outage(broken)}
	}
	err := r.failure(&p, 0)
	return err == nil || n.yield(Repository{}, err) && false
}
