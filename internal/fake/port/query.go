package port

import (
	"cmp"
	"reflect"
	"slices"
	"strings"
	"time"
)

// predicate reports whether an entity is asked for.
type predicate func(Entity) bool

// readQuery reads {combinator, rules}, which the contract has passed; none asks for all. A rule that names what the
// blueprint does not have is refused, and so are those over contexts, presets, scorecards and paths of relations.
func readQuery(d *declaration, query any) (predicate, *failure) {
	asked, given := query.(map[string]any)
	if !given {
		return func(Entity) bool { return true }, nil
	}
	var rules []predicate
	for _, rule := range listOf(asked["rules"]) {
		matches, refused := readRule(d, rule)
		if refused != nil {
			return nil, refused
		}
		rules = append(rules, matches)
	}
	if asked["combinator"] == "or" {
		return func(e Entity) bool {
			return slices.ContainsFunc(rules, func(matches predicate) bool { return matches(e) })
		}, nil
	}
	return func(e Entity) bool {
		return !slices.ContainsFunc(rules, func(matches predicate) bool { return !matches(e) })
	}, nil
}

func readRule(d *declaration, rule map[string]any) (predicate, *failure) {
	if _, nested := rule["combinator"]; nested {
		return readQuery(d, rule)
	}
	subject, refused := readSubject(d, rule)
	if refused != nil {
		return nil, refused
	}
	operator, _ := rule["operator"].(string)
	holds, known := operators[operator]
	if _, isObject := rule["value"].(map[string]any); !known || isObject && !isRange(rule["value"]) {
		return nil, notEmulated("the rule '" + operator + "'")
	}
	return func(e Entity) bool { return holds(subject(e), rule["value"]) }, nil
}

// readSubject returns what a rule looks at: a property, a meta-property, or a relation's identifiers.
func readSubject(d *declaration, rule map[string]any) (func(Entity) any, *failure) {
	if name, ok := rule["relation"].(string); ok {
		if _, declared := d.Relations[name]; !declared {
			return nil, invalidf("query: '%s' is not a relation of blueprint '%s'", name, d.Identifier)
		}
		if rule["targetProperty"] == "$title" {
			return nil, notEmulated("a rule on a related entity's title")
		}
		return func(e Entity) any { return e.Relations[name] }, nil
	}
	name, ok := rule["property"].(string)
	if !ok {
		return nil, notEmulated("this kind of rule")
	}
	switch name {
	case "$identifier":
		return func(e Entity) any { return e.Identifier }, nil
	case "$title":
		return func(e Entity) any { return e.Title }, nil
	case "$team":
		return func(e Entity) any { return e.Team }, nil
	case "$blueprint":
		return func(Entity) any { return d.Identifier }, nil
	}
	if d.Schema.Properties[name] == nil {
		return nil, invalidf("query: '%s' is not a property of blueprint '%s'", name, d.Identifier)
	}
	return func(e Entity) any { return e.Properties[name] }, nil
}

// operators report whether what an entity holds stands in that relation to a rule's value.
var operators = map[string]func(held, value any) bool{
	"=":                 equal,
	"!=":                not(equal),
	"in":                func(held, value any) bool { return oneOf(list(value), held) },
	"notIn":             func(held, value any) bool { return !oneOf(list(value), held) },
	"contains":          contains,
	"doesNotContains":   not(contains),
	"containsAny":       func(held, value any) bool { return slices.ContainsFunc(list(value), within(held)) },
	"beginsWith":        texts(strings.HasPrefix),
	"doesNotBeginsWith": not(texts(strings.HasPrefix)),
	"endsWith":          texts(strings.HasSuffix),
	"doesNotEndsWith":   not(texts(strings.HasSuffix)),
	"isEmpty":           func(held, _ any) bool { return isEmpty(held) },
	"isNotEmpty":        func(held, _ any) bool { return !isEmpty(held) },
	">":                 compares(func(order int) bool { return order > 0 }),
	">=":                compares(func(order int) bool { return order >= 0 }),
	"<":                 compares(func(order int) bool { return order < 0 }),
	"<=":                compares(func(order int) bool { return order <= 0 }),
	"between":           between,
	"notBetween":        not(between),
}

func not(holds func(held, value any) bool) func(held, value any) bool {
	return func(held, value any) bool { return !holds(held, value) }
}

func equal(held, value any) bool {
	if isRange(value) {
		return between(held, value)
	}
	if order, ok := compare(held, value); ok {
		return order == 0
	}
	return reflect.DeepEqual(held, value)
}

func oneOf(allowed []any, value any) bool {
	return slices.ContainsFunc(allowed, func(a any) bool { return reflect.DeepEqual(a, value) })
}

func list(value any) []any {
	items, _ := value.([]any)
	return items
}

func contains(held, value any) bool {
	if items, ok := held.([]any); ok {
		return oneOf(items, value)
	}
	return texts(strings.Contains)(held, value)
}

func within(held any) func(any) bool {
	return func(value any) bool { return contains(held, value) }
}

func texts(holds func(held, value string) bool) func(held, value any) bool {
	return func(held, value any) bool {
		text, ok := held.(string)
		wanted, also := value.(string)
		return ok && also && holds(text, wanted)
	}
}

func isEmpty(held any) bool {
	switch held := held.(type) {
	case nil:
		return true
	case string:
		return held == ""
	case []any:
		return len(held) == 0
	}
	return false
}

func compares(holds func(order int) bool) func(held, value any) bool {
	return func(held, value any) bool {
		order, ok := compare(held, value)
		return ok && holds(order)
	}
}

// compare orders numbers by value and date-times as instants; other values have no order.
func compare(held, value any) (order int, ok bool) {
	if x, isNumber := held.(float64); isNumber {
		y, also := value.(float64)
		return cmp.Compare(x, y), also
	}
	x, xIsText := held.(string)
	y, yIsText := value.(string)
	if !xIsText || !yIsText {
		return 0, false
	}
	earlier, err := time.Parse(time.RFC3339, x)
	if err != nil {
		return 0, false
	}
	later, err := time.Parse(time.RFC3339, y)
	return earlier.Compare(later), err == nil
}

// isRange reports whether a rule's value is {from, to}.
func isRange(value any) bool {
	bounds, ok := value.(map[string]any)
	return ok && bounds["from"] != nil && bounds["to"] != nil
}

func between(held, value any) bool {
	bounds, _ := value.(map[string]any)
	after, ok := compare(held, bounds["from"])
	before, also := compare(held, bounds["to"])
	return ok && also && after >= 0 && before <= 0
}
