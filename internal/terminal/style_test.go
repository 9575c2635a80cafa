package terminal_test

import (
	"strings"
	"testing"

	"github.com/codecov-port/codecov-port/internal/terminal"
)

// TestStyle: a stream that is no terminal.
func TestStyle(t *testing.T) {
	for name, test := range map[string]struct {
		color       terminal.Color
		environment map[string]string
		want        bool
	}{
		"no terminal":               {"", nil, false},
		"auto":                      {terminal.ColorAuto, nil, false},
		"always":                    {terminal.ColorAlways, nil, true},
		"never":                     {terminal.ColorNever, nil, false},
		"forced":                    {terminal.ColorAuto, map[string]string{"CLICOLOR_FORCE": "1"}, true},
		"not forced":                {terminal.ColorAuto, map[string]string{"CLICOLOR_FORCE": "0"}, false},
		"forced by nothing":         {terminal.ColorAuto, map[string]string{"CLICOLOR_FORCE": ""}, false},
		"unwanted, however forced":  {terminal.ColorAuto, map[string]string{"CLICOLOR_FORCE": "1", "NO_COLOR": "0"}, false},
		"forced on a dumb terminal": {terminal.ColorAuto, map[string]string{"CLICOLOR_FORCE": "1", "TERM": "dumb"}, true},
		"always, though unwanted":   {terminal.ColorAlways, map[string]string{"NO_COLOR": "1", "TERM": "dumb"}, true},
		"never, though forced":      {terminal.ColorNever, map[string]string{"CLICOLOR_FORCE": "1"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			for _, variable := range []string{"NO_COLOR", "CLICOLOR_FORCE", "TERM"} {
				t.Setenv(variable, test.environment[variable])
			}
			var out strings.Builder
			streams := &terminal.Streams{Out: &out, Err: &out, Color: test.color}
			for _, style := range []terminal.Style{streams.OutStyle(), streams.ErrStyle()} {
				if got := style.On(); got != test.want {
					t.Errorf("coloured %v, want %v", got, test.want)
				}
			}
			if streams.LiveView(); streams.ErrStyle().On() != test.want {
				t.Error("another answer with a live view")
			}
		})
	}
}

func TestStyleMarks(t *testing.T) {
	streams := &terminal.Streams{Out: new(strings.Builder), Color: terminal.ColorAlways}
	style := streams.OutStyle()
	for _, test := range []struct{ got, want string }{
		{style.Bold("x"), "\x1b[1mx\x1b[0m"},
		{style.Dim("x"), "\x1b[2mx\x1b[0m"},
		{style.Red("x"), "\x1b[31mx\x1b[0m"},
		{style.Green("x"), "\x1b[32mx\x1b[0m"},
		{style.Yellow("x"), "\x1b[33mx\x1b[0m"},
		{style.Red(""), ""},
		{terminal.Style{}.Red("x"), "x"},
	} {
		if test.got != test.want {
			t.Errorf("got %q, want %q", test.got, test.want)
		}
	}
}

func TestWidthElsewhere(t *testing.T) {
	streams := &terminal.Streams{Out: new(strings.Builder)}
	if got := streams.Width(); got != 80 {
		t.Errorf("width %d, want 80", got)
	}
}
