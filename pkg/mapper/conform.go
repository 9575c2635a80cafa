package mapper

import (
	"cmp"
	"encoding/json"
	"math"
	"math/big"
	"regexp"
	"slices"
	"strconv"
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

// Warning is a value that was left out of an entity. Reasons are few and hold no values.
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

// Conform returns the entity with every property and relation in its declared type, converted if nothing is lost: a number
// or boolean to a string, and a string that is a number or a boolean to that. Values that do not fit, and those that the
// blueprint does not declare, are left out with a warning; the warnings are sorted. Null always fits. The argument is not
// changed; the result may share its values.
func (c *Conformer) Conform(e port.Entity) (port.Entity, []Warning) {
	var warnings []Warning
	properties := make(map[string]any, len(e.Properties))
	for name, value := range e.Properties {
		fitted, reason := c.property(name, value)
		if reason != "" {
			warnings = append(warnings, Warning{name, reason})
			continue
		}
		properties[name] = fitted
	}
	e.Properties = properties
	e.Relations, warnings = c.conformRelations(e.Relations, warnings)
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

func (c *Conformer) conformRelations(values map[string]any, warnings []Warning) (map[string]any, []Warning) {
	var relations map[string]any
	for name, value := range values {
		fitted, reason := c.relation(name, value)
		if reason != "" {
			warnings = append(warnings, Warning{name, reason})
			continue
		}
		if relations == nil {
			relations = make(map[string]any, len(values))
		}
		relations[name] = fitted
	}
	return relations, warnings
}

func (c *Conformer) relation(name string, value any) (fitted any, reason string) {
	declared, ok := c.relations[name]
	switch {
	case !ok:
		return nil, "the blueprint has no such relation"
	case value == nil:
		return nil, ""
	case declared.Many:
		return relatedMany(value)
	default:
		return relatedOne(value)
	}
}

// relatedOne returns an identifier, also that of an array of one.
func relatedOne(value any) (fitted any, reason string) {
	if items, ok := value.([]any); ok {
		if len(items) != 1 {
			return nil, "the relation takes one entity"
		}
		value = items[0]
	}
	return value, unrelatable(value)
}

// relatedMany returns an array of identifiers, also of a single one.
func relatedMany(value any) (fitted any, reason string) {
	items, ok := value.([]any)
	if !ok {
		items = []any{value}
	}
	for _, item := range items {
		if reason := unrelatable(item); reason != "" {
			return nil, reason
		}
	}
	return items, ""
}

func unrelatable(value any) string {
	identifier, ok := value.(string)
	switch {
	case !ok:
		return "is not an identifier"
	case forbidden(identifier) != "":
		return "is an identifier that Port forbids"
	default:
		return ""
	}
}

// rule converts values to one declaration.
type rule struct {
	declared port.Property
	convert  func(any) (any, string)
	format   func(string) bool         // nil: any text
	shape    func(map[string]any) bool // nil: any object
	pattern  func(string) bool         // nil: any text
	items    *rule                     // nil: any items
}

func newRule(declared port.Property) rule {
	r := rule{declared: declared, convert: conversions[declared.Type], pattern: newPattern(declared.Pattern)}
	switch declared.Type {
	case "string":
		r.format = formats[declared.Format]
	case "object":
		r.shape = objectFormats[declared.Format]
	}
	if declared.Items != nil {
		items := newRule(*declared.Items)
		r.items = &items
	}
	return r
}

func (r *rule) fit(value any) (fitted any, reason string) {
	if value == nil || r.convert == nil {
		return value, ""
	}
	if value, reason = r.convert(value); reason != "" {
		return nil, reason
	}
	if value, reason = r.bounded(value); reason != "" {
		return nil, reason
	}
	if !r.listed(value) {
		return nil, "is not one of the values that the blueprint lists"
	}
	return value, ""
}

// bounded checks a converted value against the declared format and limits.
func (r *rule) bounded(value any) (fitted any, reason string) {
	switch v := value.(type) {
	case string:
		return v, r.textReason(v)
	case []any:
		return r.itemsFit(v)
	case map[string]any:
		return v, r.objectReason(v)
	case int, float64, *big.Int:
		return v, r.numberReason(v)
	default:
		return v, ""
	}
}

func (r *rule) textReason(text string) string {
	switch {
	case r.format != nil && !r.format(text):
		return r.invalid()
	case r.declared.MinLength != nil && utf8.RuneCountInString(text) < *r.declared.MinLength:
		return "is shorter than the blueprint allows"
	case r.declared.MaxLength != nil && utf8.RuneCountInString(text) > *r.declared.MaxLength:
		return "is longer than the blueprint allows"
	case r.pattern != nil && !r.pattern(text):
		return "does not match the blueprint's pattern"
	default:
		return ""
	}
}

func (r *rule) objectReason(object map[string]any) string {
	if r.shape != nil && !r.shape(object) {
		return r.invalid()
	}
	return ""
}

func (r *rule) invalid() string { return "is not a valid " + r.declared.Format }

func (r *rule) numberReason(number any) string {
	switch {
	case r.declared.Minimum != nil && jq.Compare(number, *r.declared.Minimum) < 0:
		return "is below the blueprint's minimum"
	case r.declared.Maximum != nil && jq.Compare(number, *r.declared.Maximum) > 0:
		return "is above the blueprint's maximum"
	default:
		return ""
	}
}

// itemsFit converts the items of an array. If one does not fit, neither does the array: a part of it would be a loss.
func (r *rule) itemsFit(items []any) (fitted any, reason string) {
	switch {
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

func (r *rule) listed(value any) bool {
	return len(r.declared.Enum) == 0 || slices.ContainsFunc(r.declared.Enum, func(allowed any) bool {
		return jq.Compare(allowed, value) == 0
	})
}

// conversions are by declared type. Other types allow any value.
var conversions = map[string]func(any) (any, string){
	"string":  toText,
	"number":  toNumber,
	"boolean": toBoolean,
	"object":  toObject,
	"array":   toArray,
}

func toText(value any) (any, string) {
	if text, ok := jq.ScalarText(value); ok {
		return text, ""
	}
	return nil, "is not a string"
}

func toNumber(value any) (any, string) {
	var number any
	switch v := value.(type) {
	case int, *big.Int:
		number = v
	case float64:
		number = jq.Finite(v)
	case json.Number:
		number = jq.ParseNumber(v)
	case string:
		number = exactNumber(v)
	}
	if number == nil {
		return nil, "is not a number"
	}
	return number, ""
}

// decimal is a number as JSON writes it.
var decimal = regexp.MustCompile(`^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$`)

// exactNumber parses a text that is a number. It returns nil for any other text, and for one that a float64 would lose digits
// of: fifteen significant digits always fit.
func exactNumber(text string) any {
	if !decimal.MatchString(text) {
		return nil
	}
	number := jq.ParseNumber(json.Number(text))
	f, isFloat := number.(float64)
	if !isFloat {
		return number
	}
	written, _ := jq.FloatText(f)
	switch digits := significant(text); {
	case written == text, digits == "":
		return f
	case len(digits) > 15, math.Abs(f) < smallestNormal:
		return nil
	default:
		return f
	}
}

// smallestNormal is the smallest number that a float64 holds in full precision.
const smallestNormal = 0x1p-1022

// significant returns the digits of a number from the first to the last that is not zero.
func significant(text string) string {
	mantissa, _, _ := strings.Cut(strings.ToLower(text), "e")
	digits := strings.ReplaceAll(strings.TrimPrefix(mantissa, "-"), ".", "")
	return strings.Trim(digits, "0")
}

func toBoolean(value any) (any, string) {
	switch v := value.(type) {
	case bool:
		return v, ""
	case string:
		if b, err := strconv.ParseBool(v); err == nil && v == strconv.FormatBool(b) {
			return b, ""
		}
	}
	return nil, "is not a boolean"
}

func toObject(value any) (any, string) {
	if object, ok := value.(map[string]any); ok {
		return object, ""
	}
	return nil, "is not an object"
}

func toArray(value any) (any, string) {
	if items, ok := value.([]any); ok {
		return items, ""
	}
	return nil, "is not an array"
}
