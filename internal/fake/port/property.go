package port

import (
	"fmt"
	"net/mail"
	"net/netip"
	"net/url"
	"regexp"
	"strconv"
	"unicode/utf8"
)

// property is a blueprint's declaration of one property, or of an array's items.
type property struct {
	Type      string    `json:"type"`
	Format    string    `json:"format"`
	Enum      []any     `json:"enum"`
	Items     *property `json:"items"`
	MinLength *int      `json:"minLength"`
	MaxLength *int      `json:"maxLength"`
	Pattern   string    `json:"pattern"`
	Minimum   *float64  `json:"minimum"`
	Maximum   *float64  `json:"maximum"`
	MinItems  *int      `json:"minItems"`
	MaxItems  *int      `json:"maxItems"`

	pattern *regexp.Regexp
}

// compile readies the pattern. Port's are JavaScript's; those that Go does not know are refused.
func (p *property) compile() (err error) {
	if p.Pattern != "" {
		if p.pattern, err = regexp.Compile(p.Pattern); err != nil {
			return err
		}
	}
	if p.Items != nil {
		return p.Items.compile()
	}
	return nil
}

// accept returns a value as Port stores it, or why the declaration does not allow it. Port converts numbers to strings and strings
// to numbers where the declaration asks for them.
func (p *property) accept(at string, value any) (any, error) {
	value = p.convert(value)
	if p.Type != "" && typeOf(value) != p.Type {
		return nil, fmt.Errorf("%s must be %s", at, p.Type)
	}
	if p.Enum != nil && !oneOf(p.Enum, value) {
		return nil, fmt.Errorf("%s must be equal to one of the allowed values", at)
	}
	switch value := value.(type) {
	case string:
		return p.acceptText(at, value)
	case float64:
		return value, checkRange(at, value, p.Minimum, p.Maximum)
	case []any:
		return p.acceptItems(at, value)
	}
	return value, nil
}

func (p *property) convert(value any) any {
	switch v := value.(type) {
	case float64:
		if p.Type == "string" {
			return strconv.FormatFloat(v, 'f', -1, 64)
		}
	case string:
		if number, err := strconv.ParseFloat(v, 64); err == nil && p.Type == "number" {
			return number
		}
	}
	return value
}

func (p *property) acceptItems(at string, items []any) (any, error) {
	if err := checkCount(at, "items", len(items), p.MinItems, p.MaxItems); err != nil {
		return nil, err
	}
	if p.Items == nil {
		return items, nil
	}
	stored := make([]any, len(items))
	for i, item := range items {
		var err error
		if stored[i], err = p.Items.accept(fmt.Sprintf("%s/%d", at, i), item); err != nil {
			return nil, err
		}
	}
	return stored, nil
}

func (p *property) acceptText(at, text string) (any, error) {
	if err := checkCount(at, "characters", utf8.RuneCountInString(text), p.MinLength, p.MaxLength); err != nil {
		return nil, err
	}
	if p.pattern != nil && !p.pattern.MatchString(text) {
		return nil, fmt.Errorf(`%s must match pattern "%s"`, at, p.Pattern)
	}
	stored, ok := store(p.Format, text)
	if !ok {
		return nil, fmt.Errorf(`%s must match format "%s"`, at, p.Format)
	}
	return stored, nil
}

// storedInstant is how Port reads a date-time back: with milliseconds, in UTC.
const storedInstant = "2006-01-02T15:04:05.000Z"

// store returns text as Port keeps it in a string of that format; false when it is not of the format.
// Formats that no source describes a check for (user, team, markdown, yaml, proto …) take any text.
func store(format, text string) (string, bool) {
	switch format {
	case "date-time", "timer":
		instant, err := parseInstant(text)
		return instant.UTC().Format(storedInstant), err == nil
	case "url":
		address, err := url.Parse(text)
		return text, err == nil && (address.Scheme == "http" || address.Scheme == "https") && address.Host != ""
	case "email", "idn-email":
		address, err := mail.ParseAddress(text)
		return text, err == nil && address.Address == text
	case "ipv4", "ipv6":
		address, err := netip.ParseAddr(text)
		return text, err == nil && address.Is4() == (format == "ipv4")
	}
	return text, true
}
