package terminal_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/codecov-port/codecov-port/internal/terminal"
)

func TestBar(t *testing.T) {
	for _, test := range []struct {
		done, total, columns int
		want                 string
	}{
		{0, 10, 5, "   0% ░░░░░"},
		{1, 1000, 5, "   0% ░░░░░"},
		{5, 10, 4, "  50% ██░░"},
		{999, 1000, 5, "  99% ████░"},
		{10, 10, 5, " 100% █████"},
		{11, 10, 5, " 100% █████"},
		{-1, 10, 5, "   0% ░░░░░"},
		{5, 0, 5, ""},
		{5, -1, 5, ""},
	} {
		if got := terminal.Bar(test.done, test.total, test.columns); got != test.want {
			t.Errorf("%d of %d in %d columns: %q, want %q", test.done, test.total, test.columns, got, test.want)
		}
	}
}

var rows = []terminal.Row{
	{Label: "reading", Done: 45, Total: 100, Texts: []string{"12,340 of about 50,000 commits", "12,340 commits", "12,340"}},
	{Label: "up", Texts: []string{"8,400 entities wait for the reading to end", "8,400 wait"}},
}

func TestRows(t *testing.T) {
	for width, want := range map[int][]string{
		80: {" reading   45% █████░░░░░░░░  12,340 of about 50,000 commits", " up      8,400 entities wait for the reading to end"},
		40: {" reading   45% ██░░░░  12,340 commits", " up      8,400 wait"},
		32: {" reading   45% ██░░░░  12,340", " up      8,400 wait"},
		20: {" reading   45% ██░…", " up      8,400 wait"},
		6:  {" rea…", " up …"},
		1:  {" ", " "},
	} {
		if diff := cmp.Diff(want, terminal.Rows(rows, width, terminal.Style{})); diff != "" {
			t.Errorf("%d columns: %s", width, diff)
		}
	}
}

// TestRowsNeverWrap: a line as long as the terminal is wide would be taken for two by some.
func TestRowsNeverWrap(t *testing.T) {
	for width := 3; width < 200; width++ {
		for _, line := range terminal.Rows(rows, width, terminal.Style{}) {
			if utf8.RuneCountInString(line) >= width {
				t.Fatalf("%d columns: %q", width, line)
			}
		}
	}
}

func TestRowsMarkTheBar(t *testing.T) {
	streams := &terminal.Streams{Err: new(strings.Builder), Color: terminal.ColorAlways}
	lines := terminal.Rows(rows, 80, streams.ErrStyle())
	if want := " reading \x1b[32m  45% █████░░░░░░░░\x1b[0m  12,340 of"; !strings.HasPrefix(lines[0], want) {
		t.Errorf("%q, want %q first", lines[0], want)
	}
	if strings.Contains(lines[1], "\x1b") {
		t.Errorf("%q is marked", lines[1])
	}
}
