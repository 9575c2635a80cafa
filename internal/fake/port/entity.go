package port

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
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

// documentOf returns the entity as it would stand in a request.
func documentOf(e Entity) (document map[string]any, err error) {
	if e.Properties == nil {
		e.Properties = map[string]any{}
	}
	if e.Relations == nil {
		e.Relations = map[string]any{}
	}
	encoded, err := json.Marshal(e)
	if err != nil {
		return nil, err
	}
	err = json.Unmarshal(encoded, &document)
	return document, err
}

var entityNames = []string{"identifier", "title", "icon", "team", "properties", "relations"}

// identifierOf returns the identifier of an entity's document, which the contract has passed. The contract leaves
// room for names that Port passes over and for identifiers made by Port or searched by a query; here they are
// refused, so that a misspelled name is found.
func identifierOf(at string, document map[string]any) (string, *failure) {
	for _, name := range slices.Sorted(maps.Keys(document)) {
		if !slices.Contains(entityNames, name) {
			return "", invalidf("%s must NOT have additional properties: '%s'", at, name)
		}
	}
	identifier, ok := document["identifier"].(string)
	if !ok {
		return "", notEmulated(at + ": an identifier other than a string")
	}
	return identifier, nil
}

// apply lays a document over the entity: what it names is replaced, and null clears.
func (d *declaration) apply(e Entity, document map[string]any) (Entity, *failure) {
	overlay(&e.Title, document, "title")
	overlay(&e.Icon, document, "icon")
	if team, ok := document["team"]; ok {
		if _, isQuery := team.(map[string]any); isQuery {
			return e, notEmulated("a team that is searched by a query")
		}
		if name, single := team.(string); single { // Port reads one name back as an array
			team = []any{name}
		}
		e.Team = team
	}
	var refused *failure
	if e.Properties, refused = d.applyProperties(e.Properties, document["properties"]); refused != nil {
		return e, refused
	}
	e.Relations, refused = d.applyRelations(e.Relations, document["relations"])
	return e, refused
}

func overlay(text *string, document map[string]any, name string) {
	if value, ok := document[name]; ok {
		*text, _ = value.(string)
	}
}

func (d *declaration) applyProperties(held map[string]any, given any) (map[string]any, *failure) {
	values, _ := given.(map[string]any)
	result := maps.Clone(held)
	if result == nil {
		result = make(map[string]any, len(values))
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		declared := d.Schema.Properties[name]
		if declared == nil {
			return nil, invalidf("property '%s' is not declared by blueprint '%s'", name, d.Identifier)
		}
		if values[name] == nil {
			delete(result, name)
			continue
		}
		stored, err := declared.accept(name, values[name])
		if err != nil {
			return nil, invalidf("%s", err)
		}
		result[name] = stored
	}
	for _, name := range d.Schema.Required {
		if result[name] == nil {
			return nil, invalidf("properties must have required property '%s'", name)
		}
	}
	return result, nil
}

func (d *declaration) applyRelations(held map[string]any, given any) (map[string]any, *failure) {
	values, _ := given.(map[string]any)
	result := maps.Clone(held)
	if result == nil {
		result = make(map[string]any, len(values))
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		declared, ok := d.Relations[name]
		if !ok {
			return nil, notFound("relation", name)
		}
		if values[name] == nil {
			delete(result, name)
			continue
		}
		if err := declared.accept(name, values[name]); err != nil {
			return nil, err
		}
		result[name] = values[name]
	}
	for _, name := range slices.Sorted(maps.Keys(d.Relations)) {
		if d.Relations[name].Required && result[name] == nil {
			return nil, invalidf("relations must have required relation '%s'", name)
		}
	}
	return result, nil
}

// accept reports whether a value has the relation's shape: a list for many, one identifier otherwise.
func (r relation) accept(name string, value any) *failure {
	if _, isQuery := value.(map[string]any); isQuery {
		return notEmulated("a relation that is searched by a query")
	}
	if _, isList := value.([]any); isList != r.Many {
		return invalidf("relations/%s must be a list only if the relation is to many", name)
	}
	return nil
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
