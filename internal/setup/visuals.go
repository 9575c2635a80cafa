package setup

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// The identifiers of the scorecard and the page.
const (
	scorecardIdentifier = "test_coverage"
	pageIdentifier      = "codecov_coverage_overview"
)

// Thresholds are the coverages, in percent, from which on a repository is Bronze, Silver and Gold.
type Thresholds [3]float64

// DefaultThresholds are those of the scorecard unless others are chosen.
var DefaultThresholds = Thresholds{50, 70, 80}

// ParseThresholds parses three rising percentages, like "60,75,90".
func ParseThresholds(text string) (Thresholds, error) {
	var t Thresholds
	parts := strings.Split(text, ",")
	for i := range t {
		value, err := 0.0, error(nil)
		if len(parts) == len(t) {
			value, err = strconv.ParseFloat(strings.TrimSpace(parts[i]), 64)
		}
		previous := 0.0
		if i > 0 {
			previous = t[i-1]
		}
		if err != nil || !(value > previous && value <= 100) {
			return t, fmt.Errorf("%q: expected three rising percentages, such as 50,70,80", text)
		}
		t[i] = value
	}
	return t, nil
}

// scorecard returns the body of the scorecard.
func scorecard(t Thresholds) (json.RawMessage, error) {
	type object = map[string]any
	levels := []object{{"title": "Basic", "color": "paleBlue"}} // it needs no rule
	var rules []object
	for i, level := range []string{"Bronze", "Silver", "Gold"} {
		percent := strconv.FormatFloat(t[i], 'f', -1, 64)
		levels = append(levels, object{"title": level, "color": strings.ToLower(level)})
		rules = append(rules, object{
			"identifier": "coverage" + level,
			"title":      "Coverage is at least " + percent + "%",
			"level":      level,
			"query": object{"combinator": "and", "conditions": []object{
				{"property": percentProperty, "operator": ">=", "value": t[i]},
			}},
		})
	}
	return encode(object{"identifier": scorecardIdentifier, "title": "Test Coverage", "levels": levels, "rules": rules}, "")
}

// percentProperty is the calculation property of the current blueprint that scorecard and page need.
const percentProperty = "coveragePercent"

//go:embed page.json
var pageTemplate string

// page returns the body of the page.
func page(t Thresholds) json.RawMessage {
	return json.RawMessage(strings.ReplaceAll(pageTemplate, "THRESHOLD", strconv.FormatFloat(t[0], 'f', -1, 64)))
}

// contains reports whether a JSON value has everything that another one has: Port adds fields of its own. Arrays must
// have the same length.
func contains(value, other any) bool {
	switch other := other.(type) {
	case map[string]any:
		object, ok := value.(map[string]any)
		for name, inner := range other {
			ok = ok && contains(object[name], inner)
		}
		return ok
	case []any:
		array, ok := value.([]any)
		ok = ok && len(array) == len(other)
		for i := 0; ok && i < len(other); i++ {
			ok = contains(array[i], other[i])
		}
		return ok
	}
	return value == other
}

// containsJSON is contains for documents.
func containsJSON(document, other json.RawMessage) bool {
	var a, b any
	return json.Unmarshal(document, &a) == nil && json.Unmarshal(other, &b) == nil && contains(a, b)
}
