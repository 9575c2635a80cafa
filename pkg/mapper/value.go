package mapper

import (
	"encoding/json"
	"math"
	"math/big"
	"strconv"
	"unicode/utf8"
)

// maxResult is how large a result may be when it is encoded, in bytes: Port takes no request above it.
const maxResult = 1 << 20

// maxNesting is how many levels a result may have: JSON decoders take no more.
const maxNesting = 10_000

// settled makes a result of JQ fit for JSON: what is no number in JSON (nan, infinite) becomes null, and so does a
// result that would be larger than maxResult or deeper than maxNesting. The value itself is never changed: it may
// share memory with the payload.
func settled(value any) any {
	switch v := value.(type) {
	case nil, bool, int:
		return v
	case float64:
		return finite(v)
	case string:
		if len(v) <= maxResult/6 { // six bytes are the most that an encoded byte takes
			return v
		}
	}
	m := measure{left: maxResult}
	m.add(value)
	switch {
	case m.left < 0:
		return nil
	case m.odd:
		return plain(value)
	default:
		return value
	}
}

func finite(f float64) any {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return nil
	}
	return f
}

// measure takes the encoded size of values off what is left, and notices numbers that plain has to change.
type measure struct {
	left  int
	depth int
	odd   bool
}

func (m *measure) add(value any) {
	if m.left < 0 {
		return
	}
	switch v := value.(type) {
	case nil:
		m.left -= len("null")
	case bool:
		m.left -= len(strconv.FormatBool(v))
	case string:
		m.text(v)
	case []any:
		m.enter(len(v))
		for _, item := range v {
			m.add(item)
		}
		m.depth--
	case map[string]any:
		m.enter(len(v))
		for key, inner := range v {
			m.text(key)
			m.left--
			m.add(inner)
		}
		m.depth--
	default:
		m.number(v)
	}
}

// enter begins an array or an object: its brackets, and the commas between its members.
func (m *measure) enter(members int) {
	m.left -= len("[]") + max(0, members-1)
	if m.depth++; m.depth > maxNesting {
		m.left = -1
	}
}

func (m *measure) text(s string) {
	m.left -= len(s) + len(`""`)
	for i := 0; i < len(s) && m.left >= 0; i++ {
		switch c := s[i]; {
		case c == '"', c == '\\', c == '\n', c == '\r', c == '\t':
			m.left--
		case c < ' ':
			m.left -= len(`\u0000`) - 1
		}
	}
}

func (m *measure) number(value any) {
	text, ok := numberText(value)
	m.left -= len(text)
	if _, isNumber := value.(json.Number); isNumber || !ok {
		m.odd = true
	}
}

// plain copies a value with nan and infinite made null, and numbers that are still text made numbers.
func plain(value any) any {
	switch v := value.(type) {
	case float64:
		return finite(v)
	case json.Number:
		return parsed(v)
	case []any:
		items := make([]any, len(v))
		for i, item := range v {
			items[i] = plain(item)
		}
		return items
	case map[string]any:
		object := make(map[string]any, len(v))
		for key, inner := range v {
			object[key] = plain(inner)
		}
		return object
	default:
		return v
	}
}

// longestWhole is how many characters a whole number has at the most that a float64 can come near. Reading one of
// millions of digits would take minutes.
const longestWhole = len("-") + 309

// parsed gives a number that is still text as an int, a *big.Int, a float64, or, beyond those, null.
func parsed(n json.Number) any {
	if i, err := strconv.Atoi(n.String()); err == nil {
		return i
	}
	if len(n) <= longestWhole && wholeNumber(n.String()) {
		if i, ok := new(big.Int).SetString(n.String(), 10); ok {
			return i
		}
	}
	f, err := n.Float64()
	if err != nil {
		return nil
	}
	return finite(f)
}

func wholeNumber(text string) bool {
	for i := range len(text) {
		if (text[i] < '0' || text[i] > '9') && (i > 0 || text[i] != '-') {
			return false
		}
	}
	return text != "" && text != "-"
}

// numberText writes a number in its canonical form: whole numbers without exponent or decimals up to 1e21, others with
// as few digits as identify them. It is false for what is no number, or none that JSON has.
func numberText(value any) (text string, ok bool) {
	switch v := value.(type) {
	case int:
		return strconv.Itoa(v), true
	case *big.Int:
		return v.String(), true
	case json.Number:
		if n := parsed(v); n != nil {
			return numberText(n)
		}
		return "", false
	case float64:
		return floatText(v)
	default:
		return "", false
	}
}

func floatText(f float64) (text string, ok bool) {
	magnitude := math.Abs(f)
	switch {
	case math.IsNaN(f) || math.IsInf(f, 0):
		return "", false
	case f == 0:
		return "0", true // minus zero too
	case magnitude < 1e-6 || magnitude >= 1e21:
		return strconv.FormatFloat(f, 'e', -1, 64), true
	default:
		return strconv.FormatFloat(f, 'f', -1, 64), true
	}
}

// scalarText writes a string, a number or a boolean as a string.
func scalarText(value any) (text string, ok bool) {
	switch v := value.(type) {
	case string:
		return v, true
	case bool:
		return strconv.FormatBool(v), true
	default:
		return numberText(v)
	}
}

func characters(s string) int { return utf8.RuneCountInString(s) }
