package codecov

import (
	"encoding/json"
	"math/rand/v2"
)

// orderTies returns the rows of a list in the order of PostgreSQL for a page that ends at a row. In the first half of
// the list, the order of rows of equal time depends on where the page ends (a heap of the first rows). Later pages agree
// with each other (quicksort). Recordings show this for three page sizes; at other sizes it is a model.
func orderTies(rows Rows, end int) Rows {
	if 2*end >= rows.Len {
		return rows
	}
	order := make([]int, rows.Len)
	times := make([]string, rows.Len)
	for i := range order {
		commit, _ := readCommit(rows.Row(i))
		order[i], times[i] = i, commit.Timestamp
	}
	random := rand.New(rand.NewPCG(uint64(end), 1))
	for first := 0; first < rows.Len; {
		next := first + 1
		for next < rows.Len && times[next] == times[first] {
			next++
		}
		group := order[first:next]
		random.Shuffle(len(group), func(i, j int) { group[i], group[j] = group[j], group[i] })
		first = next
	}
	return Rows{rows.Len, func(i int) json.RawMessage { return rows.Row(order[i]) }}
}
