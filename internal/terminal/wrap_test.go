package terminal_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codecov-port/codecov-port/internal/terminal"
)

func TestWrap(t *testing.T) {
	long := strings.Repeat("x", 45)
	for name, test := range map[string]struct {
		text  string
		width int
		want  []string
	}{
		"short":       {"a few words", 20, []string{"a few words"}},
		"nothing":     {"", 20, []string{""}},
		"at blanks":   {"one two three four five", 20, []string{"one two three four", "five"}},
		"exactly":     {"one two three fourth five", 20, []string{"one two three fourth", "five"}},
		"long word":   {"a " + long + " b", 20, []string{"a", long[:20], long[:20], "xxxxx b"}},
		"never tiny":  {"one two three four five", 3, []string{"one two three four", "five"}},
		"whole lines": {long[:40], 20, []string{long[:20], long[:20]}},
	} {
		if diff := cmp.Diff(test.want, terminal.Wrap(strings.Fields(test.text), test.width)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
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
