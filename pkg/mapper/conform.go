package mapper

import (
	"cmp"
	"net/mail"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/dlclark/regexp2"

	"github.com/codecov-port/codecov-port/pkg/mapper/jq"
	"github.com/codecov-port/codecov-port/pkg/port"
)

// Conformer converts the values of entities to the types that a blueprint declares. It is safe for concurrent use.
type Conformer struct {
	properties map[string]port.Property
	relations  map[string]port.Relation
	patterns   map[string]*regexp2.Regexp // nil for a pattern that is not understood: Port checks it
}

// Warning is a value that was left out of an entity. Reasons are from a fixed set and hold no values.
type Warning struct {
	Property string // the identifier of the property or of the relation
	Reason   string
}

// NewConformer returns a Conformer for the blueprint.
func NewConformer(bp port.Blueprint) *Conformer {
	c := &Conformer{properties: bp.Schema.Properties, relations: bp.Relations, patterns: map[string]*regexp2.Regexp{}}
	for _, declared := range bp.Schema.Properties {
		for p := &declared; p != nil; p = p.Items {
			if pattern, err := regexp2.Compile(p.Pattern, regexp2.ECMAScript|regexp2.Unicode); err == nil && p.Pattern != "" {
				pattern.MatchTimeout = 100 * time.Millisecond // it backtracks
				c.patterns[p.Pattern] = pattern
			}
		}
	}
	return c
}

// Conform returns the entity with every property and relation in its declared type, converted if nothing is lost: a
// number or boolean to a string, a string that is a number or a boolean to that, and a date-time to RFC 3339. Values
// that do not fit, and those that the blueprint does not declare, are left out with a warning; the warnings are
// sorted. Null always fits. Values are as Map returns them. The argument is not changed; the result may share its values.
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
	return c.fit(&declared, value)
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
		identifier, ok := item.(string)
		if !ok {
			return nil, "is not an identifier"
		}
		if forbidden(identifier) != "" {
			return nil, "is an identifier that Port forbids"
		}
	}
	if !declared.Many {
		return identifiers[0], ""
	}
	return identifiers, ""
}

// fit converts a value to the declared type and checks it. A type that is not known allows any value.
func (c *Conformer) fit(declared *port.Property, value any) (fitted any, reason string) {
	if value == nil {
		return nil, ""
	}
	switch declared.Type {
	case "string":
		value, reason = c.fitText(declared, value)
	case "number":
		value, reason = fitNumber(declared, value)
	case "boolean":
		if text, _ := jq.ScalarText(value); text != "true" && text != "false" {
			return nil, "is not a boolean"
		}
		value = value == true || value == "true"
	case "object":
		value, reason = fitObject(declared, value)
	case "array":
		value, reason = c.fitArray(declared, value)
	default:
		return value, ""
	}
	isValue := func(allowed any) bool { return jq.Compare(allowed, value) == 0 }
	if reason == "" && len(declared.Enum) > 0 && !slices.ContainsFunc(declared.Enum, isValue) {
		reason = "is not one of the values that the blueprint lists"
	}
	return value, reason
}

func (c *Conformer) fitText(declared *port.Property, value any) (fitted any, reason string) {
	text, ok := jq.ScalarText(value)
	if !ok {
		return nil, "is not a string"
	}
	if text, ok = formatted(declared.Format, text); !ok {
		return nil, "is not a valid " + declared.Format
	}
	length := utf8.RuneCountInString(text)
	switch {
	case declared.MinLength != nil && length < *declared.MinLength:
		return nil, "is shorter than the blueprint allows"
	case declared.MaxLength != nil && length > *declared.MaxLength:
		return nil, "is longer than the blueprint allows"
	}
	if pattern := c.patterns[declared.Pattern]; pattern != nil {
		if matches, err := pattern.MatchString(text); err == nil && !matches { // Port checks what takes too long
			return nil, "does not match the blueprint's pattern"
		}
	}
	return text, ""
}

func fitNumber(declared *port.Property, value any) (fitted any, reason string) {
	switch number := toNumber(value); {
	case number == nil:
		return nil, "is not a number"
	case declared.Minimum != nil && jq.Compare(number, *declared.Minimum) < 0:
		return nil, "is below the blueprint's minimum"
	case declared.Maximum != nil && jq.Compare(number, *declared.Maximum) > 0:
		return nil, "is above the blueprint's maximum"
	default:
		return number, ""
	}
}

// decimal is a number as JSON writes it.
var decimal = regexp.MustCompile(`^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$`)

// toNumber returns an int, a *big.Int or a float64, and nil for a value that is not exactly a number: also for a text
// that a float64 would lose digits of.
func toNumber(value any) any {
	text, isText := value.(string)
	switch {
	case jq.TypeOf(value) == "number":
		return value
	case !isText || !decimal.MatchString(text):
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

// fitObject checks an object. A labeled-url has an address, which may lie within Port and have no host, and may have a
// text. Source: Port's documentation of the property "Labeled URL".
func fitObject(declared *port.Property, value any) (fitted any, reason string) {
	object, ok := value.(map[string]any)
	if !ok {
		return nil, "is not an object"
	}
	address, _ := object["url"].(string)
	label, labelled := object["displayText"]
	if _, isText := label.(string); declared.Format == "labeled-url" && (address == "" || labelled && !isText) {
		return nil, "is not a valid labeled-url"
	}
	return object, ""
}

// fitArray converts the items of an array. If one does not fit, neither does the array: a part of it would be a loss.
func (c *Conformer) fitArray(declared *port.Property, value any) (fitted any, reason string) {
	items, ok := value.([]any)
	switch {
	case !ok:
		return nil, "is not an array"
	case declared.MinItems != nil && len(items) < *declared.MinItems:
		return nil, "has fewer items than the blueprint allows"
	case declared.MaxItems != nil && len(items) > *declared.MaxItems:
		return nil, "has more items than the blueprint allows"
	case declared.Items == nil:
		return items, ""
	}
	converted := make([]any, len(items))
	for i, item := range items {
		if converted[i], reason = c.fit(declared.Items, item); reason != "" {
			return nil, "has an item that " + reason
		}
	}
	return converted, ""
}

// formatted returns a text as Port stores it in a property of the format, and false if Port refuses it. Formats that
// are not listed (markdown, yaml, proto, team, blueprints) allow any text. Source: Port's OpenAPI document.
func formatted(format, text string) (stored string, ok bool) {
	switch format {
	case "date-time", "timer":
		return dateTime(text)
	case "url":
		address, err := url.Parse(text)
		ok = err == nil && (address.Scheme == "https" || address.Scheme == "http") && address.Hostname() != ""
		return text, ok && !strings.ContainsFunc(text, unicode.IsSpace)
	case "email", "idn-email", "user": // Port identifies its users by their addresses
		address, err := mail.ParseAddress(text)
		return text, err == nil && address.Address == text
	case "ipv4":
		address, err := netip.ParseAddr(text)
		return text, err == nil && address.Is4()
	case "ipv6":
		address, err := netip.ParseAddr(text)
		return text, err == nil && address.Is6() && address.Zone() == ""
	}
	return text, true
}

// dateTimeParts are those of the date-times that Port accepts: of RFC 3339, also with a blank for the T, in lower case,
// and with the offsets +hh and +hhmm.
var dateTimeParts = regexp.MustCompile(`^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(\.\d+)?(?:Z|([+-]\d\d)(?::?(\d\d))?)$`)

// dateTime returns a date-time in the form of RFC 3339. The leap second 23:59:60 becomes the next day's first second.
func dateTime(text string) (normalized string, ok bool) {
	parts := dateTimeParts.FindStringSubmatch(strings.ToUpper(text))
	if parts == nil {
		return "", false
	}
	date, clock, fraction, zone, minutes := parts[1], parts[2], parts[3], parts[4], parts[5]
	if zone == "" {
		zone = "Z"
	} else {
		zone += ":" + cmp.Or(minutes, "00")
	}
	if clock != "23:59:60" {
		normalized = date + "T" + clock + fraction + zone
		_, err := time.Parse(time.RFC3339, normalized)
		return normalized, err == nil
	}
	at, err := time.Parse(time.RFC3339, date+"T23:59:59"+fraction+zone)
	return at.Add(time.Second).Format(time.RFC3339Nano), err == nil
}
