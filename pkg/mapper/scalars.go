package mapper

import (
	"encoding/json"
	"math"
	"math/big"
	"regexp"
	"strconv"
	"strings"

	"github.com/codecov-port/codecov-port/pkg/mapper/jq"
)

// toNumber returns an int, a *big.Int or a float64, and nil for a value that is not exactly a number.
func toNumber(value any) any {
	switch v := value.(type) {
	case int, *big.Int:
		return v
	case float64:
		if !math.IsNaN(v) && !math.IsInf(v, 0) {
			return v
		}
	case json.Number:
		return jq.ParseNumber(v.String())
	case string:
		return exactNumber(v)
	}
	return nil
}

// decimal is a number as JSON writes it.
var decimal = regexp.MustCompile(`^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$`)

// exactNumber parses a text that is a number. It returns nil for any other text, and for one that a float64 would
// lose digits of.
func exactNumber(text string) any {
	if !decimal.MatchString(text) {
		return nil
	}
	number := jq.ParseNumber(text)
	if f, isFloat := number.(float64); isFloat && significantDigits(text) != significantDigits(strconv.FormatFloat(f, 'e', -1, 64)) {
		return nil
	}
	return number
}

// significantDigits returns the digits of a number from the first to the last that is not zero.
func significantDigits(text string) string {
	mantissa, _, _ := strings.Cut(strings.ToLower(text), "e")
	return strings.Trim(strings.Replace(mantissa, ".", "", 1), "-0")
}
