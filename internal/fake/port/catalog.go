package port

import (
	"bytes"
	"cmp"
	"encoding/json"
	"iter"
	"maps"
	"net/http"
	"slices"
)

// catalog holds the blueprints with their entities. Its owner guards it against concurrent use.
type catalog struct {
	blueprints map[string]*blueprint
	quota      int // 0: none
	size       int // entities of all blueprints
}

// blueprint is a declared kind of entities with those that there are.
type blueprint struct {
	document    map[string]any
	declaration *declaration
	rows        map[string]*row
	order       []*row // as created, which is the order of search
	created     int    // rows ever created
}

// row is one entity: its JSON without the identifier. Sequence numbers grow in the order of creation.
type row struct {
	identifier string
	sequence   int
	content    []byte
}

func newCatalog(options Options) *catalog {
	return &catalog{blueprints: map[string]*blueprint{}, quota: options.EntityQuota}
}

func (c *catalog) blueprint(identifier string) (*blueprint, *failure) {
	if b := c.blueprints[identifier]; b != nil {
		return b, nil
	}
	return nil, notFound("Blueprint", identifier)
}

// writing says how an entity is written; the names are those of the query parameters.
type writing struct {
	upsert         bool
	merge          bool
	createMissing  bool
	validationOnly bool
}

// written is what came of writing one entity.
type written struct {
	entity  Entity
	created bool
	stubs   int // related entities that were created beside it
}

// write checks a document against the blueprint and what the catalog holds, and stores it.
func (c *catalog) write(b *blueprint, identifier string, document map[string]any, how writing) (written, *failure) {
	held, exists := b.rows[identifier]
	if exists && !how.upsert {
		return written{}, taken("Entity", identifier)
	}
	entity := Entity{Identifier: identifier}
	if exists && how.merge {
		entity = held.entity()
	}
	entity, refused := b.declaration.apply(entity, document)
	if refused != nil {
		return written{}, refused
	}
	missing, refused := c.missingTargets(b, entity, how.createMissing)
	if refused != nil {
		return written{}, refused
	}
	result := written{entity: entity, created: !exists, stubs: len(missing)}
	if refused := c.checkQuota(result); refused != nil {
		return written{}, refused
	}
	if how.validationOnly {
		return result, nil
	}
	for _, target := range missing {
		c.put(c.blueprints[target.blueprint], Entity{
			Identifier: target.identifier, Properties: map[string]any{}, Relations: map[string]any{},
		})
	}
	c.put(b, entity)
	return result, nil
}

// address names one entity of the catalog.
type address struct{ blueprint, identifier string }

// missingTargets returns the related entities that do not exist, each once; they are refused unless allowed.
func (c *catalog) missingTargets(b *blueprint, entity Entity, allowed bool) (missing []address, refused *failure) {
	for _, name := range slices.Sorted(maps.Keys(entity.Relations)) {
		target := b.declaration.Relations[name].Target
		for _, identifier := range targets(entity.Relations[name]) {
			if c.holds(target, identifier) || slices.Contains(missing, address{target, identifier}) {
				continue
			}
			if target == b.declaration.Identifier && identifier == entity.Identifier {
				continue
			}
			if !allowed || c.blueprints[target] == nil {
				return nil, notFound("Related entity of blueprint '"+target+"'", identifier)
			}
			missing = append(missing, address{target, identifier})
		}
	}
	return missing, nil
}

func (c *catalog) holds(blueprint, identifier string) bool {
	b := c.blueprints[blueprint]
	return b != nil && b.rows[identifier] != nil
}

func (c *catalog) checkQuota(w written) *failure {
	growth := w.stubs
	if w.created {
		growth++
	}
	if c.quota > 0 && growth > 0 && c.size+growth > c.quota {
		return &failure{http.StatusForbidden, "entities_quota_exceeded", "The organization's number of entities is used up"}
	}
	return nil
}

// put stores an entity as it is.
func (c *catalog) put(b *blueprint, entity Entity) {
	held := b.rows[entity.Identifier]
	if held == nil {
		b.created++
		held = &row{identifier: entity.Identifier, sequence: b.created}
		b.rows[entity.Identifier] = held
		b.order = append(b.order, held)
		c.size++
	}
	entity.Identifier = ""
	held.content, _ = json.Marshal(entity) // made of decoded JSON, so it always encodes
}

// entity decodes the row.
func (r *row) entity() Entity {
	var e Entity
	_ = json.Unmarshal(r.content, &e) // put has encoded it
	e.Identifier = r.identifier
	return e
}

// after returns the entities that were created after the one with that sequence number, with their own.
func (b *blueprint) after(sequence int) iter.Seq2[int, Entity] {
	start, found := slices.BinarySearchFunc(b.order, sequence, func(r *row, s int) int { return cmp.Compare(r.sequence, s) })
	if found {
		start++
	}
	return func(yield func(int, Entity) bool) {
		for _, r := range b.order[start:] {
			if !yield(r.sequence, r.entity()) {
				return
			}
		}
	}
}

// remove deletes the entities that exist of those named, and returns their identifiers. Entities that are related to
// them are deleted too when dependents is set, and otherwise forbid it, unless they are themselves among those named.
// Port's own rule for dependents is in no source; this is the strict reading.
func (c *catalog) remove(b *blueprint, identifiers []string, dependents bool) ([]string, *failure) {
	doomed := map[address]bool{}
	removed := []string{}
	for _, identifier := range identifiers {
		at := address{b.declaration.Identifier, identifier}
		if b.rows[identifier] != nil && !doomed[at] {
			doomed[at] = true
			removed = append(removed, identifier)
		}
	}
	for added := doomed; len(added) > 0; {
		added = c.dependentsOf(added, doomed)
		if len(added) > 0 && !dependents {
			return nil, &failure{http.StatusConflict, "has_dependents", "Other entities are related to the entities to be deleted"}
		}
		for at := range added {
			doomed[at] = true
		}
	}
	for at := range doomed {
		c.blueprints[at.blueprint].drop(at.identifier)
	}
	c.sweep()
	c.size -= len(doomed)
	return removed, nil
}

// dependentsOf returns the entities outside doomed that are related to one of those given.
func (c *catalog) dependentsOf(entities, doomed map[address]bool) map[address]bool {
	targeted, found := map[string]bool{}, map[address]bool{}
	for at := range entities {
		targeted[at.blueprint] = true
	}
	for identifier, b := range c.blueprints {
		for name, declared := range b.declaration.Relations {
			if !targeted[declared.Target] {
				continue
			}
			for _, r := range b.order {
				at := address{identifier, r.identifier}
				if !doomed[at] && r.relatesTo(name, declared.Target, entities) {
					found[at] = true
				}
			}
		}
	}
	return found
}

func (r *row) relatesTo(relation, target string, entities map[address]bool) bool {
	if !bytes.Contains(r.content, []byte(`"`+relation+`"`)) {
		return false // spares decoding most rows
	}
	return slices.ContainsFunc(targets(r.entity().Relations[relation]), func(identifier string) bool {
		return entities[address{target, identifier}]
	})
}

// drop takes a row out of the map; sweep takes those that were dropped out of the order, all at once.
func (b *blueprint) drop(identifier string) { delete(b.rows, identifier) }

func (c *catalog) sweep() {
	for _, b := range c.blueprints {
		if len(b.order) != len(b.rows) {
			b.order = slices.DeleteFunc(b.order, func(r *row) bool { return b.rows[r.identifier] != r })
		}
	}
}
