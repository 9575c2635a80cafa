package backfill

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/codecov-port/codecov-port/pkg/mapper"
	"github.com/codecov-port/codecov-port/pkg/port"
)

// target is a blueprint that the run writes to.
type target struct {
	blueprint port.Blueprint
	conformer *mapper.Conformer
	// createRelated: Port may invent what the entities relate to, since this run writes that itself.
	createRelated bool
	projections   map[int]projection // by the mapping's entry
	slot          int                // the first of them: identifiers are claimed in its name
}

// MissingBlueprintError tells that the mapping writes to a blueprint that Port does not have and that is not
// built in.
type MissingBlueprintError struct{ Blueprint string }

// Error names the blueprint.
func (e *MissingBlueprintError) Error() string {
	return fmt.Sprintf("the mapping writes to blueprint %q, which does not exist in Port", e.Blueprint)
}

// readBlueprints gives those of the blueprints that the mapping writes to which Port has.
func (r *run) readBlueprints(ctx context.Context) (map[string]port.Blueprint, error) {
	var mu sync.Mutex
	blueprints := make(map[string]port.Blueprint)
	g, ctx := errgroup.WithContext(ctx)
	for _, identifier := range r.Mapping.Blueprints() {
		g.Go(func() error {
			blueprint, err := r.Port.Blueprint(ctx, identifier)
			if errors.Is(err, port.ErrNotFound) {
				return nil
			}
			if err != nil {
				return fmt.Errorf("read blueprint %s: %w", identifier, err)
			}
			mu.Lock()
			defer mu.Unlock()
			blueprints[identifier] = blueprint
			return nil
		})
	}
	return blueprints, g.Wait()
}

// planTargets gives the blueprints that the run writes to, as Port has them or as they will be created.
func (r *run) planTargets() (map[string]*target, error) {
	declared := make(map[string]port.Blueprint)
	for _, identifier := range r.Mapping.Blueprints() {
		blueprint, exists := r.blueprints[identifier]
		if !exists {
			i := slices.IndexFunc(r.Blueprints, func(b port.Blueprint) bool { return b.Identifier == identifier })
			if i < 0 {
				return nil, &MissingBlueprintError{Blueprint: identifier}
			}
			blueprint = r.Blueprints[i]
		}
		declared[identifier] = blueprint
	}
	targets := make(map[string]*target, len(declared))
	for identifier, blueprint := range declared {
		targets[identifier] = newTarget(blueprint, r.Mapping.Entries(), declared)
	}
	return targets, nil
}

// createMissing creates the blueprints that the run writes to and that Port does not have.
func (r *run) createMissing(ctx context.Context) error {
	missing := slices.DeleteFunc(slices.Clone(r.Blueprints), func(b port.Blueprint) bool {
		_, wanted := r.targets[b.Identifier]
		_, exists := r.blueprints[b.Identifier]
		return exists || !wanted
	})
	created := identifiers(missing)
	var err error
	if !r.DryRun {
		created, err = r.Port.CreateBlueprints(ctx, missing)
	}
	for _, identifier := range created {
		r.tally.blueprintCreated(identifier)
	}
	return err
}

func identifiers(blueprints []port.Blueprint) []string {
	var names []string
	for _, blueprint := range blueprints {
		names = append(names, blueprint.Identifier)
	}
	return names
}

func newTarget(blueprint port.Blueprint, entries []mapper.EntryInfo, written map[string]port.Blueprint) *target {
	t := &target{
		blueprint:     blueprint,
		conformer:     mapper.NewConformer(blueprint),
		createRelated: relatesOnlyTo(blueprint, written),
		projections:   make(map[int]projection),
		slot:          -1,
	}
	for _, entry := range entries {
		if entry.Blueprint != blueprint.Identifier {
			continue
		}
		t.projections[entry.Index] = newProjection(entry, blueprint)
		if t.slot < 0 {
			t.slot = entry.Index
		}
	}
	return t
}

// relatesOnlyTo tells whether each relation's target is among the blueprints that the run writes: never invent
// somebody else's entities.
func relatesOnlyTo(blueprint port.Blueprint, written map[string]port.Blueprint) bool {
	for _, relation := range blueprint.Relations {
		if _, ours := written[relation.Target]; !ours {
			return false
		}
	}
	return len(blueprint.Relations) > 0
}
