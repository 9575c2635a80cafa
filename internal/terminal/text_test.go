package terminal_test

import (
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

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

// FuzzSafe: Safe text has no character that a terminal interprets, and SafeLines keeps the number of lines.
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

func TestPlural(t *testing.T) {
	for want, got := range map[string]string{
		"1 line": terminal.Plural(1, "line"), "0 lines": terminal.Plural(0, "line"), "1,200 entities": terminal.Plural(1200, "entity"), "1 repository": terminal.Plural(1, "repository"),
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestPercent(t *testing.T) {
	for percent, want := range map[float64]string{
		0: "0.00%", 100: "100.00%", 97.22222: "97.22%", 97.22999: "97.22%", 1.15: "1.15%", 99.99999: "99.99%", 0.00999: "0.00%", 33.3: "33.30%",
	} {
		if got := terminal.Percent(percent); got != want {
			t.Errorf("%v: %q, want %q", percent, got, want)
		}
	}
}

func TestPoints(t *testing.T) {
	for _, test := range []struct {
		from, to float64
		want     string
	}{
		{50, 60.5, "+10.50"}, {60.5, 50, "-10.50"}, {50, 50, "0.00"}, {50.009, 50.011, "+0.01"}, {50.011, 50.009, "-0.01"}, {50.001, 50.009, "0.00"}, {0.5, 0, "-0.50"}, {0, 100, "+100.00"},
	} {
		if got := terminal.Points(test.from, test.to); got != test.want {
			t.Errorf("from %v to %v: %q, want %q", test.from, test.to, got, test.want)
		}
	}
}

func TestDuration(t *testing.T) {
	for duration, want := range map[time.Duration]string{
		0: "0 ms", 143 * time.Millisecond: "143 ms", 960 * time.Millisecond: "1.0 s", 1234 * time.Millisecond: "1.2 s", 9949 * time.Millisecond: "9.9 s",
		9960 * time.Millisecond: "10 s", 59 * time.Second: "59 s", 59600 * time.Millisecond: "1 min", 125 * time.Second: "2 min 5 s",
		61 * time.Second: "1 min 1 s", time.Hour: "1 h", 3*time.Hour + 59*time.Minute + 40*time.Second: "4 h", 90 * time.Minute: "1 h 30 min",
	} {
		if got := terminal.Duration(duration); got != want {
			t.Errorf("%v: %q, want %q", duration, got, want)
		}
	}
}

func TestRate(t *testing.T) {
	for rate, want := range map[float64]string{0.06: "0.1", 1.5: "1.5", 9.94: "9.9", 12: "12", 787.4: "787", 1505: "1,505"} {
		if got := terminal.Rate(rate); got != want {
			t.Errorf("Rate(%v) = %q, want %q", rate, got, want)
		}
	}
}

func TestFit(t *testing.T) {
	text := "a line  that fits\n\n  one that is indented, and longer\nand the last of the lines"
	want := "a line  that fits\n\n  one that is indented,\n  and longer\nand the last of the\nlines"
	if diff := cmp.Diff(want, terminal.Fit(text, 24)); diff != "" {
		t.Errorf("24 characters (-want +got):\n%s", diff)
	}
	address := "see https://app.codecov.io/gh/acme/web-shop now"
	if got, want := terminal.Fit(address, 24), strings.ReplaceAll(address, " ", "\n"); got != want {
		t.Errorf("a long word: %q, want %q", got, want)
	}
	if got := terminal.Fit(text, 40); got != text {
		t.Errorf("40 characters: %q", got)
	}
}
