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

// shrink lowers the size for all lists. Failures of several lists at the same size shrink it once. A size that grew and
// failed is tried half as often from then on.
func (s *pageSize) shrink(size int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if size >= s.size {
		return
	}
	if s.grown {
		s.needed *= 2
	}
	s.size, s.full, s.grown = size, 0, false
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

// nextSmaller returns the next smaller power of two, at least minShrunkSize.
func nextSmaller(size int) int { return max(minShrunkSize, 1<<(bits.Len(uint(size-1))-1)) }

// sizeFor returns the smallest power of two for so many rows and the one behind them, at most limit.
func sizeFor(rows, limit int) int {
	rows = max(min(rows, limit)+1, minFirstPage)
	if rows >= limit {
		return limit
	}
	return min(limit, 1<<bits.Len(uint(rows-1)))
}
