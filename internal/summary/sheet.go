package summary

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/codecov-port/codecov-port/internal/terminal"
)

// gutter is the room for a label at the beginning of a line.
const gutter = 14

// sheet is text in lines of a limited width: a label, and what there is to say, which goes on below itself. All that is
// put on it is made safe to print.
type sheet struct {
	text  strings.Builder
	width int
	style terminal.Style
}

func newSheet(streams *terminal.Streams) *sheet {
	return &sheet{width: streams.Width(), style: streams.OutStyle()}
}

// line writes one statement.
func (s *sheet) line(label, format string, args ...any) {
	s.colored(s.style.Dim, label, format, args...)
}

// colored is line with a label that is not like all others.
func (s *sheet) colored(color func(string) string, label, format string, args ...any) {
	s.words(color, label, strings.Fields(terminal.Safe(fmt.Sprintf(format, args...))))
}

// words writes a statement that is safe already and is broken between these words alone.
func (s *sheet) words(color func(string) string, label string, words []string) {
	for i, part := range terminal.Wrap(words, s.width-gutter) {
		if i > 0 {
			label = ""
		}
		s.raw(s.label(color, label) + part)
	}
}

// below goes on below the statement before it.
func (s *sheet) below(format string, args ...any) { s.line("", format, args...) }

func (s *sheet) label(color func(string) string, label string) string {
	if label == "" {
		return strings.Repeat(" ", gutter)
	}
	return color(label) + strings.Repeat(" ", max(1, gutter-utf8.RuneCountInString(label)))
}

// raw writes a line that is safe already and short enough.
func (s *sheet) raw(line string) { s.text.WriteString(strings.TrimRight(line, " ") + "\n") }

func (s *sheet) blank() { s.text.WriteByte('\n') }
