package terminal

import (
	"cmp"
	"errors"
	"io"
	"os"
)

// Color says when text is coloured.
type Color string

// The choices. The zero value is ColorAuto, too.
const (
	ColorAuto   Color = "auto" // as the environment and the terminal say
	ColorAlways Color = "always"
	ColorNever  Color = "never"
)

// Set reads a choice. With String and Type it makes a Color a flag's value.
func (c *Color) Set(text string) error {
	switch color := Color(text); color {
	case ColorAuto, ColorAlways, ColorNever:
		*c = color
		return nil
	}
	return errors.New("expected auto, always or never")
}

// String gives what Set reads.
func (c *Color) String() string { return cmp.Or(string(*c), string(ColorAuto)) }

// Type is how help names the value.
func (c *Color) Type() string { return "string" }

// Style marks text. The zero value leaves it as it is. What it marks must be safe to print already.
type Style struct{ on bool }

// Bold marks what counts most.
func (s Style) Bold(text string) string { return s.mark("1", text) }

// Dim marks what may be passed over.
func (s Style) Dim(text string) string { return s.mark("2", text) }

// Red marks what failed.
func (s Style) Red(text string) string { return s.mark("31", text) }

// Green marks what is well.
func (s Style) Green(text string) string { return s.mark("32", text) }

// Yellow marks what is worth a look.
func (s Style) Yellow(text string) string { return s.mark("33", text) }

// On tells whether text is marked at all.
func (s Style) On() bool { return s.on }

func (s Style) mark(code, text string) string {
	if !s.on || text == "" {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

// OutStyle is how results are marked.
func (s *Streams) OutStyle() Style { return s.style(s.Out) }

// ErrStyle is how messages are marked.
func (s *Streams) ErrStyle() Style { return s.style(s.Err) }

func (s *Streams) style(stream io.Writer) Style {
	return Style{on: colored(s.Color, os.Getenv, takesEscapes(stream))}
}

// colored decides: what was asked for, then NO_COLOR (no-color.org) and CLICOLOR_FORCE (bixense.com/clicolors), then what
// the stream is.
func colored(color Color, environment func(string) string, terminal bool) bool {
	force := environment("CLICOLOR_FORCE")
	switch {
	case color == ColorAlways:
		return true
	case color == ColorNever, environment("NO_COLOR") != "":
		return false
	case force != "" && force != "0":
		return true
	}
	return terminal && environment("TERM") != "dumb"
}
