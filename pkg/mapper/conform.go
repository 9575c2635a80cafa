package mapper

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/codecov-port/codecov-port/pkg/mapper/jq"
	"github.com/codecov-port/codecov-port/pkg/port"
)

// Conformer converts the values of entities to the types that a blueprint declares. It is safe for concurrent use.
type Conformer struct {
	properties map[string]rule
	relations  map[string]port.Relation
}

// Warning is a value that was left out of an entity. Reasons are from a fixed set and hold no values.
type Warning struct {
	Property string // the identifier of the property or of the relation
	Reason   string
}

// NewConformer returns a Conformer for the blueprint.
func NewConformer(bp port.Blueprint) *Conformer {
	c := &Conformer{properties: make(map[string]rule, len(bp.Schema.Properties)), relations: bp.Relations}
	for name, declared := range bp.Schema.Properties {
		c.properties[name] = newRule(declared)
	}
	return c
}

// Conform returns the entity with every property and relation in its declared type, converted if nothing is lost: a
// number or boolean to a string, a string that is a number or a boolean to that, and a date-time to RFC 3339. Values
// that do not fit, and those that the blueprint does not declare, are left out with a warning; the warnings are
// sorted. Null always fits. The argument is not changed; the result may share its values.
func (c *Conformer) Conform(e port.Entity) (port.Entity, []Warning) {
	var warnings []Warning
	convert := func(values map[string]any, fit func(name string, value any) (any, string)) map[string]any {
		var fitted map[string]any
		for name, value := range values {
			value, reason := fit(name, value)
			if reason != "" {
				warnings = append(warnings, Warning{name, reason})
				continue
			}
			if fitted == nil {
				fitted = make(map[string]any, len(values))
			}
			fitted[name] = value
		}
		return fitted
	}
	e.Properties = convert(e.Properties, c.property)
	e.Relations = convert(e.Relations, c.relation)
	slices.SortFunc(warnings, func(a, b Warning) int {
		return cmp.Or(strings.Compare(a.Property, b.Property), strings.Compare(a.Reason, b.Reason))
	})
	return e, warnings
}

func (c *Conformer) property(name string, value any) (fitted any, reason string) {
	declared, ok := c.properties[name]
	if !ok {
		return nil, "the blueprint has no such property"
	}
	return declared.fit(value)
}

// relation returns an identifier, or an array of identifiers for a relation to many. Both accept the form of the other.
func (c *Conformer) relation(name string, value any) (fitted any, reason string) {
	declared, ok := c.relations[name]
	switch {
	case !ok:
		return nil, "the blueprint has no such relation"
	case value == nil:
		return nil, ""
	}
	identifiers, ok := value.([]any)
	if !ok {
		identifiers = []any{value}
	}
	if !declared.Many && len(identifiers) != 1 {
		return nil, "the relation takes one entity"
	}
	for _, item := range identifiers {
		switch identifier, ok := item.(string); {
		case !ok:
			return nil, "is not an identifier"
		case forbidden(identifier) != "":
			return nil, "is an identifier that Port forbids"
		}
	}
	if !declared.Many {
		return identifiers[0], ""
	}
	return identifiers, ""
}

// rule converts values to one declaration.
type rule struct {
	declared port.Property
	format   func(string) (string, bool) // normalizes a text, and reports whether it is valid; nil: any text
	pattern  func(string) bool           // nil: any text
	items    *rule                       // nil: any items
}

func newRule(declared port.Property) rule {
	r := rule{declared: declared, format: formats[declared.Format], pattern: newPattern(declared.Pattern)}
	if declared.Items != nil {
		items := newRule(*declared.Items)
		r.items = &items
	}
	return r
}

// fit converts a value to the declared type and checks it. A type that is not known allows any value.
func (r *rule) fit(value any) (fitted any, reason string) {
	if value == nil {
		return nil, ""
	}
	switch r.declared.Type {
	case "string":
		value, reason = r.text(value)
	case "number":
		value, reason = r.number(value)
	case "boolean":
		value, reason = toBoolean(value)
	case "object":
		value, reason = r.object(value)
	case "array":
		value, reason = r.array(value)
	default:
		return value, ""
	}
	if reason == "" && !r.listed(value) {
		reason = "is not one of the values that the blueprint lists"
	}
	return value, reason
}

func (r *rule) listed(value any) bool {
	return len(r.declared.Enum) == 0 || slices.ContainsFunc(r.declared.Enum, func(allowed any) bool {
		return jq.Compare(allowed, value) == 0
	})
}

func (r *rule) invalid() string { return "is not a valid " + r.declared.Format }

func (r *rule) text(value any) (fitted any, reason string) {
	text, ok := jq.ScalarText(value)
	if !ok {
		return nil, "is not a string"
	}
	if r.format != nil {
		if text, ok = r.format(text); !ok {
			return nil, r.invalid()
		}
	}
	switch {
	case r.declared.MinLength != nil && utf8.RuneCountInString(text) < *r.declared.MinLength:
		return nil, "is shorter than the blueprint allows"
	case r.declared.MaxLength != nil && utf8.RuneCountInString(text) > *r.declared.MaxLength:
		return nil, "is longer than the blueprint allows"
	case r.pattern != nil && !r.pattern(text):
		return nil, "does not match the blueprint's pattern"
	}
	return text, ""
}

func (r *rule) number(value any) (fitted any, reason string) {
	switch number := toNumber(value); {
	case number == nil:
		return nil, "is not a number"
	case r.declared.Minimum != nil && jq.Compare(number, *r.declared.Minimum) < 0:
		return nil, "is below the blueprint's minimum"
	case r.declared.Maximum != nil && jq.Compare(number, *r.declared.Maximum) > 0:
		return nil, "is above the blueprint's maximum"
	default:
		return number, ""
	}
}

func (r *rule) object(value any) (fitted any, reason string) {
	object, ok := value.(map[string]any)
	switch {
	case !ok:
		return nil, "is not an object"
	case r.declared.Format == "labeled-url" && !isLabeledURL(object):
		return nil, r.invalid()
	}
	return object, ""
}

// array converts the items of an array. If one does not fit, neither does the array: a part of it would be a loss.
func (r *rule) array(value any) (fitted any, reason string) {
	items, ok := value.([]any)
	switch {
	case !ok:
		return nil, "is not an array"
	case r.declared.MinItems != nil && len(items) < *r.declared.MinItems:
		return nil, "has fewer items than the blueprint allows"
	case r.declared.MaxItems != nil && len(items) > *r.declared.MaxItems:
		return nil, "has more items than the blueprint allows"
	case r.items == nil:
		return items, ""
	}
	converted := make([]any, len(items))
	for i, item := range items {
		if converted[i], reason = r.items.fit(item); reason != "" {
			return nil, "has an item that " + reason
		}
	}
	return converted, ""
}
