package setup

import (
	_ "embed"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Thresholds are the coverages, in percent, from which on a repository is Bronze, Silver and Gold.
type Thresholds [3]float64

// DefaultThresholds are those of the scorecard unless others are chosen.
var DefaultThresholds = Thresholds{50, 70, 80}

// ParseThresholds parses three rising percentages, like "60,75,90".
func ParseThresholds(text string) (t Thresholds, err error) {
	_, err = fmt.Sscanf(text+"\n", "%f,%f,%f\n", &t[0], &t[1], &t[2])
	if err != nil || !(0 < t[0] && t[0] < t[1] && t[1] < t[2] && t[2] <= 100) {
		return t, fmt.Errorf("%q: expected three rising percentages, such as 50,70,80", text)
	}
	return t, nil
}

func percent(value float64) string { return strconv.FormatFloat(value, 'f', -1, 64) }

// percentProperty is the calculation property of the current blueprint that scorecard and page need.
const percentProperty = "coveragePercent"

// scorecard returns the body of the scorecard.
func scorecard(t Thresholds) object {
	levels := []object{{"title": "Basic", "color": "paleBlue"}} // it needs no rule
	var rules []object
	for i, level := range []string{"Bronze", "Silver", "Gold"} {
		levels = append(levels, object{"title": level, "color": strings.ToLower(level)})
		rules = append(rules, object{
			"identifier": "coverage" + level,
			"title":      "Coverage is at least " + percent(t[i]) + "%",
			"level":      level,
			"query": object{"combinator": "and", "conditions": []object{
				{"property": percentProperty, "operator": ">=", "value": t[i]},
			}},
		})
	}
	return toObject(object{"identifier": scorecardThing.Identifier, "title": "Test Coverage", "levels": levels, "rules": rules})
}

//go:embed page.json
var pageTemplate string

// page returns the body of the page.
func page(t Thresholds) object {
	return must(decode[object]([]byte(strings.ReplaceAll(pageTemplate, "THRESHOLD", percent(t[0])))))
}

var thresholdPattern = regexp.MustCompile(`"value":([0-9.]+)`)

// isMade reports whether a scorecard or page is as Run makes it, with any thresholds.
func isMade(kind Kind, document object, body func(Thresholds) object) bool {
	var t Thresholds
	for i, match := range thresholdPattern.FindAllSubmatch(encode(document, ""), len(t)) {
		t[i], _ = strconv.ParseFloat(string(match[1]), 64)
	}
	return difference(kind, document, body(t)) == ""
}
