package check

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/codecov-port/codecov-port/pkg/mapper"
	"github.com/codecov-port/codecov-port/pkg/port"
)

func (d *doctor) blueprint(ctx context.Context, identifier string) Step {
	if declared, ok := d.declared[identifier]; ok {
		return d.examine(declared)
	}
	declared, err := readBlueprint(ctx, d.Port, identifier)
	isBuiltin := identifier == mapper.CurrentBlueprint || identifier == mapper.HistoryBlueprint
	switch {
	case errors.Is(err, port.ErrNotFound) && isBuiltin:
		return warning("doesn't exist yet", "'codecov-port setup' or 'codecov-port sync' creates it")
	case errors.Is(err, port.ErrNotFound):
		return failed(Configuration, "doesn't exist, but the mapping writes to it", "create it in Port, or select another mapping with --mapping")
	case err != nil:
		return unexpected("read blueprint", err)
	}
	d.declared[identifier] = declared
	return d.examine(declared)
}

const misfitHint = "sync omits what doesn't fit: change the mapping or the blueprint in Port ('codecov-port setup --update' adds what is missing in the built-in ones)"

// examine compares what the mapping writes with the blueprint's declaration.
func (d *doctor) examine(declared port.Blueprint) Step {
	undeclared, required := d.compareNames(declared)
	misfits := append(d.misfits(declared, undeclared), d.danglingRelations(declared)...)
	if len(required) > 0 {
		return failed(Configuration, "required, but not mapped: "+strings.Join(required, ", "),
			"map it, or make it optional in the blueprint: Port rejects entities without it")
	}
	if len(undeclared) > 0 {
		misfits = append([]string{"not declared: " + strings.Join(undeclared, ", ")}, misfits...)
	}
	if len(misfits) > 0 {
		return warning(strings.Join(misfits, "; "), misfitHint)
	}
	if declared.Identifier == mapper.CurrentBlueprint && !canChart(declared) {
		return warning("declares everything that is mapped, but coverage is text: Port can't chart it",
			"'codecov-port setup --update' adds coveragePercent, a number")
	}
	return passed("declares everything that is mapped", "")
}

// canChart reports whether the blueprint has the coverage as a number.
func canChart(declared port.Blueprint) bool {
	return declared.Schema.Properties["coverage"].Type == "number" || bytes.Contains(declared.CalculationProperties, []byte(`"coveragePercent"`))
}

// compareNames returns the mapped properties and relations that the blueprint doesn't declare, and those that it
// requires and some entry doesn't map.
func (d *doctor) compareNames(declared port.Blueprint) (undeclared, required []string) {
	known := titles(slices.Collect(maps.Keys(declared.Schema.Properties)), slices.Collect(maps.Keys(declared.Relations)))
	relations := maps.Clone(declared.Relations)
	maps.DeleteFunc(relations, func(_ string, r port.Relation) bool { return !r.Required })
	needed := titles(declared.Schema.Required, slices.Collect(maps.Keys(relations)))
	for _, entry := range d.compiled.Entries() {
		if entry.Blueprint == declared.Identifier {
			mapped := titles(entry.Properties, entry.Relations)
			undeclared = append(undeclared, without(mapped, known)...)
			required = append(required, without(needed, mapped)...)
		}
	}
	return distinct(undeclared), distinct(required)
}

// titles returns names like "property coverage".
func titles(properties, relations []string) (all []string) {
	for _, name := range properties {
		all = append(all, "property "+name)
	}
	for _, name := range relations {
		all = append(all, "relation "+name)
	}
	return all
}

// without returns the names that are not among others.
func without(names, others []string) []string {
	return slices.DeleteFunc(slices.Clone(names), func(name string) bool { return slices.Contains(others, name) })
}

// distinct sorts names and drops repeated ones.
func distinct(names []string) []string {
	slices.Sort(names)
	return slices.Compact(names)
}

// misfits returns the declared properties and relations whose values in the sampled commits don't fit, with the reason.
func (d *doctor) misfits(declared port.Blueprint, undeclared []string) (reasons []string) {
	conformer := mapper.NewConformer(declared)
	for _, mapped := range d.samplesOf(declared.Identifier) {
		_, warnings := conformer.Conform(mapped.Entity)
		for _, w := range warnings {
			if !slices.Contains(undeclared, "property "+w.Property) && !slices.Contains(undeclared, "relation "+w.Property) {
				reasons = append(reasons, w.Property+" "+w.Reason)
			}
		}
	}
	return distinct(reasons)
}

// danglingRelations returns the relations to an entity that the mapping doesn't write, although it writes others of
// that blueprint.
func (d *doctor) danglingRelations(declared port.Blueprint) (dangling []string) {
	for _, mapped := range d.samplesOf(declared.Identifier) {
		for name, value := range mapped.Entity.Relations {
			target := declared.Relations[name].Target
			written := d.samplesOf(target)
			identifier, ok := value.(string)
			if ok && len(written) > 0 && !slices.ContainsFunc(written, func(m mapper.Mapped) bool { return m.Entity.Identifier == identifier }) {
				dangling = append(dangling, fmt.Sprintf("relation %s points to a %s that the mapping doesn't write (it writes %s, for example)",
					name, target, written[0].Entity.Identifier))
			}
		}
	}
	return distinct(dangling)
}

func (d *doctor) samplesOf(blueprint string) []mapper.Mapped {
	return slices.DeleteFunc(slices.Clone(d.samples), func(m mapper.Mapped) bool { return m.Blueprint != blueprint })
}
