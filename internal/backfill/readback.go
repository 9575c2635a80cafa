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
	blueprint   port.Blueprint
	exists      bool // in Port
	conformer   *mapper.Conformer
	comparisons map[int][]field // what is compared, by the entry of the mapping
	entry       int             // the first of these entries: its index identifies the blueprint in the ledger
}

// MissingBlueprintError is returned if the mapping writes to a blueprint that Port does not have and that is not built in.
type MissingBlueprintError struct{ Blueprint string }

// Error names the blueprint.
func (e *MissingBlueprintError) Error() string {
	return fmt.Sprintf("the mapping writes to blueprint %q, which does not exist in Port", e.Blueprint)
}

// readTargets reads the blueprints that the mapping writes to. Missing ones are as they will be created.
func (r *run) readTargets(ctx context.Context) error {
	identifiers := r.options.Mapping.Blueprints()
	declared := make([]*port.Blueprint, len(identifiers))
	g, ctx := errgroup.WithContext(ctx)
	for i, identifier := range identifiers {
		if current := r.options.Current; current != nil && current.Identifier == identifier {
			declared[i] = current
			continue
		}
		g.Go(func() (err error) {
			declared[i], err = ReadBlueprint(ctx, r.options.Port, identifier)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	for i, identifier := range identifiers {
		exists := declared[i] != nil
		if !exists {
			own := slices.IndexFunc(r.options.Blueprints, func(b port.Blueprint) bool { return b.Identifier == identifier })
			if own < 0 {
				return &MissingBlueprintError{Blueprint: identifier}
			}
			declared[i] = &r.options.Blueprints[own]
		}
		t := &target{blueprint: *declared[i], exists: exists, conformer: mapper.NewConformer(*declared[i]), comparisons: make(map[int][]field), entry: -1}
		for _, entry := range r.options.Mapping.Entries() {
			if entry.Blueprint == identifier {
				t.comparisons[entry.Index] = newFields(entry, t.blueprint)
				if t.entry < 0 {
					t.entry = entry.Index
				}
			}
		}
		r.targets[identifier] = t
	}
	return nil
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

// relatesOnlyToTargets reports whether each relation leads to a blueprint that the run writes: entities of others are never created.
func (r *run) relatesOnlyToTargets(t *target) bool {
	for _, relation := range t.blueprint.Relations {
		if r.targets[relation.Target] == nil {
			return false
		}
	}
	return len(t.blueprint.Relations) > 0
}

// include lists what a search has to return for all entries of the blueprint; nil is everything, because icon and team cannot be
// included by name.
func (t *target) include() []string {
	names := []string{"$identifier"}
	for _, fields := range t.comparisons {
		for _, f := range fields {
			if f.name == "$icon" || f.name == "$team" {
				return nil
			}
			names = append(names, f.name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// readBack is what Port holds. It is read while commits are read; claiming and comparing wait for its end.
type readBack struct {
	done chan struct{} // closed at the end
	err  error

	stored []repositoryName // the accounts' repositories in Port

	mu     sync.Mutex
	others []*otherAccount
}

// readBackError ends a run that cannot know what Port holds. Nothing was written.
type readBackError struct{ error }

func (e *readBackError) Unwrap() error { return e.error }

// wait waits for the end of the reading: the ledger is complete then.
func (b *readBack) wait(ctx context.Context) error {
	if err := waitFor(ctx, b.done); err != nil && !IsClosed(b.done) {
		return err
	}
	return b.err
}

// readBack records in the ledger what Port holds of each blueprint.
func (r *run) readBack(ctx context.Context) {
	defer close(r.back.done)
	g, ctx := errgroup.WithContext(ctx)
	for identifier, t := range r.targets {
		if !t.exists {
			continue
		}
		g.Go(func() error {
			repositories, err := r.readEntities(ctx, t)
			if err != nil {
				return &readBackError{fmt.Errorf("read back the entities of %s: %w", identifier, err)}
			}
			if identifier == mapper.CurrentBlueprint {
				r.back.stored = repositories // by this goroutine only
			}
			return nil
		})
	}
	r.back.err = g.Wait()
}

func (r *run) readEntities(ctx context.Context, t *target) ([]repositoryName, error) {
	var stored []repositoryName
	site := r.site()
	for entity, err := range r.options.Port.Search(ctx, t.blueprint.Identifier, port.SearchOptions{Include: t.include()}) {
		if err != nil {
			return nil, err
		}
		if account := site.stored(t.blueprint.Identifier, entity).RepositoryAccount(); account != "" {
			stored = append(stored, repositoryName{account, entity.Identifier})
		}
		owner := unclaimed
		if other, ok := r.otherAccountOf(entity); ok && !r.options.Adopt {
			owner = heldFor(other)
		}
		conformed, _ := t.conformer.Conform(entity)
		for entry, fields := range t.comparisons {
			print, _ := r.ledger.hash.fingerprint(fields, conformed)
			r.ledger.recordStored(entry, entity.Identifier, print, owner)
		}
	}
	return stored, nil
}
