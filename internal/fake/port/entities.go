package port

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"

	"github.com/codecov-port/codecov-port/internal/fake/contract"
	"github.com/codecov-port/codecov-port/internal/fake/journal"
)

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
	written, refused, createdEntities, createdStubs := []map[string]any{}, []map[string]any{}, 0, 0
	for i, document := range listOf(c.body["entities"]) {
		entity, stubs, err := s.prepare(c.blueprint, document, c.is)
		if err != nil {
			f := refusal(err)
			refused = append(refused, map[string]any{
				"identifier": entity.Identifier, "index": i, "statusCode": f.status, "error": f.code, "message": f.message,
			})
			continue
		}
		created := c.blueprint.rows[entity.Identifier] == nil
		written = append(written, map[string]any{"identifier": entity.Identifier, "index": i, "created": created})
		for _, stub := range stubs {
			s.blueprints[stub.blueprint].put(Entity{Identifier: stub.identifier, Properties: map[string]any{}, Relations: map[string]any{}})
		}
		c.blueprint.put(entity)
		createdStubs += len(stubs)
		if created {
			createdEntities++
		}
	}
	s.journal.Add(func(c *journal.Counts) {
		c.EntitiesReceived += len(written) + len(refused)
		c.EntitiesWritten += len(written)
		c.EntitiesCreated += createdEntities
		c.StubsCreated += createdStubs
	})
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
// ones to create; on an error, the entity's identifier. Is reports whether one of the query parameters of a bulk request
// is set.
func (s *Server) prepare(b *blueprint, document map[string]any, is func(string) bool) (entity Entity, stubs []address, err error) {
	entity = Entity{Properties: map[string]any{}, Relations: map[string]any{}}
	entity.Identifier, _ = document["identifier"].(string)
	if entity.Identifier == "" {
		return entity, nil, errors.New("identifier must be a string")
	}
	held, exists := b.rows[entity.Identifier]
	if exists && !is("upsert") {
		return entity, nil, taken("Entity", entity.Identifier)
	}
	if exists && is("merge") {
		entity = held.entity()
	}
	if err = b.apply(&entity, document); err != nil {
		return entity, nil, err
	}
	if stubs, err = s.missingTargets(b, entity, is("create_missing_related_entities")); err != nil {
		return entity, nil, err
	}
	growth, size := len(stubs), 0
	if !exists {
		growth++
	}
	for _, other := range s.blueprints {
		size += len(other.rows)
	}
	if quota := s.options.EntityQuota; quota > 0 && growth > 0 && size+growth > quota {
		err = &failure{http.StatusForbidden, "entities_quota_exceeded", "The organization's number of entities is used up"}
	}
	return entity, stubs, err
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
// them forbid it, unless they are among those named. Port's own rule for dependents is in no source; this is the strict
// reading.
func (s *Server) bulkDelete(c call) (map[string]any, error) {
	b, removed, doomed := c.blueprint, []string{}, map[string]bool{}
	for _, identifier := range targets(c.body["entities"]) {
		if b.rows[identifier] != nil && !doomed[identifier] {
			doomed[identifier] = true
			removed = append(removed, identifier)
		}
	}
	for _, other := range s.blueprints {
		if other.dependsOn(b, doomed) {
			return nil, &failure{http.StatusConflict, "has_dependents", "Other entities are related to the entities to be deleted"}
		}
	}
	maps.DeleteFunc(b.rows, func(identifier string, _ *row) bool { return doomed[identifier] })
	b.order = slices.DeleteFunc(b.order, func(r *row) bool { return doomed[r.identifier] })
	return ok("deletedEntities", removed), nil
}

// dependsOn reports whether an entity that stays is related to a doomed one of the target.
func (b *blueprint) dependsOn(target *blueprint, doomed map[string]bool) bool {
	for name, relation := range b.Relations {
		if relation.Target != target.Identifier {
			continue
		}
		isDoomed := func(identifier string) bool { return doomed[identifier] }
		for _, r := range b.order {
			mayRelate := bytes.Contains(r.content, []byte(`"`+name+`"`)) // spares decoding most rows
			if stays := b != target || !doomed[r.identifier]; stays && mayRelate && slices.ContainsFunc(targets(r.entity().Relations[name]), isDoomed) {
				return true
			}
		}
	}
	return false
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
	checked, _, err := s.prepare(b, document, func(parameter string) bool { return parameter == "upsert" })
	if err != nil {
		return fmt.Errorf("entity %s of %s: %w", entity.Identifier, blueprint, err)
	}
	b.put(checked)
	return nil
}
