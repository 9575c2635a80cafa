package ui

import "io"

// Streams are a command's three. Results go to Out; progress, warnings and errors to Err.
type Streams struct {
	In  io.Reader
	Out io.Writer
	Err io.Writer
}
