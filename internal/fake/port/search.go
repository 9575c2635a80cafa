package port

import (
	"net/http"
	"strconv"
)

// defaultSearchLimit is the contract's.
const defaultSearchLimit = 200

// search returns one page of a blueprint's entities, in the order of their creation. The cursor is the last
// entity's place in that order, so entities that are created or deleted between pages shift nothing.
func (s *Server) search(c call) (int, any, *failure) {
	asked := c.object()
	if asked["exclude"] != nil {
		return 0, nil, notEmulated("exclude")
	}
	matches, refused := readQuery(c.blueprint.declaration, asked["query"])
	if refused != nil {
		return 0, nil, refused
	}
	chosen, refused := c.blueprint.declaration.choose(asked["include"])
	if refused != nil {
		return 0, nil, refused
	}
	from := 0
	if text, given := asked["from"].(string); given {
		var err error
		if from, err = strconv.Atoi(text); err != nil {
			return 0, nil, invalidf("body/from is not a cursor of an answer")
		}
	}
	limit, given := asked["limit"].(float64)
	if !given {
		limit = defaultSearchLimit
	}
	return http.StatusOK, c.blueprint.page(matches, chosen, from, int(limit)), nil
}

func (b *blueprint) page(matches predicate, chosen choice, from, limit int) map[string]any {
	entities := []map[string]any{}
	last := from
	for sequence, entity := range b.after(from) {
		if !matches(entity) {
			continue
		}
		if len(entities) == limit {
			return map[string]any{"ok": true, "entities": entities, "next": strconv.Itoa(last)}
		}
		entities = append(entities, chosen.answer(b.declaration, entity))
		last = sequence
	}
	return map[string]any{"ok": true, "entities": entities}
}

// choice is the set of properties and relations that an answer holds; nil is all of them.
type choice map[string]bool

// choose reads include, and refuses names that the blueprint does not have.
func (d *declaration) choose(include any) (choice, *failure) {
	names, given := include.([]any)
	if !given {
		return nil, nil
	}
	c := choice{}
	for _, value := range names {
		name, _ := value.(string)
		if !d.names(name) {
			return nil, invalidf("include: '%s' is neither a property nor a relation of blueprint '%s'", name, d.Identifier)
		}
		c[name] = true
	}
	return c, nil
}

func (c choice) has(name string) bool { return c == nil || c[name] }

// answer returns an entity as the API does: what is declared but not set is null, or an empty list for a relation to
// many. Under include, what is not named is left out, the identifier too. The contract has no createdAt here.
func (c choice) answer(d *declaration, e Entity) map[string]any {
	properties, relations := map[string]any{}, map[string]any{}
	for name := range d.Schema.Properties {
		if c.has(name) {
			properties[name] = e.Properties[name]
		}
	}
	for name, declared := range d.Relations {
		if !c.has(name) {
			continue
		}
		relations[name] = e.Relations[name]
		if declared.Many && relations[name] == nil {
			relations[name] = []any{}
		}
	}
	answer := map[string]any{"properties": properties, "relations": relations}
	for name, value := range map[string]any{"identifier": e.Identifier, "title": e.Title, "icon": e.Icon, "team": e.Team} {
		if c.has("$"+name) && value != nil && value != "" {
			answer[name] = value
		}
	}
	return answer
}
