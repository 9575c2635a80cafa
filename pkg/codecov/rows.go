package codecov

import (
	"context"
	"iter"
)

// maxReadings is how often a list is read if its rows move between the pages.
const maxReadings = 3

// rows returns the rows of a list, each once, in the order of the server. key identifies a row; without it, missing rows
// are not detected. An error comes once and last.
func rows[T any](ctx context.Context, l list, key func(T) string) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		seen, reported, incomplete := make(map[string]bool), 0, &IncompleteError{List: l.title}
		for range maxReadings {
			r, lastPage, found, shrank := &pages[T]{ctx: ctx, list: l}, make(map[string]int), 0, false
			for p := range r.all {
				changed := p.ended || r.number > 1 && p.count != r.count
				incomplete.Moved = incomplete.Moved || changed
				shrank = shrank || changed && (p.ended || p.count < r.count)
				for _, row := range p.rows {
					if key != nil {
						id := key(row)
						if before, again := lastPage[id]; again && before < r.number {
							incomplete.Moved = true
						} else {
							found++ // also if one page holds it twice
						}
						lastPage[id] = r.number
						if seen[id] {
							continue
						}
						seen[id] = true
					}
					if !yield(row, nil) {
						return
					}
				}
				if err := r.failure(p, reported); err != nil {
					yield(*new(T), err)
					return
				}
				reported = max(reported, r.skipped+len(p.bad))
			}
			incomplete.Count, incomplete.Missing = r.count, max(0, r.count-r.skipped-found)
			if key == nil || incomplete.Missing == 0 && !shrank {
				return
			}
		}
		yield(*new(T), incomplete)
	}
}
