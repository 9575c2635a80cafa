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

// normalize returns a copy of a result of JQ that JSON can represent: NaN becomes null, infinite the largest float64,
// and a result larger than 1 MiB or deeper than 10,000 levels becomes null.
func normalize(value any) any {
	n := normalizer{left: maxResult}
	value = n.copy(value)
	large := n.left < maxResult-maxResult/32 // what is counted as one byte is encoded in up to 32: a number, an escaped character
	if large && n.left >= 0 {
		encoded, _ := gojq.Marshal(value)
		n.left = maxResult - len(encoded)
	}
	if n.left < 0 {
		return nil
	}
	return value
}

// Input returns a copy of a value that encoding/json decoded with UseNumber, as an input for queries.
func Input(value any) any {
	n := normalizer{left: math.MaxInt}
	return n.copy(value)
}

// normalizer copies values and subtracts the least size that they take from what is left: a byte for each value and
// character. Below 0 the copy is of no use.
type normalizer struct{ left, depth int }

func (n *normalizer) copy(value any) any {
	if n.left--; n.left < 0 {
		return nil
	}
	switch v := value.(type) {
	case string:
		n.left -= len(v)
	case *big.Int:
		n.left -= v.BitLen() / 4 // a digit takes 3.3 bits
	case json.Number:
		return ParseNumber(v.String())
	case float64:
		if math.IsNaN(v) {
			return nil
		}
		return max(-math.MaxFloat64, min(v, math.MaxFloat64))
	case []any:
		n.enter()
		items := make([]any, len(v))
		for i, item := range v {
			items[i] = n.copy(item)
		}
		n.depth--
		return items
	case map[string]any:
		n.enter()
		object := make(map[string]any, len(v))
		for key, inner := range v {
			n.left -= len(key)
			object[key] = n.copy(inner)
		}
		n.depth--
		return object
	}
	return value
}

func (n *normalizer) enter() {
	if n.depth++; n.depth > maxNesting {
		n.left = -1
	}
}

// longestWhole is the longest whole number near a float64. Parsing one of millions of digits would take minutes.
const longestWhole = len("-") + 309

// ParseNumber returns the number of a text as JSON writes it: an int, a *big.Int or a float64, or nil for a number
// beyond those.
func ParseNumber(text string) any {
	if i, err := strconv.Atoi(text); err == nil {
		return i
	}
	if len(text) <= longestWhole {
		if i, ok := new(big.Int).SetString(text, 10); ok {
			return i
		}
	}
	if f, err := strconv.ParseFloat(text, 64); err == nil {
		return f
	}
	return nil
}

// ScalarText returns a string, number or boolean as a string, and false for other values. Numbers are written as
// JavaScript does.
func ScalarText(value any) (text string, ok bool) {
	switch v := value.(type) {
	case string:
		return v, true
	case bool, int, *big.Int:
	case float64:
		value = v + 0 // no minus zero
	default:
		return "", false
	}
	encoded, err := json.Marshal(value)
	return string(encoded), err == nil
}

// Compare orders two values as jq does: null, booleans, numbers, strings, arrays, objects.
func Compare(a, b any) int { return gojq.Compare(a, b) }

// TypeOf returns the type of a value as jq names it: "null", "boolean", "number", "string", "array" or "object".
func TypeOf(value any) string { return gojq.TypeOf(value) }
