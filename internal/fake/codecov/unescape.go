package codecov

import (
	"bytes"
	"encoding/json"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// unescaped writes the characters of a JSON text that it escapes as \uXXXX as themselves, as the API does: all but
// control characters below U+0020, the two line separators and halves of surrogate pairs. Other texts are unchanged.
func unescaped(text json.RawMessage) json.RawMessage {
	if !bytes.Contains(text, []byte(`\u`)) {
		return text
	}
	plain := make(json.RawMessage, 0, len(text))
	for i := 0; i < len(text); {
		char, length := escapeAt(text[i:])
		if length > 0 && isPlainInJSON(char) {
			plain = utf8.AppendRune(plain, char)
			i += length
			continue
		}
		end := min(i+1, len(text))
		if text[i] == '\\' {
			end = min(i+2, len(text))
		}
		plain = append(plain, text[i:end]...)
		i = end
	}
	return plain
}

// escapeAt reads the \uXXXX, or the two of a surrogate pair, that text begins with. Length is 0 where there is none.
func escapeAt(text []byte) (char rune, length int) {
	first, ok := codeUnit(text)
	if !ok {
		return 0, 0
	}
	if !utf16.IsSurrogate(first) {
		return first, 6
	}
	second, ok := codeUnit(text[6:])
	if pair := utf16.DecodeRune(first, second); ok && pair != utf8.RuneError {
		return pair, 12
	}
	return first, 6
}

func codeUnit(text []byte) (rune, bool) {
	if len(text) < 6 || text[0] != '\\' || text[1] != 'u' {
		return 0, false
	}
	unit, err := strconv.ParseUint(string(text[2:6]), 16, 16)
	return rune(unit), err == nil
}

func isPlainInJSON(char rune) bool {
	return char >= ' ' && char != '"' && char != '\\' && char != '\u2028' && char != '\u2029' && !utf16.IsSurrogate(char)
}
