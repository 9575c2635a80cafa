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
	blueprint     port.Blueprint
	conformer     *mapper.Conformer
	createRelated bool           // Port may create missing related entities, because this run writes them itself
	comparisons   map[int]fields // what is compared, by the entry of the mapping
	entry         int            // the first of these entries: its index identifies the blueprint in the ledger
}

// readTargets returns the blueprints that the mapping writes to, as they are in Port or as they will be created, and which of them
// exist.
func readTargets(ctx context.Context, o Options) (map[string]*target, map[string]bool, error) {
	declared, err := readBlueprints(ctx, o)
	if err != nil {
		return nil, nil, err
	}
	exists := make(map[string]bool, len(declared))
	for identifier := range declared {
		exists[identifier] = true
	}
	for _, identifier := range o.Mapping.Blueprints() {
		if exists[identifier] {
			continue
		}
		i := slices.IndexFunc(o.Blueprints, func(b port.Blueprint) bool { return b.Identifier == identifier })
		if i < 0 {
			return nil, nil, &MissingBlueprintError{Blueprint: identifier}
		}
		declared[identifier] = o.Blueprints[i]
	}
	targets := make(map[string]*target, len(declared))
	for identifier, blueprint := range declared {
		targets[identifier] = newTarget(blueprint, o.Mapping.Entries(), declared)
	}
	return targets, exists, nil
}

// ReadBlueprint reads a blueprint. It returns nil if Port does not have it.
func ReadBlueprint(ctx context.Context, client *port.Client, identifier string) (*port.Blueprint, error) {
	blueprint, err := client.Blueprint(ctx, identifier)
	if errors.Is(err, port.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read blueprint %s: %w", identifier, err)
	}
	return &blueprint, nil
}

// readBlueprints reads those of the mapping's blueprints that exist.
func readBlueprints(ctx context.Context, o Options) (map[string]port.Blueprint, error) {
	var mu sync.Mutex
	blueprints := make(map[string]port.Blueprint)
	g, ctx := errgroup.WithContext(ctx)
	for _, identifier := range o.Mapping.Blueprints() {
		g.Go(func() error {
			blueprint, err := ReadBlueprint(ctx, o.Port, identifier)
			if blueprint == nil || err != nil {
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			blueprints[identifier] = *blueprint
			return nil
		})
	}
	return blueprints, g.Wait()
}

func newTarget(blueprint port.Blueprint, entries []mapper.EntryInfo, written map[string]port.Blueprint) *target {
	t := &target{
		blueprint:     blueprint,
		conformer:     mapper.NewConformer(blueprint),
		createRelated: relatesOnlyTo(blueprint, written),
		comparisons:   make(map[int]fields),
		entry:         -1,
	}
	for _, entry := range entries {
		if entry.Blueprint != blueprint.Identifier {
			continue
		}
		t.comparisons[entry.Index] = newFields(entry, blueprint)
		if t.entry < 0 {
			t.entry = entry.Index
		}
	}
	return t
}

// relatesOnlyTo reports whether each relation leads to a blueprint that the run writes: entities of others are never created.
func relatesOnlyTo(blueprint port.Blueprint, written map[string]port.Blueprint) bool {
	for _, relation := range blueprint.Relations {
		if _, ok := written[relation.Target]; !ok {
			return false
		}
	}
	return len(blueprint.Relations) > 0
}

// missingBlueprints returns the blueprints that the run writes to and that Port does not have.
func (d *discovery) missingBlueprints(o Options) []port.Blueprint {
	return slices.DeleteFunc(slices.Clone(o.Blueprints), func(b port.Blueprint) bool {
		return d.targets[b.Identifier] == nil || d.blueprints[b.Identifier]
	})
}

// include lists what a search has to return for all entries of the blueprint; nil is everything.
func (t *target) include() []string {
	var names []string
	for _, compared := range t.comparisons {
		included := compared.include()
		if included == nil {
			return nil
		}
		names = append(names, included...)
	}
	slices.Sort(names)
	return slices.Compact(names)
}
