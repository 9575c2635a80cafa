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

// addressProperties hold the address of an entity's page at Codecov, by blueprint.
var addressProperties = map[string]string{mapper.CurrentBlueprint: "repository", mapper.HistoryBlueprint: "url"}

// entities counts what Port holds of the accounts already, and what it holds for others under the name of a listed
// repository: a sync refuses to overwrite those.
func (d *doctor) entities(ctx context.Context) Step {
	foreign := map[string]int{} // entities under a listed name by owner
	var counts []string
	for _, blueprint := range []string{mapper.CurrentBlueprint, mapper.HistoryBlueprint} {
		ours, err := d.countEntities(ctx, blueprint, foreign)
		if err != nil {
			return failed(Other, "read the entities of "+blueprint+": "+err.Error(), "try again later")
		}
		d.stored += ours
		counts = append(counts, terminal.Count(ours)+" of "+blueprint)
	}
	text := "Port holds " + strings.Join(counts, " and ") + " for these accounts"
	if len(foreign) == 0 {
		return passed(text, "")
	}
	return warning(text+"; "+d.describeForeign(ctx, foreign), "'codecov-port sync --adopt' takes these entities over")
}

// countEntities returns how many entities of a blueprint are about the accounts.
func (d *doctor) countEntities(ctx context.Context, blueprint string, foreign map[string]int) (ours int, err error) {
	property := addressProperties[blueprint]
	if _, declared := d.declared[blueprint].Schema.Properties[property]; !declared {
		return 0, nil
	}
	listed := make(map[string]bool, len(d.repositories))
	for _, r := range d.repositories {
		listed[r.row.Name] = true
	}
	for entity, err := range d.options.Port.Search(ctx, blueprint, port.SearchOptions{Include: []string{"$identifier", property}}) {
		if err != nil {
			return 0, err
		}
		address, _ := entity.Properties[property].(string)
		page, ok := backfill.ParsePage(d.options.AppURL, address)
		_, isOurs := page.AccountOf(d.options.Codecov.Service(), d.options.Owners)
		switch {
		case !ok:
		case isOurs:
			ours++
		case blueprint == mapper.CurrentBlueprint && listed[entity.Identifier]:
			foreign[page.Owner]++
		}
	}
	return ours, nil
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
