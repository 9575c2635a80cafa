package check

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/codecov-port/codecov-port/internal/backfill"
	"github.com/codecov-port/codecov-port/internal/terminal"
	"github.com/codecov-port/codecov-port/pkg/mapper"
)

// relations looks for the entities that repositories relate to outside of the mapping's blueprints. There is a step for
// each such blueprint.
func (d *doctor) relations(ctx context.Context) {
	if !d.portReady || d.compiled == nil {
		return
	}
	related, err := d.related(ctx)
	for _, target := range slices.Sorted(maps.Keys(related)) {
		d.step("relation to "+target, "", true, func() Step {
			if err != nil {
				return failed(Other, "try the mapping: "+err.Error(), "try again later")
			}
			return d.examineTarget(ctx, target, related[target])
		})
	}
}

// related returns, by target blueprint, the identifiers of the related entities and the repositories that name them.
func (d *doctor) related(ctx context.Context) (map[string]map[string][]string, error) {
	related := make(map[string]map[string][]string)
	targets := make(map[string]map[string]string) // by blueprint and relation
	for _, entry := range d.compiled.Entries() {
		for _, name := range entry.Relations {
			target := d.declared[entry.Blueprint].Relations[name].Target
			if target == "" || slices.Contains(d.compiled.Blueprints(), target) {
				continue
			}
			if targets[entry.Blueprint] == nil {
				targets[entry.Blueprint] = make(map[string]string)
			}
			targets[entry.Blueprint][name], related[target] = target, make(map[string][]string)
		}
	}
	if len(targets) == 0 {
		return nil, nil
	}
	for _, r := range d.repositories {
		account := mapper.Account{Service: d.options.Codecov.Service(), Owner: r.owner, AppURL: d.options.AppURL}
		result, err := d.compiled.Map(ctx, mapper.InactivePayload(account, r.row), func(string, string) bool { return true })
		if err != nil {
			return related, err
		}
		for _, mapped := range result.Entities {
			for name, target := range targets[mapped.Blueprint] {
				if identifier, ok := mapped.Entity.Relations[name].(string); ok {
					related[target][identifier] = append(related[target][identifier], r.row.Name)
				}
			}
		}
	}
	return related, nil
}

// examineTarget looks for the entities of a blueprint in Port.
func (d *doctor) examineTarget(ctx context.Context, target string, repositories map[string][]string) Step {
	exists, err := backfill.Existing(ctx, d.options.Port, target, slices.Sorted(maps.Keys(repositories)))
	if err != nil {
		return failed(Other, err.Error(), "try again later")
	}
	missing := maps.Clone(repositories)
	maps.DeleteFunc(missing, func(identifier string, _ []string) bool { return exists[identifier] })
	if len(missing) == 0 {
		return passed("every related entity exists", "")
	}
	names := slices.Sorted(slices.Values(slices.Concat(slices.Collect(maps.Values(missing))...)))
	return warning(fmt.Sprintf("%s without a %s in Port: %s", terminal.Plural(len(names), "repository"), target, shortList(names)),
		"sync writes them without the relation; the identifiers it looks for are "+shortList(slices.Sorted(maps.Keys(missing))))
}
