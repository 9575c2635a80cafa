package mapper

import (
	"slices"
	"strings"
)

// NamesAsBuiltin reports whether the mapping writes every blueprint of the built-in one, with the same expressions
// for identifiers, relations and addresses of pages: an entity's repository is then known from the entity alone.
// Entries for other blueprints are ignored.
func (m *Mapping) NamesAsBuiltin() bool {
	for _, builtin := range BuiltinMapping() {
		names := func(e entry) bool { return e.Blueprint == builtin.Blueprint }
		namesOtherwise := func(e entry) bool { return names(e) && !sameNames(e.source, builtin) }
		if !slices.ContainsFunc(m.entries, names) || slices.ContainsFunc(m.entries, namesOtherwise) {
			return false
		}
	}
	return true
}

func sameNames(e, builtin Entry) bool {
	pairs := [][2]string{{e.ItemsToParse, ""}, {e.Entity.Identifier, builtin.Entity.Identifier}}
	for name, source := range builtin.Entity.Relations {
		pairs = append(pairs, [2]string{e.Entity.Relations[name], source})
	}
	for _, name := range []string{"repository", "url"} { // addresses of pages hold the entity's owner
		if source, ok := builtin.Entity.Properties[name]; ok {
			pairs = append(pairs, [2]string{e.Entity.Properties[name], source})
		}
	}
	return !slices.ContainsFunc(pairs, func(p [2]string) bool { return strings.TrimSpace(p[0]) != strings.TrimSpace(p[1]) })
}
