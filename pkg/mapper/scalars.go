package mapper

import (
	"encoding/json"
	"math"
	"math/big"
	"regexp"
	"strings"

	"github.com/codecov-port/codecov-port/pkg/mapper/jq"
)

func toBoolean(value any) (fitted any, reason string) {
	switch value {
	case true, "true":
		return true, ""
	case false, "false":
		return false, ""
	default:
		return nil, "is not a boolean"
	}
}

// toNumber returns an int, a *big.Int or a float64, and nil for a value that is not exactly a number.
func toNumber(value any) any {
	switch v := value.(type) {
	case int, *big.Int:
		return v
	case float64:
		if _, finite := jq.NumberText(v); finite {
			return v
		}
	case json.Number:
		return jq.ParseNumber(v)
	case string:
		return exactNumber(v)
	}
	return nil
}

// decimal is a number as JSON writes it.
var decimal = regexp.MustCompile(`^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$`)

// smallestNormal is the smallest number that a float64 holds in full precision.
const smallestNormal = 0x1p-1022

// exactNumber parses a text that is a number. It returns nil for any other text, and for one that a float64 would
// lose digits of: fifteen significant digits always fit.
func exactNumber(text string) any {
	if !decimal.MatchString(text) {
		return nil
	}
	number := jq.ParseNumber(json.Number(text))
	f, isFloat := number.(float64)
	if !isFloat {
		return number
	}
	written, _ := jq.NumberText(f)
	digits := significantDigits(text)
	if written != text && digits > 0 && (digits > 15 || math.Abs(f) < smallestNormal) {
		return nil
	}
	return f
}

// significantDigits counts the digits of a number from the first to the last that is not zero.
func significantDigits(text string) int {
	mantissa, _, _ := strings.Cut(strings.ToLower(text), "e")
	return len(strings.Trim(strings.Replace(mantissa, ".", "", 1), "-0"))
}
