package mapper

import (
	"slices"
	"strings"
)

// addressProperties are the properties of the built-in entries that hold the address of a page at Codecov, and thereby the
// entity's owner.
var addressProperties = []string{"repository", "url"}

// NamesAsBuiltin reports whether the mapping writes every blueprint of the built-in one, with the same expressions for
// identifiers, relations and addresses of pages: an entity's repository is then known from the entity alone. Entries for
// other blueprints are ignored.
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

// sourceOf returns the expression of this name, or nil.
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
