package terminal

import "io"

// Streams are a command's three, and how it speaks. Results go to Out; progress, warnings and errors to Err.
type Streams struct {
	In  io.Reader
	Out io.Writer
	Err io.Writer

	Color   Color
	Quiet   bool // no progress, and no message but errors, warnings and what was asked for
	Verbose int  // 1: what happens; 2: each request, too
}

// Interactive tells whether somebody can be asked: both the input and the errors are a terminal.
func (s *Streams) Interactive() bool { return isTerminal(s.In) && isTerminal(s.Err) }

// OutIsTerminal tells whether results go to a terminal.
func (s *Streams) OutIsTerminal() bool { return isTerminal(s.Out) }

// ErrIsTerminal tells whether progress, warnings and errors go to a terminal.
func (s *Streams) ErrIsTerminal() bool { return isTerminal(s.Err) }

// Live gives the place for a live view below what goes to Err. From the first call on, Err is that place: it keeps what
// is written there by several at once apart.
func (s *Streams) Live() *Live {
	live, ok := s.Err.(*Live)
	if !ok {
		live = NewLive(s.Err)
		s.Err = live
	}
	return live
}
