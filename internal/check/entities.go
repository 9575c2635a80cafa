package check

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/codecov-port/codecov-port/internal/backfill"
	"github.com/codecov-port/codecov-port/internal/terminal"
	"github.com/codecov-port/codecov-port/pkg/codecov"
	"github.com/codecov-port/codecov-port/pkg/mapper"
	"github.com/codecov-port/codecov-port/pkg/port"
)

// entities counts what Port holds of the accounts already, and what it holds for others under the name of a listed
// repository: a sync refuses to overwrite those.
func (d *doctor) entities(ctx context.Context) Step {
	foreign := map[string]int{} // entities under a listed name by owner
	counts := map[string]int{}  // entities of the accounts by blueprint
	site := backfill.Site{AppURL: d.options.AppURL, Service: d.options.Codecov.Service(), Owners: d.options.Owners}
	for _, blueprint := range []string{mapper.CurrentBlueprint, mapper.HistoryBlueprint} {
		declared, exists := d.declared[blueprint]
		if !exists {
			continue
		}
		for stored, err := range site.Entities(ctx, d.options.Port, declared, port.SearchOptions{}) {
			switch {
			case err != nil:
				return unexpected("read the entities of "+blueprint, err)
			case stored.Page.Account != "":
				counts[blueprint]++
			case stored.Page.Owner != "" && blueprint == mapper.CurrentBlueprint && d.lists(stored.Entity.Identifier):
				foreign[stored.Page.Owner]++
			}
		}
	}
	d.stored = counts[mapper.CurrentBlueprint] + counts[mapper.HistoryBlueprint]
	text := fmt.Sprintf("Port holds %s of %s and %s of %s for these accounts", terminal.Count(counts[mapper.CurrentBlueprint]), mapper.CurrentBlueprint,
		terminal.Count(counts[mapper.HistoryBlueprint]), mapper.HistoryBlueprint)
	if len(foreign) == 0 {
		return passed(text, "")
	}
	return warning(text+"; "+d.describeForeign(ctx, foreign), "'codecov-port sync --adopt' takes these entities over")
}

// lists reports whether an account has a repository of this name.
func (d *doctor) lists(name string) bool {
	return slices.ContainsFunc(d.repositories, func(r repository) bool { return r.row.Name == name })
}

// describeForeign says whose the entities are, and whether that account looks renamed.
func (d *doctor) describeForeign(ctx context.Context, foreign map[string]int) string {
	var parts []string
	for _, owner := range slices.Sorted(maps.Keys(foreign)) {
		text := fmt.Sprintf("sync refuses %s of account %s with the name of a listed repository", terminal.Plural(foreign[owner], "entity"), owner)
		for _, err := range d.options.Codecov.Repositories(ctx, owner, codecov.RepositoriesOptions{PageSize: 1}) {
			if errors.Is(err, codecov.ErrOwnerNotFound) {
				text += fmt.Sprintf(" (Codecov has no account %s any more: it looks renamed to %s)", owner, strings.Join(d.options.Owners, " or "))
			}
			break
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, "; ")
}

// relations looks for the entities that repositories relate to outside of the mapping's blueprints. There is a step for
// each such blueprint.
func (d *doctor) relations(ctx context.Context) {
	related, err := d.related(ctx)
	for _, target := range slices.Sorted(maps.Keys(related)) {
		d.step("relation to "+target, "", true, func() Step {
			if err != nil {
				return unexpected("try the mapping", err)
			}
			return d.examineTarget(ctx, target, related[target])
		})
	}
}

// related returns, by target blueprint, the identifiers of the related entities and the repositories that name them.
func (d *doctor) related(ctx context.Context) (map[string]map[string][]string, error) {
	related := make(map[string]map[string][]string)
	for _, entry := range d.compiled.Entries() {
		for _, name := range entry.Relations {
			if target := d.declared[entry.Blueprint].Relations[name].Target; target != "" && !slices.Contains(d.compiled.Blueprints(), target) {
				related[target] = make(map[string][]string)
			}
		}
	}
	if len(related) == 0 {
		return nil, nil
	}
	for _, r := range d.repositories {
		result, err := d.compiled.Map(ctx, mapper.Payload(d.accountOf(r), r.row, nil), everyEntity)
		if err != nil {
			return related, err
		}
		for _, mapped := range result.Entities {
			for name, value := range mapped.Entity.Relations {
				identifiers := related[d.declared[mapped.Blueprint].Relations[name].Target]
				if identifier, ok := value.(string); ok && identifiers != nil {
					identifiers[identifier] = append(identifiers[identifier], r.row.Name)
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
