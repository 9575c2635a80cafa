package port

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"

	"github.com/codecov-port/codecov-port/internal/fake/contract"
)

// blueprint is a declared kind of entities with those that there are.
type blueprint struct {
	*declaration
	document map[string]any
	rows     map[string]*row
	order    []*row // as created, which is the order of search
	created  int    // rows ever created
}

// row is one entity: its JSON without the identifier. Sequence numbers grow in the order of creation.
type row struct {
	identifier string
	sequence   int
	content    []byte
}

// entity decodes the row.
func (r *row) entity() Entity {
	var e Entity
	_ = json.Unmarshal(r.content, &e) // put has encoded it
	e.Identifier = r.identifier
	return e
}

// put stores an entity as it is.
func (b *blueprint) put(entity Entity) {
	held := b.rows[entity.Identifier]
	if held == nil {
		b.created++
		held = &row{identifier: entity.Identifier, sequence: b.created}
		b.rows[entity.Identifier] = held
		b.order = append(b.order, held)
	}
	entity.Identifier = ""
	held.content, _ = json.Marshal(entity) // made of decoded JSON, so it always encodes
}

// bulkWrite writes one body's entities in order, each on its own.
func (s *Server) bulkWrite(c call) (map[string]any, error) {
	documents := listOf(c.body["entities"])
	identifiers := make([]string, len(documents))
	for i, document := range documents {
		var err error
		if identifiers[i], err = identifierOf(fmt.Sprintf("body/entities/%d", i), document); err != nil {
			return nil, err
		}
	}
	written, refused := []map[string]any{}, []map[string]any{}
	for i, identifier := range identifiers {
		s.counts.EntitiesReceived++
		entity, stubs, err := s.prepare(c.blueprint, identifier, documents[i], c.is)
		if err != nil {
			f := refusal(err)
			refused = append(refused, map[string]any{
				"identifier": identifier, "index": i, "statusCode": f.status, "error": f.code, "message": f.message,
			})
			continue
		}
		created := c.blueprint.rows[identifier] == nil
		written = append(written, map[string]any{"identifier": identifier, "index": i, "created": created})
		if c.is("validation_only") {
			continue
		}
		for _, stub := range stubs {
			s.blueprints[stub.blueprint].put(Entity{Identifier: stub.identifier, Properties: map[string]any{}, Relations: map[string]any{}})
		}
		c.blueprint.put(entity)
		s.counts.EntitiesWritten++
		s.counts.StubsCreated += len(stubs)
		if created {
			s.counts.EntitiesCreated++
		}
	}
	return map[string]any{"ok": len(refused) == 0, "entities": written, "errors": refused}, nil
}

func listOf(value any) []map[string]any {
	items, _ := value.([]any)
	objects := make([]map[string]any, len(items))
	for i, item := range items {
		objects[i], _ = item.(map[string]any)
	}
	return objects
}

// address names one entity of the catalog.
type address struct{ blueprint, identifier string }

// prepare checks a document against the blueprint and what the catalog holds. It returns the entity to store, and related
// ones to create. Is reports whether one of the query parameters of a bulk request is set.
func (s *Server) prepare(b *blueprint, identifier string, document map[string]any, is func(string) bool) (Entity, []address, error) {
	held, exists := b.rows[identifier]
	if exists && !is("upsert") {
		return Entity{}, nil, taken("Entity", identifier)
	}
	entity := Entity{Identifier: identifier}
	if exists && is("merge") {
		entity = held.entity()
	}
	entity, err := b.apply(entity, document)
	if err != nil {
		return Entity{}, nil, err
	}
	stubs, err := s.missingTargets(b, entity, is("create_missing_related_entities"))
	if err != nil {
		return Entity{}, nil, err
	}
	growth, size := len(stubs), 0
	if !exists {
		growth++
	}
	for _, other := range s.blueprints {
		size += len(other.rows)
	}
	if quota := s.options.EntityQuota; quota > 0 && growth > 0 && size+growth > quota {
		return Entity{}, nil, &failure{http.StatusForbidden, "entities_quota_exceeded", "The organization's number of entities is used up"}
	}
	return entity, stubs, nil
}

// missingTargets returns the related entities that do not exist, each once; they are refused unless allowed.
func (s *Server) missingTargets(b *blueprint, entity Entity, allowed bool) (missing []address, err error) {
	for _, name := range slices.Sorted(maps.Keys(entity.Relations)) {
		target := b.Relations[name].Target
		for _, identifier := range targets(entity.Relations[name]) {
			at, other := address{target, identifier}, s.blueprints[target]
			isSelf := at == address{b.Identifier, entity.Identifier}
			if isSelf || slices.Contains(missing, at) || other != nil && other.rows[identifier] != nil {
				continue
			}
			if !allowed || other == nil {
				return nil, notFound("Related entity of blueprint '"+target+"'", identifier)
			}
			missing = append(missing, at)
		}
	}
	return missing, nil
}

// bulkDelete deletes the entities that exist of those named, and answers their identifiers. Entities that are related to
// them are also deleted when delete_dependents is set, and otherwise forbid it, unless they are among those named.
// Port's own rule for dependents is in no source; this is the strict reading.
func (s *Server) bulkDelete(c call) (map[string]any, error) {
	removed, doomed := []string{}, map[address]bool{}
	for _, identifier := range targets(c.body["entities"]) {
		at := address{c.blueprint.Identifier, identifier}
		if c.blueprint.rows[identifier] != nil && !doomed[at] {
			doomed[at] = true
			removed = append(removed, identifier)
		}
	}
	for dependents := s.dependents(doomed); len(dependents) > 0; dependents = s.dependents(doomed) {
		if !c.is("delete_dependents") {
			return nil, hasDependents("Other entities are related to the entities to be deleted")
		}
		maps.Copy(doomed, dependents)
	}
	for at := range doomed {
		delete(s.blueprints[at.blueprint].rows, at.identifier)
	}
	for _, b := range s.blueprints {
		if len(b.order) != len(b.rows) {
			b.order = slices.DeleteFunc(b.order, func(r *row) bool { return b.rows[r.identifier] != r })
		}
	}
	return ok("deletedEntities", removed), nil
}

// dependents returns the entities outside doomed that are related to one of those.
func (s *Server) dependents(doomed map[address]bool) map[address]bool {
	touched, found := map[string]bool{}, map[address]bool{}
	for at := range doomed {
		touched[at.blueprint] = true
	}
	for identifier, b := range s.blueprints {
		for name, relation := range b.Relations {
			if !touched[relation.Target] {
				continue
			}
			for _, r := range b.order {
				isRelated := func(target string) bool { return doomed[address{relation.Target, target}] }
				mayRelate := bytes.Contains(r.content, []byte(`"`+name+`"`)) // spares decoding most rows
				if at := (address{identifier, r.identifier}); !doomed[at] && mayRelate && slices.ContainsFunc(targets(r.entity().Relations[name]), isRelated) {
					found[at] = true
				}
			}
		}
	}
	return found
}

// Entities returns a blueprint's entities, sorted by identifier. They are copies.
func (s *Server) Entities(blueprint string) []Entity {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.blueprints[blueprint]
	if b == nil {
		return nil
	}
	entities := make([]Entity, 0, len(b.rows))
	for _, identifier := range slices.Sorted(maps.Keys(b.rows)) {
		entities = append(entities, b.rows[identifier].entity())
	}
	return entities
}

// Entity returns a copy of one entity; false when there is none.
func (s *Server) Entity(blueprint, identifier string) (Entity, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if b := s.blueprints[blueprint]; b != nil && b.rows[identifier] != nil {
		return b.rows[identifier].entity(), true
	}
	return Entity{}, false
}

// Count returns the number of a blueprint's entities without copying them.
func (s *Server) Count(blueprint string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if b := s.blueprints[blueprint]; b != nil {
		return len(b.rows)
	}
	return 0
}

// PutEntity creates or replaces an entity, as somebody else's write would, under the rules of the API. Nothing is
// counted.
func (s *Server) PutEntity(blueprint string, entity Entity) error {
	if entity.Properties == nil {
		entity.Properties = map[string]any{}
	}
	if entity.Relations == nil {
		entity.Relations = map[string]any{}
	}
	var document map[string]any
	if err := reread(entity, &document); err != nil {
		return err
	}
	if err := contract.CheckBody("POST /v1/blueprints/{blueprint_identifier}/entities", document); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.blueprints[blueprint]
	if b == nil {
		return notFound("Blueprint", blueprint)
	}
	checked, _, err := s.prepare(b, entity.Identifier, document, func(parameter string) bool { return parameter == "upsert" })
	if err != nil {
		return fmt.Errorf("entity %s of %s: %w", entity.Identifier, blueprint, err)
	}
	b.put(checked)
	return nil
}
