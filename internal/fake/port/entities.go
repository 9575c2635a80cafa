package port

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/codecov-port/codecov-port/internal/fake/contract"
)

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

// bulkWrite writes one body's entities in order, each on its own: 200 if none is refused, else 207.
func (s *Server) bulkWrite(c call) (int, any, *failure) {
	documents := listOf(c.object()["entities"])
	identifiers := make([]string, len(documents))
	for i, document := range documents {
		var refused *failure
		if identifiers[i], refused = identifierOf(fmt.Sprintf("body/entities/%d", i), document); refused != nil {
			return 0, nil, refused
		}
	}
	how := writing{
		upsert: c.is("upsert"), merge: c.is("merge"),
		createMissing: c.is("create_missing_related_entities"), validationOnly: c.is("validation_only"),
	}
	answer := bulkAnswer{Entities: []bulkEntity{}, Errors: []bulkError{}}
	for i, identifier := range identifiers {
		result, refused := s.catalog.write(c.blueprint, identifier, documents[i], how)
		s.journal.addEntity(result, refused == nil && !how.validationOnly)
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

func listOf(value any) []map[string]any {
	items, _ := value.([]any)
	objects := make([]map[string]any, len(items))
	for i, item := range items {
		objects[i], _ = item.(map[string]any)
	}
	return objects
}

func (s *Server) bulkDelete(c call) (int, any, *failure) {
	removed, refused := s.catalog.remove(c.blueprint, targets(c.object()["entities"]), c.is("delete_dependents"))
	return http.StatusOK, map[string]any{"ok": true, "deletedEntities": removed}, refused
}

// Entities returns a blueprint's entities, sorted by identifier. They are copies.
func (s *Server) Entities(blueprint string) []Entity {
	s.mu.Lock()
	defer s.mu.Unlock()
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
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.catalog.holds(blueprint, identifier) {
		return Entity{}, false
	}
	return s.catalog.blueprints[blueprint].rows[identifier].entity(), true
}

// Count returns the number of a blueprint's entities without copying them.
func (s *Server) Count(blueprint string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
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
