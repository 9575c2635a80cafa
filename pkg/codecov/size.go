package codecov

import (
	"math/bits"
	"sync"
)

// DefaultPageSize is how many rows a request asks for at first. Larger pages save round trips and cost memory;
// docs/performance.md has the figures.
const DefaultPageSize = 512

const (
	// floor is the smallest size that a page is cut to. Below it, a request costs the server more than its rows do.
	floor = 32
	// trial is how many full pages must come in a row before a larger size is tried.
	trial = 8
	// fewest is the least that a first page asks for, however few rows are expected.
	fewest = 16
)

// pageSize is how many rows the server can answer with at present, as far as the lists of a client have learnt.
// It is safe for concurrent use.
type pageSize struct {
	mu    sync.Mutex
	now   int
	most  int
	full  int  // full pages of the present size that came in a row
	trial int  // how many of them there must be before a larger size is tried
	grown bool // the present size was grown to, and has not passed a trial yet
}

func newPageSize(most int) *pageSize { return &pageSize{now: most, most: most, trial: trial} }

func (s *pageSize) current() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

// shrink makes all lists ask for no more than size. Many that fail at one size at the same time shrink it once.
// A size that was grown to in vain is not tried again as soon.
func (s *pageSize) shrink(size int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if size >= s.now {
		return
	}
	if s.grown {
		s.trial *= 2
	}
	s.now, s.full, s.grown = size, 0, false
}

// held counts a page that came, and doubles the size after enough full ones in a row. A page that is not full
// tells nothing of the size.
func (s *pageSize) held(size, rows int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if size != s.now || rows < size {
		return
	}
	if s.full++; s.full < s.trial {
		return
	}
	if s.grown {
		s.trial = trial
	}
	s.full, s.grown = 0, 2*s.now <= s.most
	if s.grown {
		s.now *= 2
	}
}

// below gives the next smaller size, a power of two, for a size above floor.
func below(size int) int { return max(floor, 1<<(bits.Len(uint(size-1))-1)) }

// enough gives the smallest power of two that holds the rows that are expected, or most where that is less.
func enough(expected, most int) int {
	expected = max(expected, fewest)
	if expected >= most {
		return most
	}
	return min(most, 1<<bits.Len(uint(expected-1)))
}
