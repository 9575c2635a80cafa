package port

import (
	"strconv"
	"time"

	"github.com/codecov-port/codecov-port/internal/fake/contract"
)

// property is a blueprint's declaration of one property, or of an array's items.
type property struct {
	Type   string    `json:"type"`
	Format string    `json:"format"`
	Items  *property `json:"items"`

	schema *contract.Schema // nil for items
}

// accept returns a value as Port stores it, or why the declaration does not allow it.
func (p *property) accept(name string, value any) (any, error) {
	value = p.convert(value)
	if err := p.schema.Check("properties/"+name, value); err != nil {
		return nil, err
	}
	return p.stored(value), nil
}

// convert does what Port does: it takes numbers for strings and strings for numbers where the declaration asks for them.
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
	return p.each(value, (*property).convert)
}

// each returns an array whose items change has changed, and other values as they are.
func (p *property) each(value any, change func(*property, any) any) any {
	items, isArray := value.([]any)
	if !isArray || p.Items == nil {
		return value
	}
	changed := make([]any, len(items))
	for i, item := range items {
		changed[i] = change(p.Items, item)
	}
	return changed
}

// storedInstant is how Port reads a date-time back: with milliseconds, in UTC.
const storedInstant = "2006-01-02T15:04:05.000Z"

// stored returns an accepted value as Port keeps it.
func (p *property) stored(value any) any {
	if text, isText := value.(string); isText && (p.Format == "date-time" || p.Format == "timer") {
		if instant, err := time.Parse(time.RFC3339, text); err == nil {
			return instant.UTC().Format(storedInstant)
		}
	}
	return p.each(value, (*property).stored)
}
