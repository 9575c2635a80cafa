package mapper

import (
	"slices"
	"strings"
)

// addressProperties of the built-in entries hold the address of a page at Codecov: it tells whose an entity is.
var addressProperties = []string{"repository", "url"}

// NamesAsBuiltin tells whether the mapping writes every blueprint that the built-in one writes, and all its entries for
// them name and relate entities as that one does: by the same expressions for the identifier, the relations and the
// addresses of pages. An entity's repository can then be told from the entity alone. Entries for other blueprints may
// be there or not.
func (m *Mapping) NamesAsBuiltin() bool {
	written := m.Blueprints()
	for _, builtin := range BuiltinMapping() {
		if !slices.Contains(written, builtin.Blueprint) {
			return false
		}
		differs := func(e entry) bool { return e.blueprint == builtin.Blueprint && !e.namesAs(builtin) }
		if slices.ContainsFunc(m.entries, differs) {
			return false
		}
	}
	return true
}

func (e *entry) namesAs(builtin Entry) bool {
	if e.items != nil || !e.identifier.reads(builtin.Entity.Identifier) {
		return false
	}
	for name, source := range builtin.Entity.Relations {
		if !sourceOf(e.relations, name).reads(source) {
			return false
		}
	}
	for _, name := range addressProperties {
		if source, ok := builtin.Entity.Properties[name]; ok && !sourceOf(e.properties, name).reads(source) {
			return false
		}
	}
	return true
}

// sourceOf gives the expression of this name; nil where there is none.
func sourceOf(fields []field, name string) *expression {
	i := slices.IndexFunc(fields, func(f field) bool { return f.name == name })
	if i < 0 {
		return nil
	}
	return fields[i].expression
}

func (x *expression) reads(source string) bool {
	return x != nil && strings.TrimSpace(x.source) == strings.TrimSpace(source)
}
