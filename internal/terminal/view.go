package terminal

import (
	"bytes"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
)

// LiveView is a view of a few lines that change in place, below the messages that are written through it. Without a
// terminal, messages are passed on unchanged. It is safe for concurrent use.
//
// The cursor stays at the beginning of the view: erasing from there works however a resized terminal wraps the lines after it.
type LiveView struct {
	mu      sync.Mutex
	out     io.Writer
	lines   []string // of the view; none: no view
	shown   bool
	midline bool // the last message did not end with a line break
	hidden  int  // callers of Hide that have not resumed yet
}

// Possible reports whether out is a terminal that can show a view.
func (v *LiveView) Possible() bool { return takesEscapes(v.out) && os.Getenv("TERM") != "dumb" }

// Width returns the number of columns of the terminal, and 80 without one.
func (v *LiveView) Width() int { return widthOf(v.out) }

// Draw replaces the lines of the view; without lines, it erases the view. Lines must be safe to print and shorter than
// Width: the terminal would wrap a longer line.
func (v *LiveView) Draw(lines ...string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.lines = slices.Clone(lines)
	_ = v.write(nil)
}

// Hide hides the view until resume is called, so that a question can be asked.
func (v *LiveView) Hide() (resume func()) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.hidden++
	_ = v.write(nil)
	return sync.OnceFunc(func() {
		v.mu.Lock()
		defer v.mu.Unlock()
		v.hidden--
		v.midline = false // the answer ended the line
		_ = v.write(nil)
	})
}

// Hidden reports whether the view is hidden.
func (v *LiveView) Hidden() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.hidden > 0
}

// Write writes a message above the view.
func (v *LiveView) Write(message []byte) (int, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.hidden > 0 {
		v.endLine() // a question waits for its answer on this line
	}
	if len(message) > 0 {
		v.midline = !bytes.HasSuffix(message, []byte("\n"))
	}
	if err := v.write(message); err != nil {
		return 0, err
	}
	return len(message), nil
}

// EndLine ends the line of a question that is not answered.
func (v *LiveView) EndLine() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.endLine()
}

func (v *LiveView) endLine() {
	if v.midline {
		v.midline = false
		_ = v.write([]byte("\n"))
	}
}

const eraseToEnd = "\r\x1b[J"

// write erases the view, writes the message and draws the view again, in one write: the terminal would flicker otherwise.
func (v *LiveView) write(message []byte) error {
	var text bytes.Buffer
	if v.shown {
		text.WriteString(eraseToEnd)
	}
	text.Write(message)
	if v.shown = len(v.lines) > 0 && v.hidden == 0 && !v.midline; v.shown {
		text.WriteString(strings.Join(v.lines, "\r\n") + "\r" + strings.Repeat("\x1b[A", len(v.lines)-1))
	}
	if text.Len() == 0 {
		return nil
	}
	_, err := v.out.Write(text.Bytes())
	return err
}
