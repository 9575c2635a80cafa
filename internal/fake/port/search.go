package port

import (
	"encoding/base64"
	"maps"
	"net/http"
	"slices"
	"strconv"
)

// defaultSearchLimit is the contract's.
const defaultSearchLimit = 200

// searchBlueprint returns one page of a blueprint's entities, in the order of their creation. The cursor is the last
// entity's place in that order, so entities that are created or deleted between pages shift nothing.
func (s *Server) searchBlueprint(c call) (int, any, *failure) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.inBlueprint(c, func(b *blueprint) (int, any, *failure) {
		asked := c.object()
		matches, refused := readQuery(b.declaration, asked["query"])
		if refused != nil {
			return 0, nil, refused
		}
		chosen, refused := b.declaration.choose(names(asked, "include"), names(asked, "exclude"))
		if refused != nil {
			return 0, nil, refused
		}
		from, refused := readCursor(asked["from"])
		if refused != nil {
			return 0, nil, refused
		}
		return http.StatusOK, b.page(matches, chosen, from, limitOf(asked)), nil
	})
}

// names returns a list of the body; nil when it is absent.
func names(asked map[string]any, field string) []any {
	list, _ := asked[field].([]any)
	return list
}

func limitOf(asked map[string]any) int {
	if limit, ok := asked["limit"].(float64); ok {
		return int(limit)
	}
	return defaultSearchLimit
}

func (b *blueprint) page(matches predicate, chosen choice, from, limit int) map[string]any {
	entities := []map[string]any{}
	last := from
	for sequence, entity := range b.after(from) {
		if !matches(entity) {
			continue
		}
		if len(entities) == limit {
			return map[string]any{"ok": true, "entities": entities, "next": cursor(last)}
		}
		entities = append(entities, chosen.answer(b.declaration, entity))
		last = sequence
	}
	return map[string]any{"ok": true, "entities": entities}
}

func cursor(sequence int) string {
	return base64.RawURLEncoding.EncodeToString([]byte("after:" + strconv.Itoa(sequence)))
}

func readCursor(from any) (int, *failure) {
	text, given := from.(string)
	if !given {
		return 0, nil
	}
	decoded, err := base64.RawURLEncoding.DecodeString(text)
	if err == nil && len(decoded) > len("after:") {
		sequence, err := strconv.Atoi(string(decoded[len("after:"):]))
		if err == nil && cursor(sequence) == text {
			return sequence, nil
		}
	}
	return 0, invalidf("body/from is not a cursor that was given")
}

// searchAll searches the entities of every blueprint that has the properties asked for.
func (s *Server) searchAll(c call) (int, any, *failure) {
	if refused := c.refuseUnemulated(); refused != nil {
		return 0, nil, refused
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	entities, matching := []map[string]any{}, []string{}
	var unknown *failure
	for _, identifier := range slices.Sorted(maps.Keys(s.catalog.blueprints)) {
		b := s.catalog.blueprints[identifier]
		found, refused := b.searchAll(c)
		if refused != nil {
			unknown = refused
			continue
		}
		matching = append(matching, identifier)
		entities = append(entities, found...)
	}
	if len(matching) == 0 && unknown != nil {
		return 0, nil, unknown
	}
	return http.StatusOK, map[string]any{"ok": true, "entities": entities, "matchingBlueprints": matching}, nil
}

func (b *blueprint) searchAll(c call) ([]map[string]any, *failure) {
	matches, refused := readQuery(b.declaration, c.body)
	if refused != nil {
		return nil, refused
	}
	chosen, refused := b.declaration.choose(c.list("include"), c.list("exclude"))
	if refused != nil {
		return nil, refused
	}
	var found []map[string]any
	for _, entity := range b.after(0) {
		if matches(entity) {
			found = append(found, chosen.answer(b.declaration, entity))
		}
	}
	return found, nil
}
