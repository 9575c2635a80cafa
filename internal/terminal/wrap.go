package terminal

import (
	"strings"
	"unicode/utf8"
)

// Fit wraps the lines of a text that are longer than width characters, with the indentation of the line. Longer words stay
// whole: an address can still be copied.
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

const narrowest = 20 // characters: text is never wrapped below that

// Wrap joins words to lines of at most width characters, but not below 20. Longer words are broken.
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
