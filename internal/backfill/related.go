package backfill

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"

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

// relatedEntities remembers which entities of blueprints outside the mapping exist in Port. While Port answers a search, what
// the readers ask for is collected for the next one. The zero value is ready to use, concurrently; no lock is held while Port is
// asked.
type relatedEntities struct {
	mu       sync.Mutex
	searches map[entityName]*relatedSearch // by what they look for
	newest   map[string]*relatedSearch     // by blueprint
}

// relatedSearch is a search for several entities of a blueprint.
type relatedSearch struct {
	previous    *relatedSearch // this one waits for its end
	identifiers []string       // not changed once started is set
	started     bool
	done        chan struct{}
	exists      map[string]bool
	err         error
}

// has reports whether Port has the entity. Each is looked for once; without an answer, it is taken to exist.
func (e *relatedEntities) has(ctx context.Context, client *port.Client, name entityName) bool {
	search, isNew := e.join(name)
	if isNew {
		e.run(ctx, client, name.blueprint, search)
	}
	if waitFor(ctx, search.done) != nil {
		return true
	}
	return search.err != nil || search.exists[name.identifier]
}

// join returns the search that looks for the entity, and whether the caller has to run it.
func (e *relatedEntities) join(name entityName) (search *relatedSearch, isNew bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if search, asked := e.searches[name]; asked {
		return search, false
	}
	if e.searches == nil {
		e.searches, e.newest = make(map[entityName]*relatedSearch), make(map[string]*relatedSearch)
	}
	search = e.newest[name.blueprint]
	if isNew = search == nil || search.started || len(search.identifiers) == maxIdentifiers; isNew {
		search = &relatedSearch{previous: search, done: make(chan struct{})}
		e.newest[name.blueprint] = search
	}
	search.identifiers = append(search.identifiers, name.identifier)
	e.searches[name] = search
	return search, isNew
}

func (e *relatedEntities) run(ctx context.Context, client *port.Client, blueprint string, search *relatedSearch) {
	defer close(search.done)
	if search.previous != nil {
		if search.err = waitFor(ctx, search.previous.done); search.err != nil {
			return
		}
	}
	e.mu.Lock()
	search.started, search.previous = true, nil
	e.mu.Unlock()
	search.exists, search.err = Existing(ctx, client, blueprint, search.identifiers)
}

// withoutMissing returns the entity without relations to missing entities of blueprints that the run doesn't write. Required
// relations stay: Port names what is wrong with them.
func (r *reader) withoutMissing(ctx context.Context, blueprint port.Blueprint, entity port.Entity) port.Entity {
	var changed map[string]any // a copy of the relations, made for the first one that changes
	for relation, value := range entity.Relations {
		declared := blueprint.Relations[relation]
		if value == nil || declared.Target == "" || declared.Required || r.shared.found.targets[declared.Target] != nil {
			continue
		}
		kept, isComplete := r.existing(ctx, declared.Target, value)
		if !isComplete {
			if changed == nil {
				changed = maps.Clone(entity.Relations)
			}
			if changed[relation] = kept; kept == nil {
				delete(changed, relation)
			}
		}
		r.shared.recorder.recordRelation(Relation{Blueprint: blueprint.Identifier, Relation: relation, Target: declared.Target}, r.repo, isComplete)
	}
	if changed != nil {
		entity.Relations = changed
	}
	return entity
}

// existing returns the part of a relation's value that names entities of Port, nil if there is none, and whether that is all of it.
func (r *reader) existing(ctx context.Context, target string, value any) (kept any, isComplete bool) {
	has := func(identifier string) bool {
		return r.shared.found.related.has(ctx, r.shared.options.Port, entityName{target, identifier})
	}
	switch v := value.(type) {
	case string:
		if !has(v) {
			return nil, false
		}
	case []any:
		existing := slices.DeleteFunc(slices.Clone(v), func(member any) bool {
			identifier, isText := member.(string)
			return isText && !has(identifier)
		})
		return existing, len(existing) == len(v)
	}
	return value, true
}
