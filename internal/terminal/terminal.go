package terminal

import (
	"os"

	"golang.org/x/term"
)

// usualWidth is how many columns text gets where there is no terminal.
const usualWidth = 80

// Width is how many columns the terminal has that results go to; 80 where they go elsewhere.
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

// takesEscapes tells whether a stream is a terminal that obeys escape sequences.
func takesEscapes(stream any) bool {
	file, ok := terminalOf(stream)
	return ok && enableEscapes(file)
}

// terminalOf gives the terminal that a stream is, or leads to.
func terminalOf(stream any) (*os.File, bool) {
	if live, ok := stream.(*Live); ok {
		stream = live.out
	}
	file, ok := stream.(*os.File)
	return file, ok && file != nil && term.IsTerminal(int(file.Fd()))
}
