package mapper

import (
	"slices"
	"strings"
)

// NamesAsBuiltin reports whether the mapping writes every blueprint of the built-in one, with the same expressions
// for identifiers, relations and addresses of pages: an entity's repository is then known from the entity alone.
// Entries for other blueprints are ignored.
func (m *Mapping) NamesAsBuiltin() bool {
	written := m.Blueprints()
	for _, builtin := range BuiltinMapping() {
		if !slices.Contains(written, builtin.Blueprint) {
			return false
		}
		for _, e := range m.entries {
			if e.source.Blueprint == builtin.Blueprint && !sameNames(e.source, builtin) {
				return false
			}
		}
	}
	return true
}

func sameNames(e, builtin Entry) bool {
	if strings.TrimSpace(e.ItemsToParse) != "" || !sameExpression(e.Entity.Identifier, builtin.Entity.Identifier) {
		return false
	}
	for name, source := range builtin.Entity.Relations {
		if !sameExpression(e.Entity.Relations[name], source) {
			return false
		}
	}
	for _, name := range []string{"repository", "url"} { // addresses of pages hold the entity's owner
		source, ok := builtin.Entity.Properties[name]
		if ok && !sameExpression(e.Entity.Properties[name], source) {
			return false
		}
	}
	return true
}

func sameExpression(a, b string) bool { return strings.TrimSpace(a) == strings.TrimSpace(b) }
