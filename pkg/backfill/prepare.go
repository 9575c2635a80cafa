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

// createMissing completes blueprints. Nothing is created unless everything that is missing can be.
func (r *run) createMissing(ctx context.Context, blueprints map[string]port.Blueprint) error {
	written := r.Mapping.Blueprints()
	for _, identifier := range written {
		_, exists := blueprints[identifier]
		builtIn := slices.ContainsFunc(r.Blueprints, func(b port.Blueprint) bool { return b.Identifier == identifier })
		if !exists && !builtIn {
			return &MissingBlueprintError{Blueprint: identifier}
		}
	}
	for _, blueprint := range r.Blueprints {
		if _, exists := blueprints[blueprint.Identifier]; exists || !slices.Contains(written, blueprint.Identifier) {
			continue
		}
		if err := r.create(ctx, blueprint); err != nil {
			return err
		}
		blueprints[blueprint.Identifier] = blueprint
		r.tally.blueprintCreated(blueprint.Identifier)
	}
	return nil
}

func (r *run) create(ctx context.Context, blueprint port.Blueprint) error {
	if r.DryRun {
		return nil
	}
	// "Already exists" follows a creation whose answer was lost, or somebody else's at the same time.
	if err := r.Port.CreateBlueprint(ctx, blueprint); err != nil && !errors.Is(err, port.ErrExists) {
		return fmt.Errorf("create blueprint %s: %w", blueprint.Identifier, err)
	}
	return nil
}

func targets(blueprints map[string]port.Blueprint) map[string]*target {
	targets := make(map[string]*target, len(blueprints))
	for identifier, blueprint := range blueprints {
		targets[identifier] = &target{
			blueprint:     blueprint,
			conformer:     mapper.NewConformer(blueprint),
			createRelated: relatesOnlyTo(blueprint, blueprints),
		}
	}
	return targets
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
