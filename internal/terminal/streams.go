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

	Color   string // auto, always or never; "" means auto
	Quiet   bool   // only results, warnings and errors
	Verbose int    // 1: repositories, waits and retries; 2: every request
}

// Interactive reports whether a question can be asked: input and errors are a terminal.
func (s *Streams) Interactive() bool { return IsTerminal(s.In) && IsTerminal(s.Err) }

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

// Width returns the number of columns of the terminal that a stream is or leads to, and 80 without one.
func Width(stream any) int {
	if file, ok := terminalOf(stream); ok {
		if width, _, err := term.GetSize(int(file.Fd())); err == nil && width > 0 {
			return width
		}
	}
	return 80
}

// IsTerminal reports whether a stream is a terminal or leads to one.
func IsTerminal(stream any) bool {
	_, ok := terminalOf(stream)
	return ok
}

// takesEscapes reports whether a stream is a terminal that interprets escape sequences.
func takesEscapes(stream any) bool {
	file, ok := terminalOf(stream)
	return ok && enableEscapes(file) && os.Getenv("TERM") != "dumb"
}

// terminalOf returns the terminal that a stream is or leads to.
func terminalOf(stream any) (*os.File, bool) {
	if view, ok := stream.(*LiveView); ok {
		stream = view.out
	}
	file, ok := stream.(*os.File)
	return file, ok && file != nil && term.IsTerminal(int(file.Fd()))
}

// Ink is a color or the weight of text.
type Ink string

// The inks, and what they are for.
const (
	Bold   Ink = "1"  // the most important figure
	Dim    Ink = "2"  // labels
	Red    Ink = "31" // failures
	Green  Ink = "32" // success
	Yellow Ink = "33" // warnings
)

// Style is whether text is colored.
type Style bool

// Paint colors text, which must be safe to print.
func (s Style) Paint(ink Ink, text string) string {
	if !bool(s) || ink == "" || text == "" {
		return text
	}
	return "\x1b[" + string(ink) + "m" + text + "\x1b[0m"
}

// Style returns the style of text that goes to a stream. It depends on Color, NO_COLOR (no-color.org), CLICOLOR_FORCE
// (bixense.com/clicolors), and the kind of the stream.
func (s *Streams) Style(stream io.Writer) Style {
	switch force := os.Getenv("CLICOLOR_FORCE"); {
	case s.Color == "always":
		return true
	case s.Color == "never", os.Getenv("NO_COLOR") != "":
		return false
	case force != "" && force != "0":
		return true
	}
	return Style(takesEscapes(stream))
}
