package check

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/codecov-port/codecov-port/pkg/mapper"
	"github.com/codecov-port/codecov-port/pkg/port"
)

func (d *doctor) blueprint(ctx context.Context, identifier string) Step {
	if declared, ok := d.declared[identifier]; ok {
		return d.examine(declared)
	}
	declared, err := readBlueprint(ctx, d.options.Port, identifier)
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
	check := func(list *[]string, kind, name string, ok bool) {
		if !ok {
			*list = append(*list, kind+" "+name)
		}
	}
	for _, entry := range d.compiled.Entries() {
		if entry.Blueprint != declared.Identifier {
			continue
		}
		for _, name := range entry.Properties {
			_, ok := declared.Schema.Properties[name]
			check(&undeclared, "property", name, ok)
		}
		for _, name := range entry.Relations {
			_, ok := declared.Relations[name]
			check(&undeclared, "relation", name, ok)
		}
		for _, name := range declared.Schema.Required {
			check(&required, "property", name, slices.Contains(entry.Properties, name))
		}
		for name, relation := range declared.Relations {
			check(&required, "relation", name, !relation.Required || slices.Contains(entry.Relations, name))
		}
	}
	return distinct(undeclared), distinct(required)
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
