package mapper

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/codecov-port/codecov-port/pkg/codecov"
	"github.com/codecov-port/codecov-port/pkg/mapper/jq"
)

// Options configures Compile.
type Options struct {
	Service codecov.Service // the git provider of the payloads; empty: GitHub
	Now     time.Time       // returned by JQ's now
	Timeout time.Duration   // of an expression that does not end; 0: one second
}

// Mapping is a compiled mapping. It is safe for concurrent use.
type Mapping struct {
	sources []Entry
	options Options
	entries []entry
	limits  []Limit
}

// Limit is a part of a mapping that Port evaluates for live events and a backfill cannot, or that Port itself cannot
// compile.
type Limit struct {
	Entry     int // the entry's index, from 0
	Blueprint string
	Field     string // "operation", "filter", "entity.identifier", "entity.relations.service"
	Reason    string // why, and the effect; a sentence without a full stop
	Skipped   bool   // the entry is not replayed
}

// Limits lists what Compile left out: entries that delete, search queries {combinator, rules}, expressions over the
// headers or query parameters of a live event or over parts of the payload that Codecov's REST API does not return,
// and expressions of Port's webhook that Port cannot compile. Filters over such parts are listed and run with null.
func (m *Mapping) Limits() []Limit { return slices.Clone(m.limits) }

// entry is an Entry with its expressions compiled. An expression that is missing or left out is nil.
type entry struct {
	info                                         EntryInfo
	source                                       Entry
	filter, items, identifier, title, icon, team *jq.Query
	properties, relations                        map[string]*jq.Query
}

// propertyPrefix begins the fields of properties.
const propertyPrefix = "entity.properties."

// Compile compiles a mapping. What a backfill cannot replay is left out and listed by Limits; the other entries keep
// their indexes. The error joins one for each invalid expression, which wraps a *jq.SyntaxError. Invalid expressions
// of Port's own webhook are limits, not errors, because Port ignores them.
func Compile(entries []Entry, o Options) (*Mapping, error) {
	o.Service = cmp.Or(o.Service, codecov.GitHub)
	o.Timeout = cmp.Or(max(o.Timeout, 0), time.Second)
	return compile(entries, o, newKnowledge(o.Service))
}

// Live returns the mapping, with all its entries, for payloads that Codecov's webhook has sent: nothing is unknown.
func (m *Mapping) Live() *Mapping {
	live, _ := compile(m.sources, m.options, knowledge{}) // it has been compiled before
	return live
}

func compile(entries []Entry, o Options, known knowledge) (*Mapping, error) {
	m := &Mapping{sources: slices.Clone(entries), options: o}
	engine := jq.NewEngine(o.Now)
	var failures []error
	for i, source := range entries {
		c := compiler{engine: engine, known: known}
		c.entry.source, c.entry.info = source, EntryInfo{Index: i, Blueprint: source.Blueprint}
		c.compile()
		failures = append(failures, c.failures...)
		if skipped := slices.IndexFunc(c.limits, func(l Limit) bool { return l.Skipped }); skipped >= 0 {
			m.limits = append(m.limits, c.limits[skipped])
			continue
		}
		c.entry.info.PerCommit = m.isPerCommit(c.entry)
		m.entries = append(m.entries, c.entry)
		m.limits = append(m.limits, c.limits...)
	}
	if len(failures) > 0 {
		return nil, errors.Join(failures...)
	}
	return m, nil
}

// compiler compiles one entry and collects its limits and errors.
type compiler struct {
	engine   *jq.Engine
	known    knowledge
	entry    entry
	limits   []Limit
	failures []error
}

func (c *compiler) compile() {
	e, source := &c.entry, c.entry.source
	if source.Deletes() {
		c.limit("operation", "the entry deletes entities: the entry is not replayed", true)
		return
	}
	e.filter = c.expression("filter", source.Filter)
	e.items = c.expression("itemsToParse", source.ItemsToParse)
	e.identifier = c.expression("entity.identifier", source.Entity.Identifier)
	e.title = c.expression("entity.title", source.Entity.Title)
	e.icon = c.expression("entity.icon", source.Entity.Icon)
	e.team = c.expression("entity.team", source.Entity.Team)
	e.info.Properties, e.properties = c.expressions(propertyPrefix, source.Entity.Properties)
	e.info.Relations, e.relations = c.expressions("entity.relations.", source.Entity.Relations)
	e.info.ParsesItems, e.info.Title, e.info.Icon, e.info.Team = e.items != nil, e.title != nil, e.icon != nil, e.team != nil
}

// expressions compiles the expressions of properties or relations, and returns their sorted names.
func (c *compiler) expressions(prefix string, sources map[string]string) (names []string, queries map[string]*jq.Query) {
	names, queries = []string{}, map[string]*jq.Query{}
	for _, name := range slices.Sorted(maps.Keys(sources)) {
		if query := c.expression(prefix+name, sources[name]); query != nil {
			names, queries[name] = append(names, name), query
		}
	}
	return names, queries
}

func (c *compiler) limit(path, reason string, skipped bool) {
	c.limits = append(c.limits, Limit{c.entry.info.Index, c.entry.info.Blueprint, path, reason, skipped})
}

// expression compiles the expression of a field. It returns nil for an expression that is missing, and for one that a
// backfill cannot replay, which is a limit.
func (c *compiler) expression(path, source string) *jq.Query {
	query, reason := c.query(path, source)
	switch {
	case reason == "":
		return query
	case path == "filter" && query != nil:
		c.limit(path, reason+": it runs with null in its place", false)
		return query
	case path == "filter", path == "itemsToParse", path == "entity.identifier": // every entity needs it
		c.limit(path, reason+": the entry is not replayed", true)
	default:
		c.limit(path, reason+": it is neither written nor compared", false)
	}
	return nil
}

// query returns a compiled expression, and the reason why a backfill cannot replay it.
func (c *compiler) query(path, source string) (query *jq.Query, reason string) {
	switch {
	case slices.Contains(c.entry.source.Searches, path):
		return nil, "it is a search query among the entities of Port"
	case strings.TrimSpace(source) == "":
		return nil, ""
	}
	query, err := c.engine.Compile(source)
	switch {
	case err != nil && c.entry.source.Origin == OriginWebhook:
		return nil, fmt.Sprintf("Port cannot compile it (%v)", err)
	case err != nil:
		err = fmt.Errorf("mapping entry %d (%s): %s: %w in %s", c.entry.info.Index+1, c.entry.info.Blueprint, path, err, source)
		if c.entry.source.Origin != "" {
			err = fmt.Errorf("%s: %w", c.entry.source.Origin, err)
		}
		c.failures = append(c.failures, err)
		return nil, ""
	}
	for _, part := range eventParts {
		if slices.ContainsFunc(query.Reads, func(r jq.Read) bool { return isWithin(r.Path, part) }) {
			return nil, fmt.Sprintf("it reads %s, which only a live event has", part)
		}
	}
	unknown, shape := c.known.firstUnknown(query)
	if unknown != "" {
		return query, fmt.Sprintf("it depends on %s, which Codecov's REST API does not return", unknown)
	}
	if property, ok := strings.CutPrefix(path, propertyPrefix); ok && shape != nil {
		if c.entry.info.Partial == nil {
			c.entry.info.Partial = map[string]Shape{}
		}
		c.entry.info.Partial[property] = shape
	}
	return query, ""
}

// isPerCommit reports whether two commits that only agree in repository and branch get different identifiers.
func (m *Mapping) isPerCommit(e entry) bool {
	e.filter = nil
	var identifiers [2][]string
	for i, commit := range sampleCommits {
		r := m.newRun(context.Background(), func(_, identifier string) bool {
			identifiers[i] = append(identifiers[i], identifier)
			return false
		})
		r.entry(&e, samplePayload(m.options.Service, commit))
		r.evaluation.Close()
	}
	return !slices.Equal(identifiers[0], identifiers[1])
}
