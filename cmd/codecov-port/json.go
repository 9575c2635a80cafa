package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"unicode/utf16"

	"github.com/codecov-port/codecov-port/internal/terminal"
)

// writeJSON writes a value as indented JSON that is safe to look at.
func writeJSON(w io.Writer, value any) error {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(value); err != nil {
		return fmt.Errorf("encode the output: %w", err)
	}
	_, err := legibleJSON{w}.Write(text.Bytes())
	return err
}

// legibleJSON escapes in the JSON that it is given, whole values at a time, what a terminal should not get raw
// (bidirectional and zero-width marks, control characters): the text is safe to look at and the value the same.
type legibleJSON struct{ io.Writer }

func (l legibleJSON) Write(text []byte) (int, error) {
	if _, err := l.Writer.Write(escapeUnprintable(text)); err != nil {
		return 0, err
	}
	return len(text), nil
}

// escapeUnprintable escapes in JSON what occurs only within its strings: all that is neither printable nor a line break.
func escapeUnprintable(text []byte) []byte {
	var escaped bytes.Buffer
	for _, r := range string(text) {
		switch {
		case terminal.Printable(r), r == '\n':
			escaped.WriteRune(r)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			fmt.Fprintf(&escaped, `\u%04x\u%04x`, high, low)
		default:
			fmt.Fprintf(&escaped, `\u%04x`, r)
		}
	}
	return escaped.Bytes()
}
