package terminal

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// gutter is the width of the labels.
const gutter = 14

// sheet is text in lines of a limited width: a label, and text that wraps below itself. All text is made safe to print.
type sheet struct {
	text  strings.Builder
	width int
	style Style
}

func newSheet(streams *Streams) *sheet {
	return &sheet{width: streams.Width(), style: streams.OutStyle()}
}

// line writes a label and a text.
func (s *sheet) line(label, format string, args ...any) {
	s.colored(s.style.Dim, label, format, args...)
}

// colored is line with another color for the label.
func (s *sheet) colored(color func(string) string, label, format string, args ...any) {
	s.words(color, label, strings.Fields(Safe(fmt.Sprintf(format, args...))))
}

// words writes a label and words that are safe to print; lines only break between them.
func (s *sheet) words(color func(string) string, label string, words []string) {
	for i, part := range Wrap(words, s.width-gutter) {
		if i > 0 {
			label = ""
		}
		s.raw(s.label(color, label) + part)
	}
}

func (s *sheet) label(color func(string) string, label string) string {
	if label == "" {
		return strings.Repeat(" ", gutter)
	}
	return color(label) + strings.Repeat(" ", max(1, gutter-utf8.RuneCountInString(label)))
}

// raw writes a line that is safe to print and short enough.
func (s *sheet) raw(line string) { s.text.WriteString(strings.TrimRight(line, " ") + "\n") }

func (s *sheet) blank() { s.text.WriteByte('\n') }
