package backfill

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/codecov-port/codecov-port/pkg/port"
)

// Change is what an update would do to one property or relation.
type Change struct {
	Blueprint  string `json:"blueprint"`
	Identifier string `json:"entity"`
	Property   string `json:"property"`
	From       any    `json:"from"` // nil: not set
	To         any    `json:"to"`
}

// Preview is an entity that a run would write.
type Preview struct {
	Blueprint  string
	Repository string
	Exists     bool // Port holds it: it would be updated, and where Force asks for that, may be unchanged
	Entity     port.Entity
}

// preview tells what a batch would do, without doing it.
func (r *run) preview(ctx context.Context, b *bulk) error {
	var updates []outgoing
	for _, o := range b.entities {
		if err := r.show(o); err != nil {
			return err
		}
		r.tally.written(b.blueprint, o.exists)
		if o.exists {
			updates = append(updates, o)
		}
	}
	if len(updates) == 0 || r.tally.changesFull() {
		return nil
	}
	held, err := r.holds(ctx, b.blueprint, updates)
	if err != nil {
		return fmt.Errorf("read what Port holds of %s: %w", b.blueprint, err)
	}
	for _, o := range updates {
		r.tally.changes(r.targets[b.blueprint].changes(r.index.hasher, held[o.entity.Identifier], o.entity))
	}
	return nil
}

// show gives the entity to whoever wants to see it.
func (r *run) show(o outgoing) error {
	if r.Preview == nil {
		return nil
	}
	r.previewing.Lock()
	defer r.previewing.Unlock()
	return r.Preview(Preview{Blueprint: o.blueprint, Repository: o.repository, Exists: o.exists, Entity: o.entity})
}

// holds reads the entities that are to be updated, by identifier.
func (r *run) holds(ctx context.Context, blueprint string, updates []outgoing) (map[string]port.Entity, error) {
	identifiers := make([]string, len(updates))
	for i, o := range updates {
		identifiers[i] = o.entity.Identifier
	}
	query := map[string]any{"combinator": "and", "rules": []any{
		map[string]any{"property": "$identifier", "operator": "in", "value": identifiers},
	}}
	held := make(map[string]port.Entity, len(updates))
	options := port.SearchOptions{Query: query, Include: r.targets[blueprint].include()}
	for entity, err := range r.Port.Search(ctx, blueprint, options) {
		if err != nil {
			return nil, err
		}
		conformed, _ := r.targets[blueprint].conformer.Conform(entity)
		held[entity.Identifier] = conformed
	}
	return held, nil
}

// changes tells in what the entity differs from the held one, property by property.
func (t *target) changes(h hasher, held, entity port.Entity) []Change {
	var changes []Change
	note := func(name string, from, to any, instant bool) {
		if object, ok := to.(map[string]any); ok {
			if heldObject, ok := from.(map[string]any); ok {
				from = cut(heldObject, slices.Collect(maps.Keys(object)))
			}
		}
		if h.member("", from, instant) != h.member("", to, instant) {
			changes = append(changes, Change{Blueprint: t.blueprint.Identifier, Identifier: entity.Identifier, Property: name, From: from, To: to})
		}
	}
	if entity.Title != "" {
		note("$title", held.Title, entity.Title, false)
	}
	for name, to := range entity.Properties {
		note(name, held.Properties[name], to, isInstant(t.blueprint.Schema.Properties[name]))
	}
	for name, to := range entity.Relations {
		note(name, held.Relations[name], to, false)
	}
	slices.SortFunc(changes, func(a, b Change) int { return cmp.Compare(a.Property, b.Property) })
	return changes
}
