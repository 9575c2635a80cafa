package backfill

import (
	"context"
	"maps"
	"sync"

	"github.com/codecov-port/codecov-port/pkg/port"
)

// relatedEntities remembers which entities of blueprints outside the mapping exist in Port. It is safe for concurrent use.
type relatedEntities struct {
	mu    sync.Mutex
	known map[entityName]bool
}

// exists reports whether Port has the entity. It asks once for each; without an answer, the entity is taken to exist.
func (e *relatedEntities) exists(ctx context.Context, client *port.Client, name entityName) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if exists, known := e.known[name]; known {
		return exists
	}
	exists := false
	options := port.SearchOptions{Include: []string{"$identifier"}, Query: port.IdentifierIn(name.identifier)}
	for _, err := range client.Search(ctx, name.blueprint, options) {
		exists = true
		if err != nil {
			return true
		}
	}
	if e.known == nil {
		e.known = make(map[entityName]bool)
	}
	e.known[name] = exists
	return exists
}

// withoutMissing returns the entity without relations to missing entities of blueprints that the run doesn't write.
func (r *reader) withoutMissing(ctx context.Context, blueprint port.Blueprint, entity port.Entity) port.Entity {
	kept := maps.Clone(entity.Relations)
	for relation, value := range entity.Relations {
		identifier, single := value.(string)
		related := blueprint.Relations[relation].Target
		if !single || related == "" || r.shared.found.targets[related] != nil {
			continue
		}
		if !r.shared.found.related.exists(ctx, r.shared.options.Port, entityName{related, identifier}) {
			delete(kept, relation)
			r.shared.options.Log.Info("related entity missing", "repository", r.repo.row.Name, "relation", relation, "identifier", identifier)
		}
	}
	entity.Relations = kept
	return entity
}
