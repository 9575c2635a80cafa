package mapper

import "slices"

// EntryInfo describes what an entry of a compiled mapping writes.
type EntryInfo struct {
	Index      int // the entry's index in the mapping, from 0
	Blueprint  string
	Properties []string // the properties that are written and compared, sorted
	Relations  []string // the relations that are written and compared, sorted
	// Title, Icon and Team report whether the entry writes them.
	Title, Icon, Team bool
	// PerCommit reports whether each commit has an identifier of its own: the entry's entities are a history, not a
	// state.
	PerCommit bool
	// ParsesItems reports whether the entry has an itemsToParse: it returns any number of entities per commit.
	ParsesItems bool
	// Partial holds the properties whose value is an object of the payload that is known in part.
	Partial map[string]Shape
}

// Entries describes the entries that Map runs, in their order.
func (m *Mapping) Entries() []EntryInfo {
	infos := make([]EntryInfo, len(m.entries))
	for i, e := range m.entries {
		infos[i] = e.EntryInfo
	}
	return infos
}

// Blueprints returns the blueprints that the mapping writes, in the order of their first entry.
func (m *Mapping) Blueprints() []string {
	var blueprints []string
	for _, e := range m.entries {
		if !slices.Contains(blueprints, e.Blueprint) {
			blueprints = append(blueprints, e.Blueprint)
		}
	}
	return blueprints
}

// Select returns a mapping of the entries that keep accepts, with their indexes.
func (m *Mapping) Select(keep func(EntryInfo) bool) *Mapping {
	part := *m
	part.entries = slices.DeleteFunc(slices.Clone(m.entries), func(e entry) bool { return !keep(e.EntryInfo) })
	return &part
}

// MaxEntities returns the maximum number of entities for a number of repositories and of all their commits. It assumes
// one item for an entry with itemsToParse.
func (m *Mapping) MaxEntities(repositories, commits int) int {
	total := 0
	for _, e := range m.entries {
		if e.PerCommit {
			total += commits
		} else {
			total += repositories
		}
	}
	return total
}
