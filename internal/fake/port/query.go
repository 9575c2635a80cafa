package port

import (
	"reflect"
	"slices"
	"strings"
)

// predicate reports whether an entity is asked for.
type predicate func(Entity) bool

// readQuery reads {combinator, rules}, which the contract has passed; none asks for all. A rule that names what the
// blueprint does not have is refused, and so are rules that codecov-port does not send.
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
	if !known {
		return nil, notEmulated("the rule '" + operator + "'")
	}
	return func(e Entity) bool { return holds(subject(e), rule["value"]) }, nil
}

// readSubject returns what a rule looks at: a property, the identifier, or a relation's identifiers.
func readSubject(d *declaration, rule map[string]any) (func(Entity) any, *failure) {
	if name, ok := rule["relation"].(string); ok {
		if _, declared := d.Relations[name]; !declared {
			return nil, invalidf("query: '%s' is not a relation of blueprint '%s'", name, d.Identifier)
		}
		return func(e Entity) any { return e.Relations[name] }, nil
	}
	name, ok := rule["property"].(string)
	if !ok {
		return nil, notEmulated("this kind of rule")
	}
	if name == "$identifier" {
		return func(e Entity) any { return e.Identifier }, nil
	}
	if d.Schema.Properties[name] == nil {
		return nil, invalidf("query: '%s' is not a property of blueprint '%s'", name, d.Identifier)
	}
	return func(e Entity) any { return e.Properties[name] }, nil
}

// operators report whether what an entity holds stands in that relation to a rule's value. They are those that codecov-port sends.
var operators = map[string]func(held, value any) bool{
	"=": reflect.DeepEqual,
	"in": func(held, value any) bool {
		items, _ := value.([]any)
		return slices.Contains(items, held)
	},
	"beginsWith": func(held, value any) bool {
		text, _ := held.(string)
		prefix, ok := value.(string)
		return ok && strings.HasPrefix(text, prefix)
	},
	">=": func(held, value any) bool {
		x, isNumber := held.(float64)
		y, also := value.(float64)
		return isNumber && also && x >= y
	},
}
