package terminal

import (
	"bytes"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
)

// Live is a few lines on a terminal that change in place, below the messages that are written through it. Where there is
// no terminal, messages go through as they are. It is safe for concurrent use.
//
// The cursor rests at the beginning of the view: erasing from there on is right whatever a resized terminal makes of the
// lines behind it.
type Live struct {
	mu      sync.Mutex
	out     io.Writer
	view    []string // what is to be seen; none: there is no view
	shown   bool
	midline bool // the last message has not ended its line
	away    int  // how many have asked the view to give way
}

// NewLive gives a place for a view on out.
func NewLive(out io.Writer) *Live { return &Live{out: out} }

// Possible tells whether there is a terminal that can hold a view.
func (l *Live) Possible() bool { return takesEscapes(l.out) && os.Getenv("TERM") != "dumb" }

// Width is how many columns the terminal has now; 80 where there is none.
func (l *Live) Width() int { return widthOf(l.out) }

// Draw puts the lines in the place of the view's former ones; without any, the view is erased. They must be safe to
// print, and shorter than Width: a line that wraps would be counted as two.
func (l *Live) Draw(lines ...string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.view = slices.Clone(lines)
	_ = l.write(nil)
}

// GiveWay takes the view away until resume is called, so that a question can be asked.
func (l *Live) GiveWay() (resume func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.away++
	_ = l.write(nil)
	return sync.OnceFunc(func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.away--
		l.midline = false // the answer has ended the line
		_ = l.write(nil)
	})
}

// Away tells whether the view has been asked to give way.
func (l *Live) Away() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.away > 0
}

// Write puts a message above the view.
func (l *Live) Write(message []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.away > 0 {
		l.endLine() // a question waits there for its answer
	}
	if len(message) > 0 {
		l.midline = !bytes.HasSuffix(message, []byte("\n"))
	}
	if err := l.write(message); err != nil {
		return 0, err
	}
	return len(message), nil
}

// EndLine ends the line of a question that gets no answer.
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

// write erases the view, writes the message, and draws the view again where there is room for it, all at once: a
// terminal that shows half of it would flicker.
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
