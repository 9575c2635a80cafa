package port

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"

	"github.com/codecov-port/codecov-port/internal/fake/contract"
)

func (s *Server) listBlueprints(call) (int, any, *failure) {
	documents := []map[string]any{}
	for _, identifier := range slices.Sorted(maps.Keys(s.catalog.blueprints)) {
		documents = append(documents, s.catalog.blueprints[identifier].document)
	}
	return http.StatusOK, map[string]any{"ok": true, "blueprints": documents}, nil
}

func (s *Server) readBlueprint(c call) (int, any, *failure) {
	b, refused := s.catalog.blueprint(c.PathValue("identifier"))
	if refused != nil {
		return 0, nil, refused
	}
	return http.StatusOK, blueprintAnswer(b), nil
}

func blueprintAnswer(b *blueprint) map[string]any {
	return map[string]any{"ok": true, "blueprint": b.document}
}

func (s *Server) createBlueprint(c call) (int, any, *failure) {
	document := c.object()
	identifier, _ := document["identifier"].(string)
	if s.catalog.blueprints[identifier] != nil {
		return 0, nil, taken("Blueprint", identifier)
	}
	b, refused := s.define(document)
	if refused != nil {
		return 0, nil, refused
	}
	return http.StatusCreated, blueprintAnswer(b), nil
}

func (s *Server) replaceBlueprint(c call) (int, any, *failure) {
	return s.changeBlueprint(c, func(_, given map[string]any) map[string]any { return given })
}

func (s *Server) patchBlueprint(c call) (int, any, *failure) {
	return s.changeBlueprint(c, mergePatch)
}

// mergePatch lays patch over held, object by object. Port's rule is in no source; its contract lets a patch name
// a property without the type, which only makes sense when objects are merged.
func mergePatch(held, patch map[string]any) map[string]any {
	result := maps.Clone(held)
	for name, value := range patch {
		inner, isObject := value.(map[string]any)
		below, wasObject := result[name].(map[string]any)
		if isObject && wasObject {
			value = mergePatch(below, inner)
		}
		result[name] = value
	}
	return result
}

func (s *Server) changeBlueprint(c call, change func(held, given map[string]any) map[string]any) (int, any, *failure) {
	identifier := c.PathValue("identifier")
	b, refused := s.catalog.blueprint(identifier)
	if refused != nil {
		return 0, nil, refused
	}
	document := change(b.document, c.object())
	if given, ok := document["identifier"]; ok && given != identifier {
		return 0, nil, notEmulated("renaming a blueprint")
	}
	document["identifier"] = identifier
	if b, refused = s.define(document); refused != nil {
		return 0, nil, refused
	}
	return http.StatusOK, blueprintAnswer(b), nil
}

// checkUnneeded refuses the removal of a blueprint that another one needs.
func (c *catalog) checkUnneeded(identifier string) *failure {
	for _, other := range c.blueprints {
		if other.declaration.Identifier != identifier && other.declaration.needs(identifier) {
			return &failure{http.StatusConflict, "has_dependents", "Blueprint '" + other.declaration.Identifier + "' is related to it"}
		}
	}
	return nil
}

// needs reports whether a relation or an aggregation points to that blueprint.
func (d *declaration) needs(identifier string) bool {
	for _, r := range d.Relations {
		if r.Target == identifier {
			return true
		}
	}
	for _, a := range d.AggregationProperties {
		if a.Target == identifier {
			return true
		}
	}
	return false
}

// undefine drops a blueprint and its entities.
func (c *catalog) undefine(identifier string) {
	if b := c.blueprints[identifier]; b != nil {
		c.size -= len(b.rows)
		delete(c.blueprints, identifier)
	}
}

// define creates a blueprint or changes an existing one, whose entities stay. The document is held to the contract
// once more, since a change can make an invalid whole of valid parts.
func (s *Server) define(document map[string]any) (*blueprint, *failure) {
	if err := contract.CheckBody("POST /v1/blueprints", document); err != nil {
		return nil, invalidf("%s", err)
	}
	declared, err := declare(document)
	if err != nil {
		return nil, invalidf("%s", err)
	}
	if refused := declared.check(s.catalog.blueprints); refused != nil {
		return nil, refused
	}
	b := s.catalog.blueprints[declared.Identifier]
	if b == nil {
		b = &blueprint{rows: map[string]*row{}}
		s.catalog.blueprints[declared.Identifier] = b
	}
	b.document, b.declaration = s.complete(document, b.document), declared
	return b, nil
}

// complete returns a blueprint's document as Port answers it: defaults filled in, its history stamped.
func (s *Server) complete(document, before map[string]any) map[string]any {
	now := s.options.Now().UTC().Format(storedInstant)
	complete := maps.Clone(document)
	for _, name := range []string{"mirrorProperties", "calculationProperties", "aggregationProperties", "relations"} {
		if complete[name] == nil {
			complete[name] = map[string]any{}
		}
	}
	if schema, ok := complete["schema"].(map[string]any); ok && schema["required"] == nil {
		schema = maps.Clone(schema)
		schema["required"] = []any{}
		complete["schema"] = schema
	}
	complete["createdAt"], complete["createdBy"] = now, s.options.ClientID
	if before != nil {
		complete["createdAt"], complete["createdBy"] = before["createdAt"], before["createdBy"]
	}
	complete["updatedAt"], complete["updatedBy"] = now, s.options.ClientID
	return complete
}

// PutBlueprint creates a blueprint, or changes one whose entities stay, under the rules of the API.
func (s *Server) PutBlueprint(blueprint json.RawMessage) error {
	var document map[string]any
	if err := json.Unmarshal(blueprint, &document); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, refused := s.define(document); refused != nil {
		return refused
	}
	return nil
}

// Blueprint returns a blueprint as the API would, without the envelope; false when there is none.
func (s *Server) Blueprint(identifier string) (json.RawMessage, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.catalog.blueprints[identifier]
	if b == nil {
		return nil, false
	}
	encoded, err := json.Marshal(b.document)
	return encoded, err == nil
}

// Blueprints returns the identifiers of all blueprints, sorted.
func (s *Server) Blueprints() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(maps.Keys(s.catalog.blueprints))
}

// DeleteBlueprint drops a blueprint and its entities, whatever depends on it: somebody's doing in the middle of a run.
func (s *Server) DeleteBlueprint(identifier string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.catalog.undefine(identifier)
}
