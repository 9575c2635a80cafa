//go:build unix

package terminal_test

import (
	"errors"
	"os"
	"testing"

	"github.com/creack/pty"

	"github.com/codecov-port/codecov-port/internal/terminal"
)

// onTerminal returns streams on a terminal of 100 columns, and the terminal's other end.
func onTerminal(t *testing.T) (*terminal.Streams, *os.File) {
	t.Helper()
	far, near, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = errors.Join(near.Close(), far.Close()) })
	resize(t, far, 100)
	return &terminal.Streams{In: near, Out: near, Err: near}, far
}

func resize(t *testing.T, terminal *os.File, columns uint16) {
	t.Helper()
	if err := pty.Setsize(terminal, &pty.Winsize{Rows: 24, Cols: columns}); err != nil {
		t.Fatal(err)
	}
}

// TestTerminal: what a terminal can do, as the environment has it.
func TestTerminal(t *testing.T) {
	streams, _ := onTerminal(t)
	for name, test := range map[string]struct {
		color         string
		environment   map[string]string
		colored, view bool
	}{
		"as it is":          {"", nil, true, true},
		"NO_COLOR":          {"", map[string]string{"NO_COLOR": "1"}, false, true},
		"never":             {"never", nil, false, true},
		"dumb":              {"", map[string]string{"TERM": "dumb"}, false, false},
		"dumb, but forced":  {"", map[string]string{"TERM": "dumb", "CLICOLOR_FORCE": "1"}, true, false},
		"dumb, but always":  {"always", map[string]string{"TERM": "dumb"}, true, false},
		"not forced either": {"", map[string]string{"CLICOLOR_FORCE": "0"}, true, true},
	} {
		t.Run(name, func(t *testing.T) {
			for _, variable := range []string{"NO_COLOR", "CLICOLOR_FORCE", "TERM"} {
				t.Setenv(variable, test.environment[variable])
			}
			streams.Color = test.color
			if got := streams.LiveView().Possible(); got != test.view {
				t.Errorf("a view is possible: %v", got)
			}
			if out, err := bool(streams.Style(streams.Out)), bool(streams.Style(streams.Err)); out != test.colored || err != test.colored {
				t.Errorf("coloured: %v, %v", out, err)
			}
			if !streams.Interactive() || !terminal.IsTerminal(streams.Out) {
				t.Error("nobody can be asked")
			}
		})
	}
}

func TestWidthFollowsTheTerminal(t *testing.T) {
	streams, tty := onTerminal(t)
	for _, columns := range []int{100, 40, 0, 200} {
		want := columns
		if columns == 0 { // some terminals report it
			want = 80
		}
		resize(t, tty, uint16(columns))
		if out, err := terminal.Width(streams.Out), terminal.Width(streams.LiveView()); out != want || err != want {
			t.Errorf("%d columns: %d and %d", columns, out, err)
		}
	}
}
