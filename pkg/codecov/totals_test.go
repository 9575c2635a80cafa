package codecov_test

import (
	"math"
	"strconv"
	"testing"

	"github.com/codecov-port/codecov-port/pkg/codecov"
)

func TestRatio(t *testing.T) {
	for _, test := range []struct {
		hits, lines int64
		want        string
	}{
		{35, 36, "97.22222"},
		{36, 36, "100"},
		{0, 36, "0"},
		{0, 0, "100"},
		{7, 0, "0"},
		{1, 3, "33.33333"},
		{2, 3, "66.66667"},
		{29, 10_000, "0.29000"},
		{1, 2, "50.00000"},
		{1, math.MaxInt64, "0.00000"},
		{math.MaxInt64, math.MaxInt64, "100"},
		{math.MaxInt64 - 1, math.MaxInt64, "100.00000"},
		{1 << 53, 1<<53 + 1, "100.00000"},
		{3 << 40, 4 << 40, "75.00000"},
	} {
		if got := (codecov.Totals{Hits: &test.hits, Lines: &test.lines}).Ratio(); got != test.want {
			t.Errorf("%d of %d: %q, want %q", test.hits, test.lines, got, test.want)
		}
	}
}

// TestNullIsNotZero: counts that are null have no ratio.
func TestNullIsNotZero(t *testing.T) {
	var totals codecov.Totals
	decode(t, []byte(`{"files":null,"lines":null,"hits":5,"misses":0,"coverage":50.0}`), &totals)
	if totals.Files != nil || totals.Lines != nil || totals.Misses == nil || *totals.Hits != 5 {
		t.Errorf("totals %+v, want files and lines nil", totals)
	}
	if ratio := totals.Ratio(); ratio != "" {
		t.Errorf("ratio %q without lines, want none", ratio)
	}
}

// TestRatioIsWhatWasTruncated compares with the coverage of every recorded commit and repository.
func TestRatioIsWhatWasTruncated(t *testing.T) {
	compared := 0
	for _, account := range recordedAccounts(t) {
		for _, totals := range account.totals(t) {
			if totals.Coverage == nil || *totals.Lines == 0 {
				continue // rows without lines may contradict themselves
			}
			compared++
			ratio, err := strconv.ParseFloat(totals.Ratio(), 64)
			if err != nil || math.Abs(ratio-*totals.Coverage) > 0.011 {
				t.Errorf("%d of %d: %s (%v), recorded was %v", *totals.Hits, *totals.Lines, totals.Ratio(), err, *totals.Coverage)
			}
		}
	}
	if compared < 2000 {
		t.Errorf("only %d rows compared", compared)
	}
}

func FuzzRatio(f *testing.F) {
	f.Add(int64(35), int64(36))
	f.Add(int64(0), int64(0))
	f.Add(int64(math.MaxInt64-1), int64(math.MaxInt64))
	f.Add(int64(-1), int64(math.MinInt64))
	f.Fuzz(func(t *testing.T, hits, lines int64) {
		text := codecov.Totals{Hits: &hits, Lines: &lines}.Ratio()
		ratio, err := strconv.ParseFloat(text, 64)
		if err != nil || math.IsNaN(ratio) || math.IsInf(ratio, 0) {
			t.Fatalf("%d of %d: %q: %v", hits, lines, text, err)
		}
		if 0 <= hits && hits <= lines && (ratio < 0 || ratio > 100) {
			t.Errorf("%d of %d: %q is outside of 0 to 100", hits, lines, text)
		}
	})
}
