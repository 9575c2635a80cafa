package jq

import (
	"encoding/json"
	"math"
	"math/big"
	"regexp"
	"strconv"

	"github.com/itchyny/gojq"
)

// maxResult is the maximum size of an encoded result in bytes: the limit of a request to Port.
const maxResult = 1 << 20

// maxNesting is the maximum depth of a result: the limit of JSON decoders.
const maxNesting = 10_000

// normalize returns a copy of a result of JQ that JSON can represent: NaN becomes null, infinite the largest float64,
// and a result larger than 1 MiB or deeper than 10,000 levels becomes null.
func normalize(value any) any {
	switch v := value.(type) {
	case nil, bool, int:
		return v
	case string:
		if len(v) <= maxResult/6 { // six bytes are the most that an encoded byte takes
			return v
		}
	}
	n := normalizer{left: maxResult}
	if value = n.copy(value); n.left < 0 {
		return nil
	}
	return value
}

// Input returns a copy of a value that encoding/json decoded with UseNumber, as an input for queries.
func Input(value any) any {
	n := normalizer{left: math.MaxInt}
	return n.copy(value)
}

// normalizer copies values and subtracts their encoded size from what is left; below 0 the copy is of no use.
type normalizer struct{ left, depth int }

func (n *normalizer) copy(value any) any {
	if n.left < 0 {
		return nil
	}
	switch v := value.(type) {
	case nil:
		n.left -= len("null")
	case bool:
		n.left -= len(strconv.FormatBool(v))
	case string:
		n.text(v)
	case []any:
		n.enter(len(v))
		items := make([]any, len(v))
		for i, item := range v {
			items[i] = n.copy(item)
		}
		n.depth--
		return items
	case map[string]any:
		n.enter(len(v))
		object := make(map[string]any, len(v))
		for key, inner := range v {
			n.text(key)
			n.left -= len(":")
			object[key] = n.copy(inner)
		}
		n.depth--
		return object
	default:
		number := finite(v)
		text, _ := NumberText(number)
		n.left -= max(len(text), 1)
		return number
	}
	return value
}

// enter begins an array or an object: its brackets, and the commas between its members.
func (n *normalizer) enter(members int) {
	n.left -= len("[]") + max(0, members-1)
	if n.depth++; n.depth > maxNesting {
		n.left = -1
	}
}

func (n *normalizer) text(s string) {
	n.left -= len(s) + len(`""`)
	for i := 0; i < len(s) && n.left >= 0; i++ {
		switch c := s[i]; {
		case c == '"', c == '\\', c == '\n', c == '\r', c == '\t':
			n.left--
		case c < ' ':
			n.left -= len(`\u0000`) - 1
		}
	}
}

// finite returns a number that JSON can represent, or nil.
func finite(number any) any {
	switch v := number.(type) {
	case int, *big.Int:
		return v
	case json.Number:
		return ParseNumber(v)
	case float64:
		if !math.IsNaN(v) {
			return max(-math.MaxFloat64, min(v, math.MaxFloat64))
		}
	}
	return nil
}

// longestWhole is the longest whole number near a float64. Parsing one of millions of digits would take minutes.
const longestWhole = len("-") + 309

// ParseNumber returns an int, a *big.Int or a float64, or nil for a number beyond those.
func ParseNumber(n json.Number) any {
	if i, err := strconv.Atoi(n.String()); err == nil {
		return i
	}
	if len(n) <= longestWhole && wholeNumber.MatchString(n.String()) {
		if i, ok := new(big.Int).SetString(n.String(), 10); ok {
			return i
		}
	}
	if f, err := n.Float64(); err == nil {
		return f
	}
	return nil
}

var wholeNumber = regexp.MustCompile(`^-?[0-9]+$`)

// NumberText formats a number canonically: whole numbers up to 1e21 without exponent or decimals, others with the
// fewest digits that identify them. It reports false for values that are not numbers of JSON.
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
		magnitude := math.Abs(v)
		switch {
		case math.IsNaN(v) || math.IsInf(v, 0):
			return "", false
		case v == 0:
			return "0", true // also minus zero
		case magnitude < 1e-6 || magnitude >= 1e21:
			return strconv.FormatFloat(v, 'e', -1, 64), true
		default:
			return strconv.FormatFloat(v, 'f', -1, 64), true
		}
	default:
		return "", false
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
