package jq

import (
	"encoding/json"
	"math"
	"math/big"
	"strconv"

	"github.com/itchyny/gojq"
)

// maxResult is the maximum size of an encoded result in bytes: the limit of a request to Port.
const maxResult = 1 << 20

// maxNesting is the maximum depth of a result: the limit of JSON decoders.
const maxNesting = 10_000

// Normalize returns a result of JQ as a value that JSON can represent: NaN and infinite become null, and so does a result
// larger than 1 MiB or deeper than 10,000 levels. The argument is never changed: it may share memory with the input.
func Normalize(value any) any {
	switch v := value.(type) {
	case nil, bool, int:
		return v
	case float64:
		return Finite(v)
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
		return Plain(value)
	default:
		return value
	}
}

// Finite returns nil for NaN and infinite.
func Finite(f float64) any {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return nil
	}
	return f
}

// measure subtracts the encoded size of values from what is left, and notices numbers that Plain has to change.
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
	text, ok := NumberText(value)
	m.left -= len(text)
	if _, isNumber := value.(json.Number); isNumber || !ok {
		m.odd = true
	}
}

// Plain returns a copy of a value with json.Number parsed, and NaN and infinite replaced by null.
func Plain(value any) any {
	switch v := value.(type) {
	case float64:
		return Finite(v)
	case json.Number:
		return ParseNumber(v)
	case []any:
		items := make([]any, len(v))
		for i, item := range v {
			items[i] = Plain(item)
		}
		return items
	case map[string]any:
		object := make(map[string]any, len(v))
		for key, inner := range v {
			object[key] = Plain(inner)
		}
		return object
	default:
		return v
	}
}

// longestWhole is the longest whole number near a float64. Parsing one of millions of digits would take minutes.
const longestWhole = len("-") + 309

// ParseNumber returns an int, a *big.Int or a float64, or nil for a number beyond those.
func ParseNumber(n json.Number) any {
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
	return Finite(f)
}

func wholeNumber(text string) bool {
	for i := range len(text) {
		if (text[i] < '0' || text[i] > '9') && (i > 0 || text[i] != '-') {
			return false
		}
	}
	return text != "" && text != "-"
}

// NumberText formats a number canonically: whole numbers up to 1e21 without exponent or decimals, others with the fewest
// digits that identify them. It reports false for values that are not numbers of JSON.
func NumberText(value any) (text string, ok bool) {
	switch v := value.(type) {
	case int:
		return strconv.Itoa(v), true
	case *big.Int:
		return v.String(), true
	case json.Number:
		if n := ParseNumber(v); n != nil {
			return NumberText(n)
		}
		return "", false
	case float64:
		return FloatText(v)
	default:
		return "", false
	}
}

// FloatText is NumberText for a float64.
func FloatText(f float64) (text string, ok bool) {
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

// ScalarText returns a string, number or boolean as a string, and false for other values.
func ScalarText(value any) (text string, ok bool) {
	switch v := value.(type) {
	case string:
		return v, true
	case bool:
		return strconv.FormatBool(v), true
	default:
		return NumberText(v)
	}
}

// Compare orders two values as jq does: null, booleans, numbers, strings, arrays, objects.
func Compare(a, b any) int { return gojq.Compare(a, b) }
