package terminal

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func TestBar(t *testing.T) {
	for _, test := range []struct {
		share   float64
		columns int
		want    string
	}{
		{0, 5, "   0% ░░░░░"},
		{0.001, 5, "   0% ░░░░░"},
		{0.5, 4, "  50% ██░░"},
		{0.999, 5, "  99% ████░"},
		{1, 5, " 100% █████"},
		{1.1, 5, " 100% █████"},
		{-1, 5, ""},
	} {
		if got := bar(test.share, test.columns); got != test.want {
			t.Errorf("bar(%v, %d) = %q, want %q", test.share, test.columns, got, test.want)
		}
	}
}

var testRows = []row{
	{label: "reading", share: 0.45, parts: []string{"120 of 500 repositories", "12,340 of 49,321 commits", "40 s left"}},
	{label: "up", share: -1, parts: []string{"1,500 unchanged", "8,400 would be written"}},
	{label: "idle"},
}

func TestAlignRows(t *testing.T) {
	rows := testRows[:2]
	for width, want := range map[int][]string{
		100: {" reading   45% ███████░░░░░░░░░  120 of 500 repositories, 12,340 of 49,321 commits, 40 s left", " up      1,500 unchanged, 8,400 would be written"},
		80:  {" reading   45% █████░░░░░░░░  12,340 of 49,321 commits, 40 s left", " up      1,500 unchanged, 8,400 would be written"},
		40:  {" reading   45% ██░░░░  40 s left", " up      8,400 would be written"},
		28:  {" reading   45% ██░░░░  40 …", " up      8,400 would be wr…"},
		20:  {" reading   45% ██░…", " up      8,400 wou…"},
		6:   {" rea…", " up …"},
		1:   {" ", " "},
	} {
		if diff := cmp.Diff(want, alignRows(rows, width, false)); diff != "" {
			t.Errorf("%d columns (-want +got):\n%s", width, diff)
		}
	}
}

// TestAlignRowsNeverWraps: some terminals wrap a line that is as long as they are wide.
func TestAlignRowsNeverWraps(t *testing.T) {
	for width := 3; width < 200; width++ {
		for _, line := range alignRows(testRows, width, false) {
			if utf8.RuneCountInString(line) >= width {
				t.Fatalf("%d columns: %q", width, line)
			}
		}
	}
}

func TestAlignRowsColorsTheBar(t *testing.T) {
	lines := alignRows(testRows, 80, true)
	if want := " reading \x1b[32m  45% █████░░░░░░░░\x1b[0m  12,340 of"; !strings.HasPrefix(lines[0], want) {
		t.Errorf("%q, want prefix %q", lines[0], want)
	}
	if strings.Contains(lines[1], "\x1b") {
		t.Errorf("%q has a color, want none without a bar", lines[1])
	}
}
