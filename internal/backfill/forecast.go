package backfill

import "math"

// forecast is how many payloads a repository may still return: as many as there are rows left, and as many as the selection
// picks. Its gate adds the forecasts up. It is safe for concurrent use.
type forecast struct {
	gate    *gate
	counted bool // the last list of the repository has been counted
	rows    int  // left; negative if rows came before the count
	picks   int  // left
	added   int  // to the gate
}

func newForecast(gate *gate, s Selection) *forecast {
	f := &forecast{gate: gate, picks: math.MaxInt}
	switch {
	case s.NoHistory:
		f.picks = 1
	case s.MaxCommits > 0:
		f.picks = s.MaxCommits
	}
	return f
}

// count adds the rows of the last list, and those that were put off before. Later calls do nothing.
func (f *forecast) count(rows int) {
	f.update(func() {
		if !f.counted {
			f.counted = true
			f.gate.uncounted--
			f.rows += rows
		}
	})
}

// settleRow records that a row will not be replayed any more.
func (f *forecast) settleRow() { f.update(func() { f.rows-- }) }

// settlePick records that a commit has been replayed.
func (f *forecast) settlePick() { f.update(func() { f.picks-- }) }

// end records that the repository returns nothing more.
func (f *forecast) end() {
	f.count(0)
	f.update(func() { f.rows = 0 })
}

func (f *forecast) update(change func()) {
	f.gate.mu.Lock()
	defer f.gate.mu.Unlock()
	change()
	left := 0
	if f.counted {
		left = max(min(f.rows, f.picks), 0)
	}
	f.gate.payloads += left - f.added
	f.added = left
}
