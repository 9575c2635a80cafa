package terminal

import (
	"bytes"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
)

// Live is a view of a few lines that change in place, below the messages that are written through it. Without a terminal,
// messages are passed on unchanged. It is safe for concurrent use.
//
// The cursor stays at the beginning of the view: erasing from there works however a resized terminal wraps the lines after it.
type Live struct {
	mu      sync.Mutex
	out     io.Writer
	view    []string // the lines of the view; none: no view
	shown   bool
	midline bool // the last message did not end with a line break
	away    int  // how many callers of Hide have not resumed yet
}

// NewLive returns a view on out.
func NewLive(out io.Writer) *Live { return &Live{out: out} }

// Possible reports whether out is a terminal that can show a view.
func (l *Live) Possible() bool { return takesEscapes(l.out) && os.Getenv("TERM") != "dumb" }

// Width returns the number of columns of the terminal, and 80 without one.
func (l *Live) Width() int { return widthOf(l.out) }

// Draw replaces the lines of the view; without lines, it erases the view. Lines must be safe to print and shorter than Width: a
// line that wraps would count as two.
func (l *Live) Draw(lines ...string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.view = slices.Clone(lines)
	_ = l.write(nil)
}

// Hide hides the view until resume is called, so that a question can be asked.
func (l *Live) Hide() (resume func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.away++
	_ = l.write(nil)
	return sync.OnceFunc(func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.away--
		l.midline = false // the answer ended the line
		_ = l.write(nil)
	})
}

// Hidden reports whether the view is hidden.
func (l *Live) Hidden() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.away > 0
}

// Write writes a message above the view.
func (l *Live) Write(message []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.away > 0 {
		l.endLine() // a question waits for its answer on this line
	}
	if len(message) > 0 {
		l.midline = !bytes.HasSuffix(message, []byte("\n"))
	}
	if err := l.write(message); err != nil {
		return 0, err
	}
	return len(message), nil
}

// EndLine ends the line of a question that is not answered.
func (l *Live) EndLine() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.endLine()
}

func (l *Live) endLine() {
	if l.midline {
		l.midline = false
		_ = l.write([]byte("\n"))
	}
}

const eraseToEnd = "\r\x1b[J"

// write erases the view, writes the message and draws the view again, in one write: the terminal would flicker otherwise.
func (l *Live) write(message []byte) error {
	var text bytes.Buffer
	if l.shown {
		text.WriteString(eraseToEnd)
	}
	text.Write(message)
	if l.shown = len(l.view) > 0 && l.away == 0 && !l.midline; l.shown {
		text.WriteString(strings.Join(l.view, "\r\n") + "\r" + strings.Repeat("\x1b[A", len(l.view)-1))
	}
	if text.Len() == 0 {
		return nil
	}
	_, err := l.out.Write(text.Bytes())
	return err
}
