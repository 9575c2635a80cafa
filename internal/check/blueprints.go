package check

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/codecov-port/codecov-port/pkg/mapper"
	"github.com/codecov-port/codecov-port/pkg/port"
)

func (d *doctor) blueprints(ctx context.Context) {
	if d.compiled == nil {
		d.step("blueprints", "a mapping", false, nil)
		return
	}
	for _, identifier := range d.compiled.Blueprints() {
		d.step("blueprint "+identifier, "credentials that Port takes", d.portReady, func() Step { return d.blueprint(ctx, identifier) })
	}
}

func (d *doctor) blueprint(ctx context.Context, identifier string) Step {
	ctx, cancel := patiently(ctx)
	defer cancel()
	declared, err := d.Port.Blueprint(ctx, identifier)
	switch {
	case errors.Is(err, port.ErrNotFound) && isBuiltin(identifier):
		return warning("it does not exist yet", "'codecov-port setup' creates it, and so does 'codecov-port sync'")
	case errors.Is(err, port.ErrNotFound):
		return failed(Configuration, "it does not exist, and the mapping writes to it", "create it in Port, or leave it out with --blueprint")
	case err != nil:
		return failed(Other, "it cannot be read: "+err.Error(), "try again later")
	}
	return d.examine(declared)
}

func isBuiltin(identifier string) bool {
	return slices.ContainsFunc(mapper.BuiltinBlueprints(), func(b port.Blueprint) bool { return b.Identifier == identifier })
}

// examine holds what the mapping writes against the blueprint's declaration.
func (d *doctor) examine(declared port.Blueprint) Step {
	undeclared := d.undeclared(declared)
	unfit := slices.Concat(d.unfit(declared, undeclared), d.astray(declared))
	required := d.requiredAndMissing(declared)
	switch {
	case len(required) > 0:
		return failed(Configuration, "it requires what the mapping does not give: "+strings.Join(required, ", "),
			"map it, or make it optional in the blueprint: Port refuses entities without it")
	case len(undeclared)+len(unfit) > 0:
		return warning(strings.Join(slices.Concat(undeclaredText(undeclared), unfit), "; "), unfitHint)
	}
	return well("everything mapped is there, and fits")
}

const unfitHint = "what does not fit is left out: change the mapping, or the blueprint in Port ('codecov-port setup --update' adds what is missing of the built-in ones)"

// entries are the mapping's for one blueprint.
func (d *doctor) entries(blueprint string) []mapper.EntryInfo {
	return slices.DeleteFunc(d.compiled.Entries(), func(e mapper.EntryInfo) bool { return e.Blueprint != blueprint })
}

// undeclared lists the mapped properties and relations that the blueprint does not have.
func (d *doctor) undeclared(declared port.Blueprint) []string {
	missing := map[string]bool{}
	for _, entry := range d.entries(declared.Identifier) {
		for _, name := range entry.Properties {
			if _, ok := declared.Schema.Properties[name]; !ok {
				missing["property "+name] = true
			}
		}
		for _, name := range entry.Relations {
			if _, ok := declared.Relations[name]; !ok {
				missing["relation "+name] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(missing))
}

func undeclaredText(undeclared []string) []string {
	if len(undeclared) == 0 {
		return nil
	}
	return []string{"it has no " + strings.Join(undeclared, ", no ")}
}

// unfit tells which values of the commits that were tried do not fit their declaration.
func (d *doctor) unfit(declared port.Blueprint, undeclared []string) []string {
	conformer := mapper.NewConformer(declared)
	reasons := map[string]bool{}
	for _, mapped := range d.samplesOf(declared.Identifier) {
		_, warnings := conformer.Conform(mapped.Entity)
		for _, w := range warnings {
			if slices.Contains(undeclared, "property "+w.Property) || slices.Contains(undeclared, "relation "+w.Property) {
				continue
			}
			reasons[w.Property+" "+w.Reason] = true
		}
	}
	return slices.Sorted(maps.Keys(reasons))
}

// astray tells which relations lead to entities of another blueprint that the mapping writes, but not under that identifier.
func (d *doctor) astray(declared port.Blueprint) []string {
	leads := map[string]bool{}
	for _, mapped := range d.samplesOf(declared.Identifier) {
		for name, value := range mapped.Entity.Relations {
			target := declared.Relations[name].Target
			given := d.samplesOf(target)
			identifier, ok := value.(string)
			if !ok || len(given) == 0 || slices.ContainsFunc(given, func(m mapper.Mapped) bool { return m.Entity.Identifier == identifier }) {
				continue
			}
			leads["relation "+name+" leads to a "+target+" that the mapping does not write ("+given[0].Entity.Identifier+" is one that it writes)"] = true
		}
	}
	return slices.Sorted(maps.Keys(leads))
}

func (d *doctor) samplesOf(blueprint string) []mapper.Mapped {
	return slices.DeleteFunc(slices.Clone(d.samples), func(m mapper.Mapped) bool { return m.Blueprint != blueprint })
}

// requiredAndMissing lists what the blueprint requires and some entry does not map.
func (d *doctor) requiredAndMissing(declared port.Blueprint) []string {
	missing := map[string]bool{}
	for _, entry := range d.entries(declared.Identifier) {
		for _, name := range declared.Schema.Required {
			if !slices.Contains(entry.Properties, name) {
				missing["property "+name] = true
			}
		}
		for name, relation := range declared.Relations {
			if relation.Required && !slices.Contains(entry.Relations, name) {
				missing["relation "+name] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(missing))
}
