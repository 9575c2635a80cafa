package codecov

import (
	"math"
	"net/url"
	"strings"
	"unicode"
)

// query is a query string, read as leniently as Django does: a bad escape stands for itself, a semicolon is a character.
type query map[string][]string

func parseQuery(raw string) query {
	q := query{}
	for field := range strings.SplitSeq(raw, "&") {
		if field == "" {
			continue
		}
		name, value, _ := strings.Cut(field, "=")
		name = unescape(name)
		q[name] = append(q[name], unescape(value))
	}
	return q
}

// unescape resolves what can be resolved; bytes that are no UTF-8 become U+FFFD.
func unescape(text string) string {
	if plain, err := url.QueryUnescape(text); err == nil {
		return strings.ToValidUTF8(plain, "\uFFFD")
	}
	var plain strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] == '%' && i+3 <= len(text) {
			if char, err := url.QueryUnescape(text[i : i+3]); err == nil {
				plain.WriteString(char)
				i += 2
				continue
			}
		}
		if text[i] == '+' {
			plain.WriteByte(' ')
			continue
		}
		plain.WriteByte(text[i])
	}
	return strings.ToValidUTF8(plain.String(), "\uFFFD")
}

// last gives the value that counts where a parameter is repeated: "" where it is missing.
func (q query) last(name string) string {
	values := q[name]
	if len(values) == 0 {
		return ""
	}
	return values[len(values)-1]
}

// wholeNumber reads text as Python's int() does: blanks around it, a sign, single underscores between digits, digits of
// any script. What exceeds an int is as large as an int can be.
func wholeNumber(text string) (n int, ok bool) {
	text = strings.TrimSpace(text)
	negative := strings.HasPrefix(text, "-")
	if negative || strings.HasPrefix(text, "+") {
		text = text[1:]
	}
	afterDigit := false
	for _, char := range text {
		digit, isDigit := digitValue(char)
		switch {
		case isDigit && n > (math.MaxInt-digit)/10:
			n = math.MaxInt
		case isDigit:
			n = n*10 + digit
		case char != '_' || !afterDigit:
			return 0, false
		}
		afterDigit = isDigit
	}
	if negative {
		n = -n
	}
	return n, afterDigit
}

// digitValue uses that Unicode keeps the decimal digits of a script in runs of ten that begin with zero.
func digitValue(char rune) (value int, ok bool) {
	if !unicode.IsDigit(char) {
		return 0, false
	}
	first := char
	for unicode.IsDigit(first - 1) {
		first--
	}
	return int(char-first) % 10, true
}
