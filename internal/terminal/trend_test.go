package terminal

import "testing"

func TestTrend(t *testing.T) {
	for _, test := range []struct {
		values []float64
		width  int
		want   string
	}{
		{nil, 5, ""},
		{[]float64{1}, 5, ""},
		{[]float64{1, 2}, 0, ""},
		{[]float64{5, 5, 5}, 5, "▄▄▄"},
		{[]float64{0, 50, 100}, 5, "▁▄█"},
		{[]float64{0, 0, 100, 100}, 2, "▁█"},
		{[]float64{100, 0}, 5, "█▁"},
	} {
		if got := Trend(history("", "", 0, test.values...).Points, test.width); got != test.want {
			t.Errorf("Trend(%v, %d) = %q, want %q", test.values, test.width, got, test.want)
		}
	}
}
