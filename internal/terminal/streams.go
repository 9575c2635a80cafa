package terminal

import (
	"io"
	"os"

	"golang.org/x/term"
)

// Streams are the streams of a command and its output settings. Results go to Out; progress, warnings and errors go to Err.
type Streams struct {
	In  io.Reader
	Out io.Writer
	Err io.Writer

	Color   Color
	Quiet   bool // only results, warnings and errors
	Verbose int  // 1: repositories, waits and retries; 2: every request
}

// Interactive reports whether a question can be asked: input and errors are a terminal.
func (s *Streams) Interactive() bool { return isTerminal(s.In) && isTerminal(s.Err) }

// OutIsTerminal reports whether results go to a terminal.
func (s *Streams) OutIsTerminal() bool { return isTerminal(s.Out) }

// ErrIsTerminal reports whether progress, warnings and errors go to a terminal.
func (s *Streams) ErrIsTerminal() bool { return isTerminal(s.Err) }

// Width returns the number of columns of the terminal that results go to, and 80 without one.
func (s *Streams) Width() int { return widthOf(s.Out) }

// LiveView returns the live view below what is written to Err. From the first call on, Err is that view: it serializes
// concurrent writes.
func (s *Streams) LiveView() *LiveView {
	view, ok := s.Err.(*LiveView)
	if !ok {
		view = &LiveView{out: s.Err}
		s.Err = view
	}
	return view
}

const defaultWidth = 80

func widthOf(stream any) int {
	file, ok := terminalOf(stream)
	if !ok {
		return defaultWidth
	}
	width, _, err := term.GetSize(int(file.Fd()))
	if err != nil || width < 1 {
		return defaultWidth
	}
	return width
}

func isTerminal(stream any) bool {
	_, ok := terminalOf(stream)
	return ok
}

// takesEscapes reports whether a stream is a terminal that interprets escape sequences.
func takesEscapes(stream any) bool {
	file, ok := terminalOf(stream)
	return ok && enableEscapes(file)
}

// terminalOf returns the terminal that a stream is or leads to.
func terminalOf(stream any) (*os.File, bool) {
	if view, ok := stream.(*LiveView); ok {
		stream = view.out
	}
	file, ok := stream.(*os.File)
	return file, ok && file != nil && term.IsTerminal(int(file.Fd()))
}
