package terminal_test

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codecov-port/codecov-port/internal/terminal"
)

// screen is as much of a terminal as a view needs: it never wraps, nor ends.
type screen struct {
	lines       [][]rune
	row, column int
}

func (s *screen) Write(text []byte) (int, error) {
	for rest := string(text); rest != ""; {
		rest = s.obey(rest)
	}
	return len(text), nil
}

// obey interprets the beginning of the text, and returns the rest.
func (s *screen) obey(text string) string {
	for sequence, do := range map[string]func(){"\r": s.home, "\n": s.down, "\x1b[A": s.up, "\x1b[J": s.erase} {
		if rest, ok := strings.CutPrefix(text, sequence); ok {
			do()
			return rest
		}
	}
	r := []rune(text)[0]
	s.put(r)
	return text[len(string(r)):]
}

func (s *screen) home() { s.column = 0 }
func (s *screen) up()   { s.row-- }

// down is what a terminal makes of a line break: the next line's beginning.
func (s *screen) down() { s.row, s.column = s.row+1, 0 }

func (s *screen) erase() {
	s.reach()
	s.lines = s.lines[:s.row+1]
	s.lines[s.row] = s.lines[s.row][:min(s.column, len(s.lines[s.row]))]
}

func (s *screen) put(r rune) {
	s.reach()
	line := append(s.lines[s.row], []rune(strings.Repeat(" ", max(s.column+1-len(s.lines[s.row]), 0)))...)
	line[s.column] = r
	s.lines[s.row] = line
	s.column++
}

func (s *screen) reach() {
	for len(s.lines) <= s.row {
		s.lines = append(s.lines, nil)
	}
}

func (s *screen) text() string {
	var text []string
	for _, line := range s.lines {
		text = append(text, string(line))
	}
	return strings.Join(text, "\n")
}

func TestLiveView(t *testing.T) {
	for name, test := range map[string]struct {
		do   func(*terminal.LiveView)
		want string
	}{
		"a view":          {func(l *terminal.LiveView) { l.Draw("one", "two") }, "one\ntwo"},
		"drawn anew":      {func(l *terminal.LiveView) { l.Draw("one longer", "two"); l.Draw("1", "2") }, "1\n2"},
		"fewer lines":     {func(l *terminal.LiveView) { l.Draw("one", "two"); l.Draw("1") }, "1"},
		"gone":            {func(l *terminal.LiveView) { l.Draw("one", "two"); l.Draw() }, ""},
		"no view":         {func(l *terminal.LiveView) { say(l, "message\n") }, "message"},
		"a message above": {func(l *terminal.LiveView) { l.Draw("one", "two"); say(l, "message\n") }, "message\none\ntwo"},
		"messages":        {func(l *terminal.LiveView) { l.Draw("one", "two"); say(l, "a\n"); say(l, "b\nc\n") }, "a\nb\nc\none\ntwo"},
		"a question":      {func(l *terminal.LiveView) { l.Draw("one"); l.Ask("sure? "); l.Draw("two") }, "sure? "},
		"gone for good":   {func(l *terminal.LiveView) { l.Draw("one", "two"); say(l, "message\n"); l.Draw(); say(l, "end\n") }, "message\nend"},
	} {
		t.Run(name, func(t *testing.T) {
			var seen screen
			test.do(newView(&seen))
			if got := strings.TrimRight(seen.text(), "\n"); got != test.want {
				t.Errorf("the terminal shows\n%s\nwant\n%s", got, test.want)
			}
		})
	}
}

func say(l *terminal.LiveView, text string) { _, _ = fmt.Fprint(l, text) }

// TestLiveViewAfterAnAnswer: the terminal echoes what is typed.
func TestLiveViewAfterAnAnswer(t *testing.T) {
	var seen screen
	live := newView(&seen)
	live.Draw("one")
	resume := live.Ask("sure? ")
	if !live.Asking() {
		t.Error("no question is asked")
	}
	_, _ = seen.Write([]byte("y\n"))
	resume(true)
	if got := seen.text(); got != "sure? y\none" || live.Asking() {
		t.Errorf("the terminal shows %q", got)
	}
}

// TestLiveViewWithoutAnAnswer: a message during a question starts a new line, and so does one after it.
func TestLiveViewWithoutAnAnswer(t *testing.T) {
	for name, end := range map[string]func(live *terminal.LiveView, resume func(bool)){
		"message first":  func(live *terminal.LiveView, resume func(bool)) { say(live, "interrupted\n"); resume(false) },
		"question first": func(live *terminal.LiveView, resume func(bool)) { resume(false); say(live, "interrupted\n") },
	} {
		var seen screen
		live := newView(&seen)
		end(live, live.Ask("sure? "))
		if got := strings.TrimSpace(seen.text()); got != "sure? \ninterrupted" {
			t.Errorf("%s: the terminal shows %q", name, got)
		}
	}
}

// TestLiveViewKeepsMessagesWhole: however many write at once, and whatever is drawn meanwhile.
func TestLiveViewKeepsMessagesWhole(t *testing.T) {
	var seen screen
	live := newView(&seen)
	var writers sync.WaitGroup
	for range 8 {
		writers.Go(func() {
			for range 50 {
				live.Draw("one", "two")
				say(live, "message\n")
			}
		})
	}
	writers.Wait()
	live.Draw()
	if got, want := strings.TrimSpace(seen.text()), strings.TrimSpace(strings.Repeat("message\n", 400)); got != want {
		t.Error(cmp.Diff(want, got))
	}
}

func TestLiveViewElsewhere(t *testing.T) {
	var out strings.Builder
	live := newView(&out)
	if live.Possible() {
		t.Error("a view is possible without a terminal")
	}
	if got := terminal.Width(live); got != 80 {
		t.Errorf("width %d", got)
	}
	say(live, "message\n")
	live.Draw()
	if out.String() != "message\n" {
		t.Errorf("wrote %q", out.String())
	}
}

// newView returns the live view of a stream.
func newView(stream io.Writer) *terminal.LiveView {
	streams := &terminal.Streams{Err: stream}
	return streams.LiveView()
}
