package codecov

import (
	"hash/maphash"
	"iter"
)

// delivery passes a list's rows to the caller, each once. It stores 16 bytes of each key, whatever its length.
type delivery[T any] struct {
	key           func(T) string // nil if rows have no key: then repeated rows are not detected
	skipped       func(*SkippedRowError)
	yield         func(T, error) bool
	first, second maphash.Seed
	lastPage      map[[2]uint64]int // by key: the last page with that row
	page          int
	reported      int // skipped rows that the caller knows of

	// The present reading:
	start    int // the page before its first one
	distinct int // rows that it found, each once; a row that one page holds twice has not moved and is one row
	bad      int // rows that it skipped
}

func newDelivery[T any](key func(T) string, skipped func(*SkippedRowError), yield func(T, error) bool) *delivery[T] {
	return &delivery[T]{
		key: key, skipped: skipped, yield: yield,
		first: maphash.MakeSeed(), second: maphash.MakeSeed(), lastPage: make(map[[2]uint64]int),
	}
}

// startReading begins another reading of the same list.
func (d *delivery[T]) startReading() { d.start, d.distinct, d.bad = d.page, 0, 0 }

// deliver passes on the rows of a page and reports whether to go on.
func (d *delivery[T]) deliver(p pageRows[T]) bool {
	d.page++
	for i, row := range p.rows {
		p.rows[i] = *new(T) // free the memory
		if d.isNew(row) && !d.yield(row, nil) {
			return false
		}
	}
	for _, bad := range p.bad {
		if !d.skip(bad) {
			return false
		}
	}
	if p.err != nil {
		d.yield(*new(T), p.err)
	}
	return p.err == nil
}

func (d *delivery[T]) isNew(row T) bool {
	if d.key == nil {
		return true
	}
	key := d.key(row)
	hash := [2]uint64{maphash.String(d.first, key), maphash.String(d.second, key)}
	page, seen := d.lastPage[hash]
	if page <= d.start || page == d.page {
		d.distinct++
	}
	d.lastPage[hash] = d.page
	return !seen
}

// skip reports a skipped row to the caller, unless an earlier reading has skipped as many.
func (d *delivery[T]) skip(bad *SkippedRowError) bool {
	if d.bad++; d.bad <= d.reported {
		return true
	}
	d.reported++
	if d.skipped == nil {
		d.yield(*new(T), bad)
		return false
	}
	d.skipped(bad)
	return true
}

// missing returns how many rows of the list the reading did not find.
func (d *delivery[T]) missing(p *progress) int {
	if d.key == nil {
		return 0
	}
	return max(0, p.count-p.skipped-d.distinct)
}

// isComplete reports whether the reading found every row. After a list became shorter, rows may have moved to a page
// that had already been read.
func (d *delivery[T]) isComplete(p *progress) bool {
	return d.missing(p) == 0 && (d.key == nil || !p.shrank)
}

// distinct drops rows whose key has been seen before.
func distinct[T any](rows iter.Seq2[T, error], key func(T) string) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		d := newDelivery(key, nil, yield)
		for row, err := range rows {
			if (err != nil || d.isNew(row)) && !yield(row, err) {
				return
			}
		}
	}
}
