package mapper

import (
	"slices"
	"strings"
)

// EntryInfo describes what an entry of a compiled mapping writes.
type EntryInfo struct {
	Index      int // the entry's index in the mapping, from 0
	Blueprint  string
	Properties []string // the properties that are written and compared, sorted
	Relations  []string // the relations that are written and compared, sorted

	Title, Icon, Team bool // the entry writes them
	PerCommit         bool // each commit has an identifier of its own: the entities are a history, not a state
	ParsesItems       bool // the entry has an itemsToParse: it returns any number of entities per commit

	Partial map[string]Shape // the properties whose value is an object of the payload that is known in part
}

// Entries describes the entries that Map runs, in their order.
func (m *Mapping) Entries() []EntryInfo {
	infos := make([]EntryInfo, len(m.entries))
	for i, e := range m.entries {
		infos[i] = e.info
	}
	return infos
}

// Blueprints returns the blueprints that the mapping writes, in the order of their first entry.
func (m *Mapping) Blueprints() []string {
	var blueprints []string
	for _, e := range m.entries {
		if !slices.Contains(blueprints, e.info.Blueprint) {
			blueprints = append(blueprints, e.info.Blueprint)
		}
	}
	return blueprints
}

// Select returns a mapping of the entries that keep accepts, with their indexes.
func (m *Mapping) Select(keep func(EntryInfo) bool) *Mapping {
	part := *m
	part.entries = slices.DeleteFunc(slices.Clone(m.entries), func(e entry) bool { return !keep(e.info) })
	return &part
}

// MaxEntities returns the maximum number of entities for a number of repositories and of all their commits. It assumes
// one item for an entry with itemsToParse.
func (m *Mapping) MaxEntities(repositories, commits int) int {
	total := 0
	for _, e := range m.entries {
		if e.info.PerCommit {
			total += commits
		} else {
			total += repositories
		}
	}
	return total
}

// NamesAsBuiltin reports whether the mapping writes every blueprint of the built-in one, with the same expressions
// for identifiers, relations and addresses of pages: an entity's repository is then known from the entity alone.
// Entries for other blueprints are ignored.
func (m *Mapping) NamesAsBuiltin() bool {
	for _, builtin := range BuiltinMapping() {
		writes := func(e entry) bool { return e.info.Blueprint == builtin.Blueprint }
		namesOtherwise := func(e entry) bool { return writes(e) && !sameNames(e.source, builtin) }
		if !slices.ContainsFunc(m.entries, writes) || slices.ContainsFunc(m.entries, namesOtherwise) {
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
