// Package ui is the terminal: streams, tables, trends, and text that is safe to print.
package ui

import (
	"strings"
	"unicode"
)

// Safe makes text from outside fit to print: what is not printable (control characters, escapes, bidirectional
// and zero-width marks, line breaks) becomes �.
func Safe(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return unicode.ReplacementChar
	}, text)
}

// SafeLines is Safe for text of several lines: its line breaks stay.
func SafeLines(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = Safe(line)
	}
	return strings.Join(lines, "\n")
}
