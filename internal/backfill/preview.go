package backfill

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/codecov-port/codecov-port/pkg/mapper"
	"github.com/codecov-port/codecov-port/pkg/port"
)

// Change is what an update would change in one property, relation, $title, $icon or $team.
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
	Exists     bool // it would be updated
	Entity     port.Entity
}

// preview records what a batch would do, without doing it.
func (w *writer) preview(ctx context.Context, b *bulk) error {
	var updates []port.Entity
	for _, out := range b.entities {
		if err := w.show(out); err != nil {
			return err
		}
		w.recorder.recordWritten(b.blueprint, out.exists)
		if out.exists {
			updates = append(updates, out.entity)
		}
	}
	if len(updates) == 0 || w.recorder.hasAllChanges() {
		return nil
	}
	target := w.found.targets[b.blueprint]
	stored, err := w.readStored(ctx, target, updates)
	if err != nil {
		return fmt.Errorf("read the entities of %s: %w", b.blueprint, err)
	}
	for _, entity := range updates {
		w.recorder.recordChanges(target.changes(w.found.ledger.hash, stored[entity.Identifier], entity))
	}
	return nil
}

func (w *writer) show(out outgoing) error {
	if w.options.Preview == nil {
		return nil
	}
	w.previewing.Lock()
	defer w.previewing.Unlock()
	return w.options.Preview(Preview{Blueprint: out.blueprint, Repository: out.repository, Exists: out.exists, Entity: out.entity})
}

// readStored reads these entities from Port, by identifier, as they conform to their blueprint.
func (w *writer) readStored(ctx context.Context, t *target, entities []port.Entity) (map[string]port.Entity, error) {
	identifiers := make([]string, len(entities))
	for i, entity := range entities {
		identifiers[i] = entity.Identifier
	}
	stored := make(map[string]port.Entity, len(entities))
	options := port.SearchOptions{Query: port.IdentifierIn(identifiers...), Include: t.include()}
	for entity, err := range w.options.Port.Search(ctx, t.blueprint.Identifier, options) {
		if err != nil {
			return nil, err
		}
		stored[entity.Identifier], _ = t.conformer.Conform(entity)
	}
	return stored, nil
}

// changesNothing reports whether writing the entity would change nothing in Port, by reading it.
func (w *writer) changesNothing(ctx context.Context, t *target, entity port.Entity) (bool, error) {
	stored, err := w.readStored(ctx, t, []port.Entity{entity})
	if err != nil {
		return false, fmt.Errorf("compare %s %s: %w", t.blueprint.Identifier, entity.Identifier, err)
	}
	return len(t.changes(w.found.ledger.hash, stored[entity.Identifier], entity)) == 0, nil
}

// changes returns the differences between the stored entity and the new one, sorted by property.
func (t *target) changes(h hasher, stored, entity port.Entity) []Change {
	var changes []Change
	compare := func(name string, from, to any, instant bool) {
		if h.member("", from, instant) != h.member("", to, instant) {
			changes = append(changes, Change{Blueprint: t.blueprint.Identifier, Identifier: entity.Identifier, Property: name, From: from, To: to})
		}
	}
	if entity.Title != "" {
		compare("$title", stored.Title, entity.Title, false)
	}
	if entity.Icon != "" {
		compare("$icon", stored.Icon, entity.Icon, false)
	}
	if entity.Team != nil {
		compare("$team", teamSet(stored.Team), teamSet(entity.Team), false)
	}
	for name, to := range entity.Properties {
		compare(name, shapeOf(to).Project(stored.Properties[name]), to, isInstant(t.blueprint.Schema.Properties[name]))
	}
	for name, to := range entity.Relations {
		compare(name, stored.Relations[name], to, false)
	}
	slices.SortFunc(changes, func(a, b Change) int { return cmp.Compare(a.Property, b.Property) })
	return changes
}

// shapeOf returns the keys of an object: what is written of it is compared.
func shapeOf(value any) mapper.Shape {
	object, ok := value.(map[string]any)
	if !ok {
		return nil
	}
	shape := make(mapper.Shape, len(object))
	for key := range maps.Keys(object) {
		shape[key] = shapeOf(object[key])
	}
	return shape
}
