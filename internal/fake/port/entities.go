package port

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/codecov-port/codecov-port/internal/fake/contract"
)

// listLimit is where GET …/entities stops: "fails above some 10,000 entities".
const listLimit = 10_000

// inBlueprint runs one entity operation on the blueprint of the path, for reading or writing.
func (s *Server) inBlueprint(c call, do func(*blueprint) (int, any, *failure)) (int, any, *failure) {
	b, refused := s.catalog.blueprint(c.PathValue("blueprint_identifier"))
	if refused != nil {
		return 0, nil, refused
	}
	return do(b)
}

func (s *Server) bulkWrite(c call) (int, any, *failure) {
	if refused := c.refuseUnemulated(); refused != nil {
		return 0, nil, refused
	}
	documents := listOf(c.object()["entities"])
	identifiers := make([]string, len(documents))
	for i, document := range documents {
		var refused *failure
		if identifiers[i], refused = identifierOf(fmt.Sprintf("body/entities/%d", i), document); refused != nil {
			return 0, nil, refused
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.inBlueprint(c, func(b *blueprint) (int, any, *failure) {
		return s.writeAll(b, identifiers, documents, c.writing())
	})
}

func listOf(value any) []map[string]any {
	items, _ := value.([]any)
	objects := make([]map[string]any, len(items))
	for i, item := range items {
		objects[i], _ = item.(map[string]any)
	}
	return objects
}

func (c call) writing() writing {
	return writing{
		upsert: c.is("upsert"), merge: c.is("merge"),
		createMissing: c.is("create_missing_related_entities"), validationOnly: c.is("validation_only"),
	}
}

// unemulated are query parameters that would change an answer in ways that are not emulated.
var unemulated = []string{"run_id", "attach_title_to_relation", "attach_identifier_to_title_mirror_properties"}

func (c call) refuseUnemulated() *failure {
	for _, name := range unemulated {
		if value := c.URL.Query().Get(name); value != "" && value != "false" {
			return notEmulated(name)
		}
	}
	return nil
}

type bulkEntity struct {
	Identifier string `json:"identifier"`
	Index      int    `json:"index"`
	Created    bool   `json:"created"`
}

type bulkError struct {
	Identifier string `json:"identifier"`
	Index      int    `json:"index"`
	StatusCode int    `json:"statusCode"`
	Error      string `json:"error"`
	Message    string `json:"message"`
}

type bulkAnswer struct {
	OK       bool         `json:"ok"`
	Entities []bulkEntity `json:"entities"`
	Errors   []bulkError  `json:"errors"`
}

// writeAll writes one body's entities in order, each on its own: 200 when all went well, else 207.
func (s *Server) writeAll(b *blueprint, identifiers []string, documents []map[string]any, how writing) (int, any, *failure) {
	answer := bulkAnswer{Entities: []bulkEntity{}, Errors: []bulkError{}}
	for i, identifier := range identifiers {
		result, refused := s.writeOne(b, identifier, documents[i], how)
		if refused != nil {
			answer.Errors = append(answer.Errors, bulkError{identifier, i, refused.status, refused.code, refused.message})
			continue
		}
		answer.Entities = append(answer.Entities, bulkEntity{identifier, i, result.created})
	}
	if len(answer.Errors) > 0 {
		return http.StatusMultiStatus, answer, nil
	}
	answer.OK = true
	return http.StatusOK, answer, nil
}

// writeOne writes and counts.
func (s *Server) writeOne(b *blueprint, identifier string, document map[string]any, how writing) (written, *failure) {
	result, refused := s.catalog.write(b, identifier, document, how)
	switch {
	case refused != nil || how.validationOnly:
		s.journal.addEntities(1, 0, 0, 0)
	case result.created:
		s.journal.addEntities(1, 1, 1, result.stubs)
	default:
		s.journal.addEntities(1, 1, 0, result.stubs)
	}
	return result, refused
}

func (s *Server) createEntity(c call) (int, any, *failure) {
	if refused := c.refuseUnemulated(); refused != nil {
		return 0, nil, refused
	}
	identifier, refused := identifierOf("body", c.object())
	if refused != nil {
		return 0, nil, refused
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.inBlueprint(c, func(b *blueprint) (int, any, *failure) {
		result, refused := s.writeOne(b, identifier, c.object(), c.writing())
		if refused != nil {
			return 0, nil, refused
		}
		return http.StatusCreated, entityAnswer(b, result.entity), nil
	})
}

func (s *Server) readEntity(c call) (int, any, *failure) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.inBlueprint(c, func(b *blueprint) (int, any, *failure) {
		identifier := c.PathValue("entity_identifier")
		held := b.rows[identifier]
		if held == nil {
			return 0, nil, notFound("Entity", identifier)
		}
		chosen, refused := b.declaration.choose(c.list("include"), c.list("exclude"))
		if refused == nil {
			refused = c.refuseUnemulated()
		}
		if refused != nil {
			return 0, nil, refused
		}
		return http.StatusOK, map[string]any{"ok": true, "entity": chosen.answer(b.declaration, held.entity())}, nil
	})
}

// list returns a query parameter that may be repeated; nil when it is absent.
func (c call) list(parameter string) []any {
	var list []any
	for _, value := range c.URL.Query()[parameter] {
		list = append(list, value)
	}
	return list
}

func (s *Server) listEntities(c call) (int, any, *failure) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.inBlueprint(c, func(b *blueprint) (int, any, *failure) {
		if len(b.rows) > listLimit {
			return 0, nil, invalidf("Blueprint '%s' has too many entities to list", b.declaration.Identifier)
		}
		chosen, refused := b.declaration.choose(c.list("include"), c.list("exclude"))
		if refused == nil {
			refused = c.refuseUnemulated()
		}
		if refused != nil {
			return 0, nil, refused
		}
		entities := []map[string]any{}
		for _, entity := range b.after(0) {
			entities = append(entities, chosen.answer(b.declaration, entity))
		}
		return http.StatusOK, map[string]any{"ok": true, "entities": entities}, nil
	})
}

func (s *Server) countEntities(c call) (int, any, *failure) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.inBlueprint(c, func(b *blueprint) (int, any, *failure) {
		return http.StatusOK, map[string]any{"ok": true, "count": len(b.rows)}, nil
	})
}

func (s *Server) deleteEntity(c call) (int, any, *failure) {
	identifier := c.PathValue("entity_identifier")
	return s.delete(c, []string{identifier}, func(removed []string) (int, any, *failure) {
		if len(removed) == 0 {
			return 0, nil, notFound("Entity", identifier)
		}
		return http.StatusOK, map[string]any{"ok": true}, nil
	})
}

func (s *Server) bulkDelete(c call) (int, any, *failure) {
	return s.delete(c, targets(c.object()["entities"]), func(removed []string) (int, any, *failure) {
		return http.StatusOK, map[string]any{"ok": true, "deletedEntities": removed}, nil
	})
}

func (s *Server) delete(c call, identifiers []string, answer func(removed []string) (int, any, *failure)) (int, any, *failure) {
	if refused := c.refuseUnemulated(); refused != nil {
		return 0, nil, refused
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.inBlueprint(c, func(b *blueprint) (int, any, *failure) {
		removed, refused := s.catalog.remove(b, identifiers, c.is("delete_dependents"))
		if refused != nil {
			return 0, nil, refused
		}
		return answer(removed)
	})
}

// entityAnswer is what a write answers: the whole entity.
func entityAnswer(b *blueprint, entity Entity) map[string]any {
	return map[string]any{"ok": true, "entity": choice{}.answer(b.declaration, entity)}
}

// choice says which properties and relations an answer holds. The zero value is all of them.
type choice struct {
	only    map[string]bool // nil: all
	without map[string]bool
}

// choose reads include and exclude, and refuses names that the blueprint does not have.
func (d *declaration) choose(include, exclude []any) (c choice, refused *failure) {
	if include != nil {
		if c.only, refused = d.set("include", include); refused != nil {
			return c, refused
		}
	}
	c.without, refused = d.set("exclude", exclude)
	return c, refused
}

func (d *declaration) set(parameter string, names []any) (map[string]bool, *failure) {
	set := map[string]bool{}
	for _, value := range names {
		name, _ := value.(string)
		if !d.names(name) {
			return nil, invalidf("%s: '%s' is neither a property nor a relation of blueprint '%s'", parameter, name, d.Identifier)
		}
		set[name] = true
	}
	return set, nil
}

func (c choice) has(name string) bool { return (c.only == nil || c.only[name]) && !c.without[name] }

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

// Entities returns a blueprint's entities, sorted by identifier. They are copies.
func (s *Server) Entities(blueprint string) []Entity {
	s.mu.RLock()
	defer s.mu.RUnlock()
	b := s.catalog.blueprints[blueprint]
	if b == nil {
		return nil
	}
	entities := make([]Entity, 0, len(b.rows))
	for _, entity := range b.after(0) {
		entities = append(entities, entity)
	}
	slices.SortFunc(entities, func(x, y Entity) int { return cmp.Compare(x.Identifier, y.Identifier) })
	return entities
}

// Entity returns a copy of one entity; false when there is none.
func (s *Server) Entity(blueprint, identifier string) (Entity, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if !s.catalog.holds(blueprint, identifier) {
		return Entity{}, false
	}
	return s.catalog.blueprints[blueprint].rows[identifier].entity(), true
}

// Count returns the number of a blueprint's entities without copying them.
func (s *Server) Count(blueprint string) int {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if b := s.catalog.blueprints[blueprint]; b != nil {
		return len(b.rows)
	}
	return 0
}

// PutEntity creates or replaces an entity, as somebody else's write would, under the rules of the API. Nothing is
// counted.
func (s *Server) PutEntity(blueprint string, entity Entity) error {
	document, err := documentOf(entity)
	if err != nil {
		return err
	}
	if err := contract.CheckBody("POST /v1/blueprints/{blueprint_identifier}/entities", document); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	b, refused := s.catalog.blueprint(blueprint)
	if refused == nil {
		_, refused = s.catalog.write(b, entity.Identifier, document, writing{upsert: true})
	}
	if refused != nil {
		return fmt.Errorf("entity %s of %s: %w", strings.TrimSpace(entity.Identifier), blueprint, refused)
	}
	return nil
}
