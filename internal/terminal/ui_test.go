package terminal_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/codecov-port/codecov-port/internal/terminal"
)

func TestSafe(t *testing.T) {
	for raw, want := range map[string]string{
		"plain é 日本 ⚡":               "plain é 日本 ⚡",
		"a\x1b[31mb":                 "a�[31mb",
		"a\nb\tc\r":                  "a�b�c�",
		"a\u202eb\u200bc\x7f\u0085":  "a�b�c��",
		"bad \xff":                   "bad �",
		"\u034fa\u115f\u3164\u2066":  "�a���",
		"\U000e0041\u200d\u2028\x9b": "����",
	} {
		if got := terminal.Safe(raw); got != want {
			t.Errorf("Safe(%q) = %q, want %q", raw, got, want)
		}
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

func TestTable(t *testing.T) {
	var out strings.Builder
	columns := []terminal.Column{{Title: "NAME"}, {Title: "COVERAGE", Align: terminal.Right}, {Title: "TREND"}}
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

// FuzzSafe: whatever comes in, a terminal gets nothing to obey, and lines only where they may be.
func FuzzSafe(f *testing.F) {
	for _, text := range []string{"plain", "a\x1b[31mb\nc", "\u202e\u200b\u3164\U000e0041", "bad \xff", "\u009b2J"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, got := range []string{terminal.Safe(text), strings.ReplaceAll(terminal.SafeLines(text), "\n", "")} {
			if !utf8.ValidString(got) || strings.ContainsFunc(got, func(r rune) bool {
				return unicode.In(r, unicode.C, unicode.Zl, unicode.Zp, unicode.Other_Default_Ignorable_Code_Point)
			}) {
				t.Errorf("%q became %q", text, got)
			}
		}
		if strings.Count(terminal.SafeLines(text), "\n") != strings.Count(text, "\n") {
			t.Errorf("%q became %q", text, terminal.SafeLines(text))
		}
	})
}
