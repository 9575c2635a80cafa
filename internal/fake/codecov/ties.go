package codecov

import (
	"encoding/json"
	"math/rand/v2"
)

// tiedRows are the rows of a list in the order in which PostgreSQL returns them for a page that ends in the first half of the list:
// rows of equal time are in an order that depends on where the page ends (a heap of the first rows). The pages after that agree with
// each other (quicksort). Recordings show this for three page sizes; at other sizes it is a model.
type tiedRows struct {
	Rows
	order []int
}

func (t tiedRows) AppendRow(body []byte, i int) []byte { return t.Rows.AppendRow(body, t.order[i]) }

// orderTies returns the rows in the order of a page that ends at a row.
func orderTies(rows Rows, end int) Rows {
	if 2*end >= rows.Len() {
		return rows
	}
	tied := tiedRows{rows, make([]int, rows.Len())}
	random := rand.New(rand.NewPCG(uint64(end), 1))
	for first := 0; first < rows.Len(); {
		next := first
		for at := timeOf(rows, first); next < rows.Len() && timeOf(rows, next) == at; next++ {
			tied.order[next] = next
		}
		group := tied.order[first:next]
		random.Shuffle(len(group), func(i, j int) { group[i], group[j] = group[j], group[i] })
		first = next
	}
	return tied
}

func timeOf(rows Rows, i int) string {
	var row struct {
		Timestamp string `json:"timestamp"`
	}
	_ = json.Unmarshal(rows.AppendRow(nil, i), &row)
	return row.Timestamp
}
