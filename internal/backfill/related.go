package backfill

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"

	"golang.org/x/sync/singleflight"

	"github.com/codecov-port/codecov-port/pkg/port"
)

// maxIdentifiers is how many identifiers one search looks for.
const maxIdentifiers = 100

// Existing returns which of these entities Port has, with one search for every 100.
func Existing(ctx context.Context, client *port.Client, blueprint string, identifiers []string) (map[string]bool, error) {
	exists := make(map[string]bool)
	for batch := range slices.Chunk(identifiers, maxIdentifiers) {
		options := port.SearchOptions{Query: port.IdentifierIn(batch...), Include: []string{"$identifier"}}
		for entity, err := range client.Search(ctx, blueprint, options) {
			if err != nil {
				return nil, fmt.Errorf("read the entities of %s: %w", blueprint, err)
			}
			exists[entity.Identifier] = true
		}
	}
	return exists, nil
}

// relatedEntities remembers which entities of blueprints outside the mapping exist in Port. It is safe for concurrent use.
type relatedEntities struct {
	client   *port.Client
	searches singleflight.Group // one at a time for each blueprint

	mu      sync.Mutex
	exists  map[entityName]bool        // of those that were looked for
	waiting map[string]map[string]bool // for the next search, by blueprint
}

func newRelatedEntities(client *port.Client) *relatedEntities {
	return &relatedEntities{client: client, exists: make(map[entityName]bool), waiting: make(map[string]map[string]bool)}
}

// has reports whether Port has the entity. What cannot be read is taken to exist: Port decides.
func (e *relatedEntities) has(ctx context.Context, name entityName) bool {
	for {
		exists, isKnown := e.lookUp(name)
		if isKnown {
			return exists
		}
		_, _, _ = e.searches.Do(name.blueprint, func() (any, error) {
			e.search(ctx, name.blueprint)
			return nil, nil
		}) // a search that had begun may not look for this one: then it is for the next
	}
}

// lookUp returns what is known of an entity. An unknown one waits for the next search.
func (e *relatedEntities) lookUp(name entityName) (exists, isKnown bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if exists, isKnown = e.exists[name]; !isKnown {
		if e.waiting[name.blueprint] == nil {
			e.waiting[name.blueprint] = make(map[string]bool)
		}
		e.waiting[name.blueprint][name.identifier] = true
	}
	return exists, isKnown
}

// search looks for as many of the waiting entities of a blueprint as one request can.
func (e *relatedEntities) search(ctx context.Context, blueprint string) {
	e.mu.Lock()
	waiting := e.waiting[blueprint]
	identifiers := slices.Collect(maps.Keys(waiting))
	identifiers = identifiers[:min(len(identifiers), maxIdentifiers)]
	for _, identifier := range identifiers {
		delete(waiting, identifier)
	}
	e.mu.Unlock()
	exists, err := Existing(ctx, e.client, blueprint, identifiers)
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, identifier := range identifiers {
		e.exists[entityName{blueprint, identifier}] = err != nil || exists[identifier]
		delete(waiting, identifier) // others may have asked for it meanwhile
	}
}

// withoutMissing returns the entity without relations to missing entities of blueprints that the run doesn't write.
func (r *reader) withoutMissing(ctx context.Context, blueprint port.Blueprint, entity port.Entity) port.Entity {
	var changed map[string]any // a copy of the relations, made for the first one that changes
	for name, value := range entity.Relations {
		declared := blueprint.Relations[name]
		if value == nil || !r.run.isOutside(declared) {
			continue
		}
		kept, isComplete := r.existing(ctx, declared.Target, value)
		if !isComplete {
			if changed == nil {
				changed = maps.Clone(entity.Relations)
			}
			if changed[name] = kept; kept == nil {
				delete(changed, name)
			}
		}
		r.run.recorder.recordRelation(Relation{Blueprint: blueprint.Identifier, Relation: name, Target: declared.Target}, r.repo.path(), isComplete)
	}
	if changed != nil {
		entity.Relations = changed
	}
	return entity
}

// isOutside reports whether a relation leads to entities that the run doesn't write and may leave out. Required relations stay: Port names
// what is wrong with them.
func (r *run) isOutside(relation port.Relation) bool {
	return relation.Target != "" && !relation.Required && r.targets[relation.Target] == nil
}

// existing returns the part of a relation's value that names entities of Port, nil if there is none, and whether that is all of it.
func (r *reader) existing(ctx context.Context, target string, value any) (kept any, isComplete bool) {
	isMissing := func(member any) bool {
		identifier, isText := member.(string)
		return isText && !r.run.related.has(ctx, entityName{target, identifier})
	}
	if many, ok := value.([]any); ok {
		existing := slices.DeleteFunc(slices.Clone(many), isMissing)
		return existing, len(existing) == len(many)
	}
	if isMissing(value) {
		return nil, false
	}
	return value, true
}
