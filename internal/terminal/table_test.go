package terminal_test

import (
	"strings"
	"testing"

	"github.com/codecov-port/codecov-port/internal/terminal"
)

func TestTable(t *testing.T) {
	var out strings.Builder
	columns := []terminal.Column{{Title: "NAME"}, {Title: "COVERAGE", Right: true}, {Title: "TREND"}}
	rows := [][]string{{"é\x1b", "97.2", "▁█"}, {strings.Repeat("x", 70), "100", ""}}
	if err := terminal.Table(&out, columns, rows); err != nil {
		t.Fatal(err)
	}
	want := "NAME" + strings.Repeat(" ", 56) + "  COVERAGE  TREND\n" +
		"é�" + strings.Repeat(" ", 58) + "      97.2  ▁█\n" +
		strings.Repeat("x", 59) + "…       100\n"
	if out.String() != want {
		t.Errorf("got\n%q\nwant\n%q", out.String(), want)
	}
}

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
		if got := terminal.Trend(test.values, test.width); got != test.want {
			t.Errorf("Trend(%v, %d) = %q, want %q", test.values, test.width, got, test.want)
		}
	}
}
