package terminal

import (
	"os"

	"golang.org/x/term"
)

// usualWidth is the number of columns without a terminal.
const usualWidth = 80

// Width returns the number of columns of the terminal that results go to, and 80 without one.
func (s *Streams) Width() int { return widthOf(s.Out) }

func widthOf(stream any) int {
	file, ok := terminalOf(stream)
	if !ok {
		return usualWidth
	}
	width, _, err := term.GetSize(int(file.Fd()))
	if err != nil || width < 1 {
		return usualWidth
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
	if live, ok := stream.(*Live); ok {
		stream = live.out
	}
	file, ok := stream.(*os.File)
	return file, ok && file != nil && term.IsTerminal(int(file.Fd()))
}
