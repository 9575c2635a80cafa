package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"unicode"
	"unicode/utf16"
)

// writeJSON writes a value as indented JSON. What a terminal should not get raw (bidirectional and zero-width marks,
// control characters) is escaped, so that the text is safe to look at and the value the same.
func writeJSON(w io.Writer, value any) error {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(value); err != nil {
		return fmt.Errorf("encode the output: %w", err)
	}
	_, err := w.Write(escapeUnprintable(text.Bytes()))
	return err
}

// escapeUnprintable escapes in JSON what occurs only within its strings: all that is neither printable nor a line break.
func escapeUnprintable(text []byte) []byte {
	var escaped bytes.Buffer
	for _, r := range string(text) {
		switch {
		case unicode.IsPrint(r), r == '\n':
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
