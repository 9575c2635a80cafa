package terminal

import "io"

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

// Live returns the live view below what is written to Err. From the first call on, Err is that view: it serializes concurrent
// writes.
func (s *Streams) Live() *Live {
	live, ok := s.Err.(*Live)
	if !ok {
		live = NewLive(s.Err)
		s.Err = live
	}
	return live
}
