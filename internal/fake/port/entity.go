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

var entityNames = []string{"identifier", "title", "icon", "team", "properties", "relations"}

// identifierOf returns the identifier of an entity's document, which the contract has passed. The contract leaves
// room for names that Port passes over and for identifiers made by Port or searched by a query; here they are
// refused, so that a misspelled name is found.
func identifierOf(at string, document map[string]any) (string, error) {
	for name := range document {
		if !slices.Contains(entityNames, name) {
			return "", fmt.Errorf("%s must NOT have additional properties: '%s'", at, name)
		}
	}
	identifier, isText := document["identifier"].(string)
	if !isText {
		return "", notEmulated(at + ": an identifier other than a string")
	}
	return identifier, nil
}

// apply lays a document over the entity: what it names is replaced, and null clears.
func (d *declaration) apply(e Entity, document map[string]any) (Entity, error) {
	if title, named := document["title"]; named {
		e.Title, _ = title.(string)
	}
	if icon, named := document["icon"]; named {
		e.Icon, _ = icon.(string)
	}
	switch team := document["team"].(type) {
	case map[string]any:
		return e, notEmulated("a team that is searched by a query")
	case string: // Port reads one name back as an array
		e.Team = []any{team}
	case []any:
		e.Team = team
	}
	var err error
	if e.Properties, err = overlay(e.Properties, document["properties"], d.acceptProperty); err != nil {
		return e, err
	}
	for _, name := range d.Schema.Required {
		if e.Properties[name] == nil {
			return e, fmt.Errorf("properties must have required property '%s'", name)
		}
	}
	if e.Relations, err = overlay(e.Relations, document["relations"], d.acceptRelation); err != nil {
		return e, err
	}
	for name, relation := range d.Relations {
		if relation.Required && e.Relations[name] == nil {
			return e, fmt.Errorf("relations must have required relation '%s'", name)
		}
	}
	return e, nil
}

// overlay lays values over those held. Accept returns a value as Port stores it; nil clears.
func overlay(held map[string]any, values any, accept func(name string, value any) (any, error)) (map[string]any, error) {
	given, _ := values.(map[string]any)
	result := make(map[string]any, len(held)+len(given))
	maps.Copy(result, held)
	for _, name := range slices.Sorted(maps.Keys(given)) {
		value, err := accept(name, given[name])
		if err != nil {
			return nil, err
		}
		result[name] = value
		if value == nil {
			delete(result, name)
		}
	}
	return result, nil
}

func (d *declaration) acceptProperty(name string, value any) (any, error) {
	p := d.Schema.Properties[name]
	switch {
	case p == nil:
		return nil, fmt.Errorf("property '%s' is not declared by blueprint '%s'", name, d.Identifier)
	case value == nil:
		return nil, nil
	}
	value = p.convert(value)
	if err := p.check("properties/"+name, value); err != nil {
		return nil, err
	}
	return p.stored(value), nil
}

func (d *declaration) acceptRelation(name string, value any) (any, error) {
	relation, declared := d.Relations[name]
	_, isQuery := value.(map[string]any)
	_, isList := value.([]any)
	switch {
	case !declared:
		return nil, notFound("relation", name)
	case isQuery:
		return nil, notEmulated("a relation that is searched by a query")
	case value != nil && isList != relation.Many:
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
