package codecov

import (
	"math/bits"
	"sync"
)

// DefaultPageSize is the default of Options.PageSize. Larger pages save round trips and cost memory.
const DefaultPageSize = 512

const (
	// minShrunkSize is the smallest size that pages shrink to. Below it, a request costs the server more than its rows.
	minShrunkSize = 32
	// pagesToGrow is how many full pages in a row make the size grow.
	pagesToGrow = 8
	// minFirstPage is the smallest first page of a list with a limit hint.
	minFirstPage = 16
)

// pageSize is the page size that the server can return at present. It is safe for concurrent use.
type pageSize struct {
	mu     sync.Mutex
	size   int
	limit  int
	full   int  // full pages of this size in a row
	needed int  // full pages in a row before the size grows
	grown  bool // the size grew and has not had enough full pages since
}

func newPageSize(limit int) *pageSize {
	return &pageSize{size: limit, limit: limit, needed: pagesToGrow}
}

func (s *pageSize) current() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.size
}

// shrink lowers the size for all lists, and returns the size to use. A page of a size failed: it becomes the next
// smaller power of two, or the smallest one if that must succeed. Failures of several lists at the same size shrink it
// once. A size that grew and failed is tried half as often from then on.
func (s *pageSize) shrink(failed int, smallest bool) int {
	smaller := minShrunkSize
	if !smallest {
		smaller = max(minShrunkSize, 1<<(bits.Len(uint(failed-1))-1))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if smaller >= s.size {
		return s.size
	}
	if s.grown {
		s.needed *= 2
	}
	s.size, s.full, s.grown = smaller, 0, false
	return smaller
}

// succeeded counts a page of a size and doubles the size after enough full ones in a row.
func (s *pageSize) succeeded(size, rows int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if size != s.size || rows < size {
		return
	}
	if s.full++; s.full < s.needed {
		return
	}
	if s.grown {
		s.needed = pagesToGrow
	}
	s.full, s.grown = 0, 2*s.size <= s.limit
	if s.grown {
		s.size *= 2
	}
}

// sizeAt returns the maximum size of the page at a place.
func (l list) sizeAt(at place) int {
	size := l.client.size.current()
	if l.maxSize > 0 {
		size = min(size, l.maxSize)
	}
	switch {
	case l.limitHint == 0 && at.size > 0:
		return min(size, at.size) // pages that are read ahead would all have to be read again if the size were too large
	case l.limitHint > 0 && at.offset == 0:
		// just enough for the rows and the one behind them
		rows := max(min(l.limitHint, size)+1, minFirstPage)
		return min(size, 1<<bits.Len(uint(rows-1)))
	}
	return size
}
