package port

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// schema is the part of JSON Schema 2020-12 that Port's contract uses in its requests. Decoding refuses
// any other keyword, so that none is passed over in silence.
type schema struct {
	Ref                  string            `json:"$ref"`
	Type                 oneOrMany         `json:"type"`
	Enum                 []any             `json:"enum"`
	Format               string            `json:"format"`
	Pattern              *pattern          `json:"pattern"`
	MinLength            *int              `json:"minLength"`
	MaxLength            *int              `json:"maxLength"`
	Minimum              *float64          `json:"minimum"`
	Maximum              *float64          `json:"maximum"`
	Items                *schema           `json:"items"`
	MinItems             *int              `json:"minItems"`
	MaxItems             *int              `json:"maxItems"`
	Properties           map[string]schema `json:"properties"`
	PropertyNames        *schema           `json:"propertyNames"`
	AdditionalProperties *openness         `json:"additionalProperties"`
	Required             []string          `json:"required"`
	OneOf                []schema          `json:"oneOf"`
	AnyOf                []schema          `json:"anyOf"`
	If                   *schema           `json:"if"`
	Then                 *schema           `json:"then"`
	Else                 *schema           `json:"else"`

	// These say nothing about what is valid.
	Default  json.RawMessage `json:"default"`
	Nullable json.RawMessage `json:"nullable"`
}

// oneOrMany is a JSON string or an array of them.
type oneOrMany []string

// UnmarshalJSON reads both forms.
func (o *oneOrMany) UnmarshalJSON(data []byte) error {
	if data[0] == '"' {
		*o = make([]string, 1)
		return json.Unmarshal(data, &(*o)[0])
	}
	return json.Unmarshal(data, (*[]string)(o))
}

// openness says what becomes of properties that a schema does not name: a boolean, or a schema for their values.
type openness struct {
	closed bool
	values *schema
}

// UnmarshalJSON reads both forms.
func (o *openness) UnmarshalJSON(data []byte) error {
	var open bool
	if json.Unmarshal(data, &open) == nil {
		o.closed = !open
		return nil
	}
	return decodeStrictly(data, &o.values)
}

// pattern is a regular expression of the contract. Go has no lookahead; the one that Port uses forbids "." and "..".
type pattern struct {
	text    string
	regexp  *regexp.Regexp
	notDots bool
}

const notDots = `(?!\.{1,2}$)`

// UnmarshalText compiles the pattern.
func (p *pattern) UnmarshalText(text []byte) (err error) {
	p.text = string(text)
	p.notDots = strings.Contains(p.text, notDots)
	p.regexp, err = regexp.Compile(strings.Replace(p.text, notDots, "", 1))
	return err
}

func (p *pattern) matches(text string) bool {
	if p.notDots && (text == "." || text == "..") {
		return false
	}
	return p.regexp.MatchString(text)
}

// validator checks values against schemas that may refer to the named ones.
type validator struct{ named map[string]schema }

// check describes what is wrong with value, a decoded JSON value, in Port's words: "body/title must be string".
func (v validator) check(s schema, at string, value any) error {
	if s.Ref != "" {
		return v.check(v.named[s.Ref], at, value)
	}
	if len(s.Type) > 0 && !slices.Contains(s.Type, typeOf(value)) {
		return fmt.Errorf("%s must be %s", at, strings.Join(s.Type, ","))
	}
	if s.Enum != nil && !oneOf(s.Enum, value) {
		return fmt.Errorf("%s must be equal to one of the allowed values", at)
	}
	if err := v.checkChoices(s, at, value); err != nil {
		return err
	}
	switch value := value.(type) {
	case string:
		return checkText(s, at, value)
	case float64:
		return checkRange(at, value, s.Minimum, s.Maximum)
	case []any:
		return v.checkItems(s, at, value)
	case map[string]any:
		return v.checkObject(s, at, value)
	}
	return nil
}

func (v validator) checkChoices(s schema, at string, value any) error {
	if s.AnyOf != nil && v.matching(s.AnyOf, at, value) == 0 {
		return fmt.Errorf("%s must match a schema in anyOf", at)
	}
	if s.OneOf != nil && v.matching(s.OneOf, at, value) != 1 {
		return fmt.Errorf("%s must match exactly one schema in oneOf", at)
	}
	if s.If == nil {
		return nil
	}
	branch := s.Else
	if v.check(*s.If, at, value) == nil {
		branch = s.Then
	}
	if branch == nil {
		return nil
	}
	return v.check(*branch, at, value)
}

func (v validator) matching(choices []schema, at string, value any) (count int) {
	for _, choice := range choices {
		if v.check(choice, at, value) == nil {
			count++
		}
	}
	return count
}

func (v validator) checkItems(s schema, at string, items []any) error {
	if err := checkCount(at, "items", len(items), s.MinItems, s.MaxItems); err != nil {
		return err
	}
	if s.Items == nil {
		return nil
	}
	for i, item := range items {
		if err := v.check(*s.Items, at+"/"+strconv.Itoa(i), item); err != nil {
			return err
		}
	}
	return nil
}

func (v validator) checkObject(s schema, at string, object map[string]any) error {
	for _, name := range s.Required {
		if _, ok := object[name]; !ok {
			return fmt.Errorf("%s must have required property '%s'", at, name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(object)) {
		if err := v.checkMember(s, at, name, object[name]); err != nil {
			return err
		}
	}
	return nil
}

func (v validator) checkMember(s schema, at, name string, value any) error {
	if s.PropertyNames != nil {
		if err := v.check(*s.PropertyNames, at+" property name '"+name+"'", name); err != nil {
			return err
		}
	}
	if declared, ok := s.Properties[name]; ok {
		return v.check(declared, at+"/"+name, value)
	}
	switch open := s.AdditionalProperties; {
	case open == nil:
		return nil
	case open.closed:
		return fmt.Errorf("%s must NOT have additional properties: '%s'", at, name)
	case open.values != nil:
		return v.check(*open.values, at+"/"+name, value)
	}
	return nil
}

func checkText(s schema, at, text string) error {
	if err := checkCount(at, "characters", utf8.RuneCountInString(text), s.MinLength, s.MaxLength); err != nil {
		return err
	}
	if s.Pattern != nil && !s.Pattern.matches(text) {
		return fmt.Errorf(`%s must match pattern "%s"`, at, s.Pattern.text)
	}
	switch s.Format {
	case "date-time":
		if _, err := parseInstant(text); err != nil {
			return fmt.Errorf("%s must match format \"date-time\"", at)
		}
	case "url", "uri":
		if address, err := url.Parse(text); err != nil || !address.IsAbs() {
			return fmt.Errorf("%s must match format \"%s\"", at, s.Format)
		}
	}
	return nil
}

func checkCount(at, what string, count int, least, most *int) error {
	if least != nil && count < *least {
		return fmt.Errorf("%s must NOT have fewer than %d %s", at, *least, what)
	}
	if most != nil && count > *most {
		return fmt.Errorf("%s must NOT have more than %d %s", at, *most, what)
	}
	return nil
}

func checkRange(at string, number float64, least, most *float64) error {
	if least != nil && number < *least {
		return fmt.Errorf("%s must be >= %v", at, *least)
	}
	if most != nil && number > *most {
		return fmt.Errorf("%s must be <= %v", at, *most)
	}
	return nil
}

// typeOf names the JSON type of a decoded value.
func typeOf(value any) string {
	switch value.(type) {
	case nil:
		return "null"
	case string:
		return "string"
	case float64:
		return "number"
	case bool:
		return "boolean"
	case []any:
		return "array"
	default:
		return "object"
	}
}

func oneOf(allowed []any, value any) bool {
	return slices.ContainsFunc(allowed, func(a any) bool { return reflect.DeepEqual(a, value) })
}

var rfc3339 = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$`)

// parseInstant reads RFC 3339 to the letter: time.Parse alone lets "T1:02:03" and decimal commas pass.
func parseInstant(text string) (time.Time, error) {
	if !rfc3339.MatchString(text) {
		return time.Time{}, fmt.Errorf("%q is not RFC 3339", text)
	}
	return time.Parse(time.RFC3339, text)
}
