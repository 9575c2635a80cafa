package ui_test

import (
	"strings"
	"testing"

	"github.com/codecov-port/codecov-port/internal/ui"
)

// TestStyle: a stream that is no terminal.
func TestStyle(t *testing.T) {
	for name, test := range map[string]struct {
		color       ui.Color
		environment map[string]string
		want        bool
	}{
		"no terminal":               {"", nil, false},
		"auto":                      {ui.ColorAuto, nil, false},
		"always":                    {ui.ColorAlways, nil, true},
		"never":                     {ui.ColorNever, nil, false},
		"forced":                    {ui.ColorAuto, map[string]string{"CLICOLOR_FORCE": "1"}, true},
		"not forced":                {ui.ColorAuto, map[string]string{"CLICOLOR_FORCE": "0"}, false},
		"forced by nothing":         {ui.ColorAuto, map[string]string{"CLICOLOR_FORCE": ""}, false},
		"unwanted, however forced":  {ui.ColorAuto, map[string]string{"CLICOLOR_FORCE": "1", "NO_COLOR": "0"}, false},
		"forced on a dumb terminal": {ui.ColorAuto, map[string]string{"CLICOLOR_FORCE": "1", "TERM": "dumb"}, true},
		"always, though unwanted":   {ui.ColorAlways, map[string]string{"NO_COLOR": "1", "TERM": "dumb"}, true},
		"never, though forced":      {ui.ColorNever, map[string]string{"CLICOLOR_FORCE": "1"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			for _, variable := range []string{"NO_COLOR", "CLICOLOR_FORCE", "TERM"} {
				t.Setenv(variable, test.environment[variable])
			}
			var out strings.Builder
			streams := &ui.Streams{Out: &out, Err: &out, Color: test.color}
			for _, style := range []ui.Style{streams.OutStyle(), streams.ErrStyle()} {
				if got := style.On(); got != test.want {
					t.Errorf("coloured %v, want %v", got, test.want)
				}
			}
			if streams.Live(); streams.ErrStyle().On() != test.want {
				t.Error("another answer with a live view")
			}
		})
	}
}

func TestStyleMarks(t *testing.T) {
	streams := &ui.Streams{Out: new(strings.Builder), Color: ui.ColorAlways}
	style := streams.OutStyle()
	for _, test := range []struct{ got, want string }{
		{style.Bold("x"), "\x1b[1mx\x1b[0m"},
		{style.Dim("x"), "\x1b[2mx\x1b[0m"},
		{style.Red("x"), "\x1b[31mx\x1b[0m"},
		{style.Green("x"), "\x1b[32mx\x1b[0m"},
		{style.Yellow("x"), "\x1b[33mx\x1b[0m"},
		{style.Red(""), ""},
		{ui.Style{}.Red("x"), "x"},
	} {
		if test.got != test.want {
			t.Errorf("got %q, want %q", test.got, test.want)
		}
	}
}

func TestColorAsAFlag(t *testing.T) {
	var color ui.Color
	if color.String() != "auto" {
		t.Errorf("by default %q", color.String())
	}
	for _, text := range []string{"always", "never", "auto"} {
		if err := color.Set(text); err != nil || color.String() != text {
			t.Errorf("%q gives %q, %v", text, color.String(), err)
		}
	}
	for _, text := range []string{"", "Always", "sometimes"} {
		if err := color.Set(text); err == nil {
			t.Errorf("%q is a choice", text)
		}
	}
}

func TestWidthElsewhere(t *testing.T) {
	streams := &ui.Streams{Out: new(strings.Builder)}
	if got := streams.Width(); got != 80 {
		t.Errorf("width %d, want 80", got)
	}
}
