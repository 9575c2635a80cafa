package port

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/codecov-port/codecov-port/internal/fake/contract"
)

// Entity is one entity as Port stores it: date-times with milliseconds, nothing that is null.
// Values are those of encoding/json: string, float64, bool, []any, map[string]any.
type Entity struct {
	Identifier string         `json:"identifier,omitempty"`
	Title      string         `json:"title,omitempty"`
	Icon       string         `json:"icon,omitempty"`
	Team       any            `json:"team,omitempty"` // a []any of strings
	Properties map[string]any `json:"properties"`
	Relations  map[string]any `json:"relations"` // a string or a []any of strings
}

// apply lays a document, which the contract has passed, over the entity: what it names is replaced, and null clears.
func (b *blueprint) apply(e *Entity, document map[string]any) error {
	for name := range document {
		if !slices.Contains([]string{"identifier", "title", "icon", "team", "properties", "relations"}, name) {
			return fmt.Errorf("must NOT have additional property '%s'", name)
		}
	}
	if err := reread(document, e); err != nil {
		return err
	}
	if team, isText := e.Team.(string); isText { // Port reads one name back as an array
		e.Team = []any{team}
	}
	if err := accept(e.Properties, document["properties"], b.acceptProperty); err != nil {
		return err
	}
	for _, name := range b.Schema.Required {
		if e.Properties[name] == nil {
			return fmt.Errorf("properties must have required property '%s'", name)
		}
	}
	if err := accept(e.Relations, document["relations"], b.acceptRelation); err != nil {
		return err
	}
	for name, relation := range b.Relations {
		if relation.Required && e.Relations[name] == nil {
			return fmt.Errorf("relations must have required relation '%s'", name)
		}
	}
	return nil
}

// accept replaces the values that a document names by those that Port stores; null clears.
func accept(values map[string]any, document any, stored func(name string, value any) (any, error)) error {
	named, _ := document.(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(named)) {
		value, err := stored(name, named[name])
		if err != nil {
			return err
		}
		values[name] = value
		if value == nil {
			delete(values, name)
		}
	}
	return nil
}

func (b *blueprint) acceptProperty(name string, value any) (any, error) {
	p := b.Schema.Properties[name]
	switch {
	case p == nil:
		return nil, fmt.Errorf("property '%s' is not declared by blueprint '%s'", name, b.Identifier)
	case value == nil:
		return nil, nil
	}
	value = p.convert(value)
	return p.stored(value), p.check("properties/"+name, value)
}

func (b *blueprint) acceptRelation(name string, value any) (any, error) {
	relation, declared := b.Relations[name]
	_, isText := value.(string)
	switch {
	case !declared:
		return nil, notFound("relation", name)
	case value != nil && isText == relation.Many:
		return nil, fmt.Errorf("relations/%s must be a list only if the relation is to many", name)
	}
	return value, nil
}

// property is a blueprint's declaration of one property, or of an array's items.
type property struct {
	Type   string
	Format string
	Items  *property

	check contract.Check // nil for items
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

// targets returns the identifiers that a relation's stored value names.
func targets(value any) []string {
	switch value := value.(type) {
	case string:
		return []string{value}
	case []any:
		identifiers := make([]string, len(value))
		for i, identifier := range value {
			identifiers[i] = fmt.Sprint(identifier)
		}
		return identifiers
	}
	return nil
}
