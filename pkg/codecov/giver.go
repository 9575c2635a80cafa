package codecov

import (
	"hash/maphash"
	"iter"
)

// giver hands a list's rows to the caller, each once. A key is remembered as 16 bytes, whatever its length.
type giver[T any] struct {
	key           func(T) string // nil: rows cannot be told apart
	skipped       func(*SkippedRowError)
	yield         func(T, error) bool
	first, second maphash.Seed
	seen          map[[2]uint64]int // by the fingerprint of the key, the page that it came on last
	page          int
	told          int // rows that a reading left out and that the caller was told of

	// Of the present reading.
	begun int // the page before its first one
	met   int // rows, each once, those included that a page held twice: they are no rows that moved
	bad   int // rows that were left out
}

func newGiver[T any](key func(T) string, skipped func(*SkippedRowError), yield func(T, error) bool) *giver[T] {
	return &giver[T]{
		key: key, skipped: skipped, yield: yield,
		first: maphash.MakeSeed(), second: maphash.MakeSeed(), seen: make(map[[2]uint64]int),
	}
}

// again begins another reading of the same list.
func (g *giver[T]) again() { g.begun, g.met, g.bad = g.page, 0, 0 }

// give hands on what a page brought, and tells whether the reading goes on.
func (g *giver[T]) give(p part[T]) bool {
	g.page++
	for i, row := range p.rows {
		p.rows[i] = *new(T) // what has been given is not kept
		if g.isNew(row) && !g.yield(row, nil) {
			return false
		}
	}
	for _, bad := range p.bad {
		if !g.tell(bad) {
			return false
		}
	}
	if p.err != nil {
		g.yield(*new(T), p.err)
	}
	return p.err == nil
}

func (g *giver[T]) isNew(row T) bool {
	if g.key == nil {
		return true
	}
	key := g.key(row)
	fingerprint := [2]uint64{maphash.String(g.first, key), maphash.String(g.second, key)}
	page, repeated := g.seen[fingerprint]
	if page <= g.begun || page == g.page {
		g.met++
	}
	g.seen[fingerprint] = g.page
	return !repeated
}

// tell tells the caller of a row that is left out, unless an earlier reading has left out as many.
func (g *giver[T]) tell(bad *SkippedRowError) bool {
	if g.bad++; g.bad <= g.told {
		return true
	}
	g.told++
	if g.skipped == nil {
		g.yield(*new(T), bad)
		return false
	}
	g.skipped(bad)
	return true
}

// missing is how many rows of the list the reading did not meet, as far as they can be told apart.
func (g *giver[T]) missing(s *state) int {
	if g.key == nil {
		return 0
	}
	return max(0, s.count-s.leftOut-g.met)
}

// complete tells whether the reading met every row: where rows have gone, others may have moved to a page before.
func (g *giver[T]) complete(s *state) bool { return g.missing(s) == 0 && (g.key == nil || !s.shrank) }

// once drops the rows whose key was given before.
func once[T any](rows iter.Seq2[T, error], key func(T) string) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		g := newGiver(key, nil, yield)
		for row, err := range rows {
			if (err != nil || g.isNew(row)) && !yield(row, err) {
				return
			}
		}
	}
}
