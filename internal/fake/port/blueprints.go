package port

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/codecov-port/codecov-port/internal/fake/contract"
)

func (s *Server) listBlueprints(call) (map[string]any, error) {
	documents := []map[string]any{}
	for _, identifier := range slices.Sorted(maps.Keys(s.blueprints)) {
		documents = append(documents, s.blueprints[identifier].document)
	}
	return ok("blueprints", documents), nil
}

func (s *Server) readBlueprint(c call) (map[string]any, error) {
	return ok("blueprint", c.blueprint.document), nil
}

func (s *Server) createBlueprint(c call) (map[string]any, error) {
	if identifier, _ := c.body["identifier"].(string); s.blueprints[identifier] != nil {
		return nil, taken("Blueprint", identifier)
	}
	return s.define(c.body)
}

// changeBlueprint replaces a blueprint, or with PATCH lays the body over it.
func (s *Server) changeBlueprint(c call) (map[string]any, error) {
	document := c.body
	if c.request.Method == http.MethodPatch {
		document = mergePatch(c.blueprint.document, c.body)
	}
	if named := document["identifier"]; named != nil && named != c.blueprint.Identifier {
		return nil, errors.New("renaming a blueprint is not emulated")
	}
	document["identifier"] = c.blueprint.Identifier
	return s.define(document)
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

// define creates a blueprint or changes an existing one, whose entities stay, and returns the answer. The document is held
// to the contract once more, since a change can make an invalid whole of valid parts.
func (s *Server) define(document map[string]any) (map[string]any, error) {
	if err := contract.CheckBody("POST /v1/blueprints", document); err != nil {
		return nil, err
	}
	b, err := declare(document)
	if err != nil {
		return nil, err
	}
	if err := s.checkDeclaration(b); err != nil {
		return nil, err
	}
	var before map[string]any
	if old := s.blueprints[b.Identifier]; old != nil {
		before, b.rows, b.order, b.created = old.document, old.rows, old.order, old.created
	}
	b.document = s.complete(document, before)
	s.blueprints[b.Identifier] = b
	return ok("blueprint", b.document), nil
}

// complete returns a blueprint's document as Port answers it: defaults filled in, its history stamped.
func (s *Server) complete(document, before map[string]any) map[string]any {
	complete := maps.Clone(document)
	for _, name := range []string{"mirrorProperties", "calculationProperties", "aggregationProperties", "relations"} {
		if complete[name] == nil {
			complete[name] = map[string]any{}
		}
	}
	if schema, isObject := complete["schema"].(map[string]any); isObject && schema["required"] == nil {
		schema = maps.Clone(schema)
		schema["required"] = []any{}
		complete["schema"] = schema
	}
	complete["updatedAt"], complete["updatedBy"] = s.options.Now().UTC().Format(storedInstant), s.options.ClientID
	complete["createdAt"] = cmp.Or(before["createdAt"], complete["updatedAt"])
	complete["createdBy"] = cmp.Or(before["createdBy"], complete["updatedBy"])
	return complete
}

// blueprint is a declared kind of entities with those that there are.
type blueprint struct {
	Identifier string
	Schema     struct {
		Properties map[string]*property
		Required   []string
	}
	Relations map[string]struct {
		Target         string
		Required, Many bool
	}
	MirrorProperties      map[string]struct{ Path string }
	CalculationProperties map[string]struct{ Type string }
	AggregationProperties map[string]struct {
		Target          string
		CalculationSpec struct{ Property string }
	}

	document map[string]any    // as Port answers it
	types    map[string]string // by the name of each property, the calculated ones included; mirrored ones have none
	rows     map[string]*row
	order    []*row // as created, which is the order of search
	created  int    // rows ever created
}

// declare reads a blueprint's document, which the contract has passed.
func declare(document map[string]any) (*blueprint, error) {
	b := &blueprint{types: map[string]string{}, rows: map[string]*row{}}
	if err := reread(document, b); err != nil {
		return nil, err
	}
	for name := range b.MirrorProperties {
		b.types[name] = ""
	}
	for name, calculated := range b.CalculationProperties {
		b.types[name] = calculated.Type
	}
	for name := range b.AggregationProperties {
		b.types[name] = "number"
	}
	properties, _ := document["schema"].(map[string]any)["properties"].(map[string]any)
	for name, p := range b.Schema.Properties {
		var err error
		if p.check, err = contract.Compile(properties[name]); err != nil {
			return nil, fmt.Errorf("body/schema/properties/%s: %w", name, err)
		}
		b.types[name] = p.Type
	}
	return b, nil
}

// reread decodes a decoded document into a struct.
func reread(document any, into any) error {
	text, err := json.Marshal(document)
	if err == nil {
		err = json.Unmarshal(text, into)
	}
	if err != nil {
		return fmt.Errorf("body: %w", err)
	}
	return nil
}

// checkDeclaration describes what does not hold together, within the blueprint and between it and the others.
func (s *Server) checkDeclaration(b *blueprint) error {
	declared := func(identifier string) *blueprint {
		if identifier == b.Identifier {
			return b
		}
		return s.blueprints[identifier]
	}
	for _, name := range b.Schema.Required {
		if b.Schema.Properties[name] == nil {
			return fmt.Errorf("body/schema/required: property '%s' is not declared", name)
		}
	}
	for name, mirrored := range b.MirrorProperties {
		relation, _, _ := strings.Cut(mirrored.Path, ".")
		if _, exists := b.Relations[relation]; !exists {
			return fmt.Errorf("body/mirrorProperties/%s: path must begin with a relation", name)
		}
	}
	for name, relation := range b.Relations {
		if declared(relation.Target) == nil {
			return fmt.Errorf("body/relations/%s: target blueprint '%s' does not exist", name, relation.Target)
		}
	}
	for name, a := range b.AggregationProperties {
		target, property := declared(a.Target), a.CalculationSpec.Property
		switch {
		case target == nil:
			return fmt.Errorf("body/aggregationProperties/%s: target blueprint '%s' does not exist", name, a.Target)
		case property != "" && target.types[property] != "number":
			return fmt.Errorf("body/aggregationProperties/%s: '%s' is not a number property of '%s'", name, property, a.Target)
		}
	}
	return nil
}

// holds reports whether widgets, rules and searches may name a property.
func (b *blueprint) holds(property string) bool {
	_, declared := b.types[property]
	return declared || strings.HasPrefix(property, "$")
}

// needs reports whether a relation or an aggregation points to that blueprint.
func (b *blueprint) needs(identifier string) bool {
	for _, r := range b.Relations {
		if r.Target == identifier {
			return true
		}
	}
	for _, a := range b.AggregationProperties {
		if a.Target == identifier {
			return true
		}
	}
	return false
}

// deleteAllEntities removes the entities of a blueprint, and the blueprint with its scorecards if delete_blueprint is set
// and no other one points to it.
func (s *Server) deleteAllEntities(c call) (map[string]any, error) {
	identifier := c.blueprint.Identifier
	if !c.is("delete_blueprint") {
		c.blueprint.rows, c.blueprint.order = map[string]*row{}, nil
		return map[string]any{"ok": true}, nil
	}
	for _, other := range s.blueprints {
		if other != c.blueprint && other.needs(identifier) {
			return nil, &failure{http.StatusConflict, "has_dependents", "Blueprint '" + other.Identifier + "' is related to it"}
		}
	}
	delete(s.blueprints, identifier)
	s.documents = slices.DeleteFunc(s.documents, func(d document) bool { return strings.HasPrefix(d.path, "/v1/blueprints/"+identifier+"/") })
	return map[string]any{"ok": true}, nil
}

// PutBlueprint creates a blueprint, or changes one whose entities stay, under the rules of the API.
func (s *Server) PutBlueprint(blueprint json.RawMessage) error {
	var document map[string]any
	if err := json.Unmarshal(blueprint, &document); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	_, err := s.define(document)
	return err
}

// Blueprint returns a blueprint as the API would, without the envelope; false when there is none.
func (s *Server) Blueprint(identifier string) (json.RawMessage, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.blueprints[identifier]
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
	return slices.Sorted(maps.Keys(s.blueprints))
}

// DeleteBlueprint drops a blueprint and its entities, whatever depends on it: somebody's doing in the middle of a run.
func (s *Server) DeleteBlueprint(identifier string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.blueprints, identifier)
}
