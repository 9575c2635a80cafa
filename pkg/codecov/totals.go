package codecov

import "strconv"

// Totals are the coverage figures of a commit or of a repository. A nil pointer is a JSON null, which occurs in old
// rows. Integers may exceed 2^31 and 2^53.
type Totals struct {
	Files    *int64 `json:"files"`
	Lines    *int64 `json:"lines"`
	Hits     *int64 `json:"hits"`
	Misses   *int64 `json:"misses"`
	Partials *int64 `json:"partials"`
	Branches *int64 `json:"branches"`
	Methods  *int64 `json:"methods"`
	Sessions *int64 `json:"sessions"`
	// Coverage is in percent, truncated to two decimals with a float error of at most 0.01 (0.29 may arrive as 0.28).
	// Ratio returns the exact figure.
	Coverage        *float64 `json:"coverage"`
	Complexity      *float64 `json:"complexity"`
	ComplexityTotal *float64 `json:"complexity_total"`
	ComplexityRatio *float64 `json:"complexity_ratio"`
}

// Ratio returns the exact coverage in percent as Codecov stores it and as its webhook sends it:
// "100" if hits equal lines, "0" if either is 0, else five decimals, as in "97.22222". It returns "" if either is null.
func (t Totals) Ratio() string {
	switch {
	case t.Hits == nil || t.Lines == nil:
		return ""
	case *t.Hits == *t.Lines:
		return "100"
	case *t.Hits == 0 || *t.Lines == 0:
		return "0"
	default:
		return strconv.FormatFloat(float64(*t.Hits)/float64(*t.Lines)*100, 'f', 5, 64)
	}
}
