package terminal_test

import (
	"strings"
	"testing"

	"github.com/codecov-port/codecov-port/internal/terminal"
)

// TestStyle: a stream that is no terminal.
func TestStyle(t *testing.T) {
	for name, test := range map[string]struct {
		color       string
		environment map[string]string
		want        bool
	}{
		"no terminal":               {"", nil, false},
		"auto":                      {"auto", nil, false},
		"always":                    {"always", nil, true},
		"never":                     {"never", nil, false},
		"forced":                    {"auto", map[string]string{"CLICOLOR_FORCE": "1"}, true},
		"not forced":                {"auto", map[string]string{"CLICOLOR_FORCE": "0"}, false},
		"forced by nothing":         {"auto", map[string]string{"CLICOLOR_FORCE": ""}, false},
		"unwanted, however forced":  {"auto", map[string]string{"CLICOLOR_FORCE": "1", "NO_COLOR": "0"}, false},
		"forced on a dumb terminal": {"auto", map[string]string{"CLICOLOR_FORCE": "1", "TERM": "dumb"}, true},
		"always, though unwanted":   {"always", map[string]string{"NO_COLOR": "1", "TERM": "dumb"}, true},
		"never, though forced":      {"never", map[string]string{"CLICOLOR_FORCE": "1"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			for _, variable := range []string{"NO_COLOR", "CLICOLOR_FORCE", "TERM"} {
				t.Setenv(variable, test.environment[variable])
			}
			var out strings.Builder
			streams := &terminal.Streams{Out: &out, Err: &out, Color: test.color}
			for _, style := range []terminal.Style{streams.Style(streams.Out), streams.Style(streams.Err)} {
				if got := bool(style); got != test.want {
					t.Errorf("coloured %v, want %v", got, test.want)
				}
			}
			if streams.LiveView(); bool(streams.Style(streams.Err)) != test.want {
				t.Error("another answer with a live view")
			}
		})
	}
}

func TestStyleMarks(t *testing.T) {
	streams := &terminal.Streams{Out: new(strings.Builder), Color: "always"}
	style := streams.Style(streams.Out)
	for _, test := range []struct{ got, want string }{
		{style.Paint(terminal.Bold, "x"), "\x1b[1mx\x1b[0m"},
		{style.Paint(terminal.Dim, "x"), "\x1b[2mx\x1b[0m"},
		{style.Paint(terminal.Red, "x"), "\x1b[31mx\x1b[0m"},
		{style.Paint(terminal.Green, "x"), "\x1b[32mx\x1b[0m"},
		{style.Paint(terminal.Yellow, "x"), "\x1b[33mx\x1b[0m"},
		{style.Paint(terminal.Red, ""), ""},
		{terminal.Style(false).Paint(terminal.Red, "x"), "x"},
	} {
		if test.got != test.want {
			t.Errorf("got %q, want %q", test.got, test.want)
		}
	}
}

func TestWidthElsewhere(t *testing.T) {
	streams := &terminal.Streams{Out: new(strings.Builder)}
	if got := terminal.Width(streams.Out); got != 80 {
		t.Errorf("width %d, want 80", got)
	}
}
