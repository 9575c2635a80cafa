package mapper

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/itchyny/gojq"

	"github.com/codecov-port/codecov-port/pkg/codecov"
)

// Blueprints lists the blueprints that the mapping writes, in the order of their first appearance.
func (m *Mapping) Blueprints() []string {
	var blueprints []string
	for _, e := range m.entries {
		if !slices.Contains(blueprints, e.blueprint) {
			blueprints = append(blueprints, e.blueprint)
		}
	}
	return blueprints
}

// Only gives a mapping of the entries of these blueprints alone; they keep their places and their order. The error
// names a blueprint that the mapping does not write, and lists those that it does.
func (m *Mapping) Only(blueprints ...string) (*Mapping, error) {
	there := m.Blueprints()
	for _, blueprint := range blueprints {
		if !slices.Contains(there, blueprint) {
			return nil, fmt.Errorf("the mapping does not write the blueprint %q, only %s", blueprint, strings.Join(there, ", "))
		}
	}
	return m.Select(func(e EntryInfo) bool { return slices.Contains(blueprints, e.Blueprint) }), nil
}

// Select gives a mapping of the entries that keep says yes to; they keep their places and their order.
func (m *Mapping) Select(keep func(EntryInfo) bool) *Mapping {
	part := &Mapping{timeout: m.timeout}
	for i, info := range m.Entries() {
		if keep(info) {
			part.entries = append(part.entries, m.entries[i])
		}
	}
	return part
}

// EntryInfo tells what an entry of a compiled mapping writes, as far as sample commits show it.
type EntryInfo struct {
	Index      int // its place in the mapping, from 0
	Blueprint  string
	Properties []string // the identifiers of its properties, sorted
	Relations  []string // the identifiers of its relations, sorted
	// Title, Icon and Team tell whether the entry has these expressions.
	Title, Icon, Team bool
	// PerCommit tells that each commit has an identifier of its own: two commits that agree in repository and branch
	// alone have different ones.
	PerCommit bool
	// Unknown lists the parts whose value may depend on what Codecov's REST API cannot tell, as in
	// "entity.properties.report" or "filter".
	Unknown []string
	// Partial holds the properties whose value is an object of which only a part is known, each with its known keys, sorted.
	Partial map[string][]string
	// Unwritten lists the properties and relations, sorted, that hold only what Codecov's REST API cannot tell: no
	// sample has a value for them that could be sent.
	Unwritten []string
}

// Entries tells of the entries that Map runs, in their order. Those that are not replayed are not among them. Each call
// gives a copy of its own.
func (m *Mapping) Entries() []EntryInfo {
	infos := make([]EntryInfo, 0, len(m.entries))
	for i := range m.entries {
		infos = append(infos, m.entries[i].info())
	}
	return infos
}

// Entities is how many entities the mapping makes at the most of so many repositories with so many commits in all.
func (m *Mapping) Entities(repositories, commits int) int {
	total := 0
	for i := range m.entries {
		if m.entries[i].info().PerCommit {
			total += commits
		} else {
			total += repositories
		}
	}
	return total
}

func (e *entry) info() EntryInfo {
	partial := maps.Clone(e.traits.partial)
	for name, keys := range partial {
		partial[name] = slices.Clone(keys)
	}
	return EntryInfo{
		Index:      e.index,
		Blueprint:  e.blueprint,
		Properties: names(e.properties),
		Relations:  names(e.relations),
		Title:      e.title != nil,
		Icon:       e.icon != nil,
		Team:       e.team != nil,
		PerCommit:  e.traits.perCommit,
		Unknown:    e.unknowns(),
		Partial:    partial,
		Unwritten:  slices.Clone(e.traits.unwritten),
	}
}

func names(fields []field) []string {
	names := make([]string, 0, len(fields))
	for _, f := range fields {
		names = append(names, f.name)
	}
	return names
}

func (e *entry) unknowns() []string {
	var paths []string
	for _, x := range e.expressions() {
		if x.unknown {
			paths = append(paths, x.path)
		}
	}
	return paths
}

// traits are what the samples show of an entry.
type traits struct {
	perCommit bool
	partial   map[string][]string
	unwritten []string
}

func (m *Mapping) traits(e *entry) traits {
	r := m.start(context.Background(), nil)
	defer r.end()
	t := traits{perCommit: r.perCommit(e)}
	for _, property := range e.properties {
		keys, whole := r.sampled(e, property.expression)
		switch {
		case len(keys) > 0:
			t.markPartial(property.name, keys)
		case !whole:
			t.unwritten = append(t.unwritten, property.name)
		}
	}
	for _, relation := range e.relations {
		if _, whole := r.sampled(e, relation.expression); !whole {
			t.unwritten = append(t.unwritten, relation.name)
		}
	}
	slices.Sort(t.unwritten)
	return t
}

func (t *traits) markPartial(property string, keys []string) {
	if t.partial == nil {
		t.partial = map[string][]string{}
	}
	t.partial[property] = keys
}

// perCommit tells whether the entry's identifiers of two commits differ that agree in repository and branch alone.
func (r *run) perCommit(e *entry) bool {
	one, other := twoCommits()
	return gojq.Compare(r.trial(e, e.identifier, one), r.trial(e, e.identifier, other)) != 0
}

// sampled evaluates an expression on every sample: the keys that are known where its value is an object known in part,
// and whether a sample gives a value that is known as a whole. What cannot be unknown is always whole.
func (r *run) sampled(e *entry, x *expression) (keys []string, whole bool) {
	if !x.unknown {
		return nil, true
	}
	known := map[string]bool{}
	for _, sample := range samples() {
		value, partial, ok := r.agreed(x, &scene{payload: r.scenery(e, x, sample)})
		whole = whole || ok && !partial
		if part, isObject := value.(map[string]any); isObject && partial {
			for key := range part {
				known[key] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(known)), whole
}

// twoCommits are payloads of two commits of one branch that have nothing else in common.
func twoCommits() (one, other map[string]any) {
	account := Account{Service: codecov.GitHub, Owner: "slanks", AppURL: "https://app.codecov.io"}
	repository := codecov.Repository{Name: "codecov-example"}
	payload := func(sha, text string, when time.Time, n int64, coverage float64) map[string]any {
		return Payload(account, repository, codecov.Commit{
			CommitID:  sha,
			Message:   &text,
			Timestamp: when,
			Author:    &codecov.Author{Service: string(codecov.GitHub), Username: &text, Name: &text},
			Branch:    pointer("main"),
			Totals: &codecov.Totals{
				Files: n, Lines: 4 * n, Hits: n, Misses: 2 * n, Partials: n, Branches: n, Methods: n, Sessions: n,
				Coverage: &coverage, Complexity: &coverage, ComplexityTotal: &coverage,
			},
		})
	}
	return payload("a7794fc92007d3a1b99066c8f6ec66a393bf3520", "one", time.Date(2024, 2, 2, 14, 21, 35, 0, time.UTC), 3, 12.5),
		payload("ce38c96963e6c7100f668503da2ce4e7500de739", "another", time.Date(2025, 11, 30, 8, 7, 9, 500_000_000, time.UTC), 11, 50)
}
