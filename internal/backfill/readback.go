package backfill

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/codecov-port/codecov-port/pkg/codecov"
	"github.com/codecov-port/codecov-port/pkg/port"
)

// readBack notes what Port holds of each blueprint that exists, so that only what differs is written.
func (r *run) readBack(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	for identifier := range r.blueprints {
		g.Go(func() error {
			if err := r.readBackOf(ctx, r.targets[identifier]); err != nil {
				return fmt.Errorf("read back the entities of %s: %w", identifier, err)
			}
			return nil
		})
	}
	return g.Wait()
}

// readBackOf notes what Port holds of one blueprint.
func (r *run) readBackOf(ctx context.Context, t *target) error {
	for entity, err := range r.Port.Search(ctx, t.blueprint.Identifier, port.SearchOptions{Include: t.include()}) {
		if err != nil {
			return err
		}
		if o, ok := r.ownedBy(entity); ok && t.blueprint.Identifier == stateBlueprint {
			r.owned = append(r.owned, o) // by this goroutine alone: there is one a blueprint
		}
		foreign := !r.Force && r.isForeign(entity)
		conformed, _ := t.conformer.Conform(entity)
		for entry, projection := range t.projections {
			print, _ := r.index.print(projection, conformed)
			r.index.hold(entry, entity.Identifier, print, foreign)
		}
	}
	return nil
}

// include lists what the search has to give for all entries of the blueprint; nil is everything.
func (t *target) include() []string {
	var names []string
	for _, projection := range t.projections {
		some := projection.include()
		if some == nil {
			return nil
		}
		names = append(names, some...)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// isForeign tells whether an entity's repository address is one of another account.
func (r *run) isForeign(entity port.Entity) bool {
	address, _ := entity.Properties["repository"].(string)
	service, owner, ok := accountOf(address)
	if !ok {
		return false
	}
	return service != r.Codecov.Service() || !slices.ContainsFunc(r.Owners, func(ours string) bool { return strings.EqualFold(ours, owner) })
}

// accountOf reads the account off the address of a repository's page at Codecov: …/{service}/{owner}/{name}, where
// the service may have its long name, as in the addresses of older scripts.
func accountOf(address string) (service codecov.Service, owner string, ok bool) {
	parsed, err := url.Parse(address)
	if err != nil || parsed.Host == "" {
		return "", "", false
	}
	segments := strings.Split(strings.Trim(parsed.Path, "/"), "/")
	if len(segments) < 3 {
		return "", "", false
	}
	account := segments[len(segments)-3:]
	service, err = codecov.ParseService(account[0])
	return service, account[1], err == nil
}
