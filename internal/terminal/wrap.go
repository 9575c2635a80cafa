package terminal

import (
	"strings"
	"unicode/utf8"
)

// Fit breaks the lines of a text that are longer than width characters at blanks. What goes on below is indented as its
// line is. A word that is longer stays whole: an address that a terminal breaks can be copied.
func Fit(text string, width int) string {
	var fitted strings.Builder
	for line := range strings.Lines(text) {
		bare := strings.TrimSuffix(line, "\n")
		if utf8.RuneCountInString(bare) <= width {
			fitted.WriteString(line)
			continue
		}
		indent := bare[:len(bare)-len(strings.TrimLeft(bare, " "))]
		fitted.WriteString(indent + strings.Join(lay(strings.Fields(bare), width-len(indent), false), "\n"+indent) + line[len(bare):])
	}
	return fitted.String()
}

const narrowest = 20 // characters: below that, text is not broken into ever more lines

// Wrap puts words into lines of at most width characters; a word that is longer is broken itself. No line is taken to be
// narrower than 20 characters.
func Wrap(words []string, width int) []string { return lay(words, width, true) }

func lay(words []string, width int, breaking bool) []string {
	width = max(width, narrowest)
	var lines []string
	line := []rune{}
	flush := func() {
		lines = append(lines, string(line))
		line = line[:0]
	}
	for _, word := range words {
		rest := []rune(word)
		if len(line) > 0 && len(line)+1+len(rest) > width {
			flush()
		}
		if len(line) > 0 {
			line = append(line, ' ')
		}
		for breaking && len(rest) > width {
			line = append(line, rest[:width]...)
			rest = rest[width:]
			flush()
		}
		line = append(line, rest...)
	}
	if len(line) > 0 || len(lines) == 0 {
		flush()
	}
	return lines
}
