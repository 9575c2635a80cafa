package backfill

import (
	"context"
	"fmt"
	"maps"
	"sync"

	"github.com/codecov-port/codecov-port/pkg/mapper"
	"github.com/codecov-port/codecov-port/pkg/port"
)

// relatedEntities remembers which entities of blueprints outside the mapping exist in Port. It is safe for concurrent use; no lock
// is held while Port is asked.
type relatedEntities struct {
	mu    sync.Mutex
	known map[entityName]*relatedEntity
}

type relatedEntity struct {
	asked  sync.Once
	exists bool
}

// exists reports whether Port has the entity. It asks once for each; without an answer, the entity is taken to exist.
func (e *relatedEntities) exists(ctx context.Context, client *port.Client, name entityName) bool {
	entity := e.entry(name)
	entity.asked.Do(func() {
		options := port.SearchOptions{Include: []string{"$identifier"}, Query: port.IdentifierIn(name.identifier)}
		for _, err := range client.Search(ctx, name.blueprint, options) {
			entity.exists = true
			if err != nil {
				return
			}
		}
	})
	return entity.exists
}

func (e *relatedEntities) entry(name entityName) *relatedEntity {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.known == nil {
		e.known = make(map[entityName]*relatedEntity)
	}
	if e.known[name] == nil {
		e.known[name] = new(relatedEntity)
	}
	return e.known[name]
}

// withoutMissing returns the entity without relations to missing entities of blueprints that the run doesn't write. Required
// relations stay: Port names what is wrong with them.
func (r *reader) withoutMissing(ctx context.Context, blueprint port.Blueprint, entity port.Entity) port.Entity {
	kept := entity.Relations // copied at the first relation that goes
	for relation, value := range entity.Relations {
		identifier, single := value.(string)
		declared := blueprint.Relations[relation]
		if !single || declared.Target == "" || declared.Required || r.shared.found.targets[declared.Target] != nil {
			continue
		}
		if r.shared.found.related.exists(ctx, r.shared.options.Port, entityName{declared.Target, identifier}) {
			continue
		}
		if len(kept) == len(entity.Relations) {
			kept = maps.Clone(kept)
		}
		delete(kept, relation)
		r.shared.recorder.recordDropped(blueprint.Identifier, []mapper.Warning{{
			Property: relation, Reason: fmt.Sprintf("there is no such %s in Port (-v names them)", declared.Target),
		}})
		r.shared.options.Log.Info("related entity missing", "repository", r.repo.row.Name, "relation", relation, "identifier", identifier)
	}
	entity.Relations = kept
	return entity
}
