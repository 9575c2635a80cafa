package ui

import (
	"io"
	"os"

	"golang.org/x/term"
)

// Streams are a command's three. Results go to Out; progress, warnings and errors to Err.
type Streams struct {
	In  io.Reader
	Out io.Writer
	Err io.Writer
}

// Interactive tells whether somebody can be asked: both the input and the errors are a terminal.
func (s *Streams) Interactive() bool { return isTerminal(s.In) && isTerminal(s.Err) }

func isTerminal(stream any) bool {
	file, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}
