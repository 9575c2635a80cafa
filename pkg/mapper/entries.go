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
	for i := range m.entries {
		infos[i] = m.info(&m.entries[i])
	}
	return infos
}

func (m *Mapping) info(e *entry) EntryInfo {
	info := EntryInfo{
		Index:      e.index,
		Blueprint:  e.source.Blueprint,
		Properties: m.writtenNames(e.properties),
		Relations:  m.writtenNames(e.relations),
		Title:      m.writes(e.title),
		Icon:       m.writes(e.icon),
		Team:       m.writes(e.team),
		PerCommit:  e.perCommit,

		ParsesItems: e.items != nil,
	}
	for _, property := range e.properties {
		if property.expression.shape == nil || m.live {
			continue
		}
		if info.Partial == nil {
			info.Partial = map[string]Shape{}
		}
		info.Partial[property.name] = property.expression.shape
	}
	return info
}

func (m *Mapping) writtenNames(fields []field) []string {
	names := make([]string, 0, len(fields))
	for _, f := range fields {
		if m.writes(f.expression) {
			names = append(names, f.name)
		}
	}
	return names
}

// writes reports whether the expression is there and known.
func (m *Mapping) writes(x *expression) bool { return x != nil && (m.live || !x.unknown) }

// Blueprints returns the blueprints that the mapping writes, in the order of their first entry.
func (m *Mapping) Blueprints() []string {
	var blueprints []string
	for _, e := range m.entries {
		if !slices.Contains(blueprints, e.source.Blueprint) {
			blueprints = append(blueprints, e.source.Blueprint)
		}
	}
	return blueprints
}

// Select returns a mapping of the entries that keep accepts, with their indexes.
func (m *Mapping) Select(keep func(EntryInfo) bool) *Mapping {
	part := *m
	part.entries = nil
	for i := range m.entries {
		if keep(m.info(&m.entries[i])) {
			part.entries = append(part.entries, m.entries[i])
		}
	}
	return &part
}

// MaxEntities returns the maximum number of entities for a number of repositories and of all their commits. It assumes
// one item for an entry with itemsToParse.
func (m *Mapping) MaxEntities(repositories, commits int) int {
	total := 0
	for _, e := range m.entries {
		if e.perCommit {
			total += commits
		} else {
			total += repositories
		}
	}
	return total
}

// Live returns the mapping for payloads that Codecov's webhook has sent, in which nothing is unknown.
func (m *Mapping) Live() *Mapping {
	live := *m
	live.live = true
	return &live
}
