package port

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// search returns one page of a blueprint's entities, in the order of their creation. The cursor is the last
// entity's place in that order, so entities that are created or deleted between pages shift nothing.
func (s *Server) search(c call) (map[string]any, error) {
	matches, err := c.blueprint.readQuery(c.body["query"])
	if err != nil {
		return nil, err
	}
	has, err := c.blueprint.readInclude(c.body["include"])
	if err != nil {
		return nil, err
	}
	last := 0
	if cursor, isText := c.body["from"].(string); isText {
		if last, err = strconv.Atoi(cursor); err != nil {
			return nil, errors.New("body/from is not a cursor of an answer")
		}
	}
	limit, _ := c.body["limit"].(float64)
	limit = cmp.Or(limit, 200) // the contract's default
	entities := []map[string]any{}
	answer := map[string]any{"ok": true}
	next, _ := slices.BinarySearchFunc(c.blueprint.order, last+1, func(r *row, s int) int { return cmp.Compare(r.sequence, s) })
	for _, row := range c.blueprint.order[next:] {
		entity := row.entity()
		if !matches(entity) {
			continue
		}
		if len(entities) == int(limit) {
			answer["next"] = strconv.Itoa(last)
			break
		}
		entities = append(entities, c.blueprint.answer(entity, has))
		last = row.sequence
	}
	answer["entities"] = entities
	return answer, nil
}

// readInclude returns a function that reports whether an answer holds a property or relation. It refuses names that the
// blueprint does not have.
func (b *blueprint) readInclude(include any) (func(name string) bool, error) {
	names, isList := include.([]any)
	for _, value := range names {
		name, _ := value.(string)
		if _, isRelation := b.Relations[name]; !isRelation && !b.holds(name) {
			return nil, fmt.Errorf("include: '%s' is neither a property nor a relation of blueprint '%s'", name, b.Identifier)
		}
	}
	return func(name string) bool { return !isList || slices.Contains(names, any(name)) }, nil
}

// answer returns an entity as the API does: what is declared but not set is null, or an empty list for a relation to
// many. Under include, what is not named is left out, even the identifier. The contract has no createdAt here.
func (b *blueprint) answer(e Entity, has func(string) bool) map[string]any {
	properties, relations := map[string]any{}, map[string]any{}
	for name := range b.Schema.Properties {
		if has(name) {
			properties[name] = e.Properties[name]
		}
	}
	for name, declared := range b.Relations {
		if !has(name) {
			continue
		}
		relations[name] = e.Relations[name]
		if declared.Many && relations[name] == nil {
			relations[name] = []any{}
		}
	}
	answer := map[string]any{"properties": properties, "relations": relations}
	for name, value := range map[string]any{"identifier": e.Identifier, "title": e.Title, "icon": e.Icon, "team": e.Team} {
		if has("$"+name) && value != nil && value != "" {
			answer[name] = value
		}
	}
	return answer
}

// readQuery reads {combinator, rules}, which the contract has passed, and returns a function that reports whether an entity
// is asked for. A rule that names what the blueprint does not have is refused, and so are rules that codecov-port does not
// send.
func (b *blueprint) readQuery(query any) (func(Entity) bool, error) {
	asked, _ := query.(map[string]any) // none asks for all
	var rules []func(Entity) bool
	for _, rule := range listOf(asked["rules"]) {
		property, _ := rule["property"].(string)
		relation, _ := rule["relation"].(string)
		operator, _ := rule["operator"].(string)
		_, isRelation := b.Relations[relation]
		holds := operators[operator]
		switch {
		case holds == nil || property+relation == "":
			return nil, fmt.Errorf("query: the rule '%s' is not emulated", operator)
		case !isRelation && property != "$identifier" && b.Schema.Properties[property] == nil:
			return nil, fmt.Errorf("query: blueprint '%s' has no '%s'", b.Identifier, property+relation)
		}
		rules = append(rules, func(e Entity) bool {
			held := e.Properties[property]
			if isRelation {
				held = e.Relations[relation]
			} else if property == "$identifier" {
				held = e.Identifier
			}
			return holds(held, rule["value"])
		})
	}
	isOr := asked["combinator"] == "or"
	return func(e Entity) bool {
		return slices.ContainsFunc(rules, func(holds func(Entity) bool) bool { return holds(e) == isOr }) == isOr
	}, nil
}

// operators compare what an entity holds with a rule's value. They are those that codecov-port sends.
var operators = map[string]func(held, value any) bool{
	"=": reflect.DeepEqual,
	"in": func(held, value any) bool {
		items, _ := value.([]any)
		return slices.Contains(items, held)
	},
	"beginsWith": func(held, value any) bool {
		text, _ := held.(string)
		prefix, isText := value.(string)
		return isText && strings.HasPrefix(text, prefix)
	},
	">=": func(held, value any) bool {
		x, isNumber := held.(float64)
		y, also := value.(float64)
		return isNumber && also && x >= y
	},
}
