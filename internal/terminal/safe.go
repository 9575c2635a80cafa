// Package ui is the terminal: streams, tables, trends, and text that is safe to print.
package terminal

import (
	"strings"
	"unicode"
)

// Printable tells whether a character may go to a terminal as it is. Control characters, line breaks, bidirectional
// marks and what takes no room by itself may not.
func Printable(r rune) bool {
	return unicode.IsPrint(r) && !unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r)
}

// Safe makes text from outside fit to print: what is not Printable becomes �.
func Safe(text string) string {
	return strings.Map(func(r rune) rune {
		if Printable(r) {
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
