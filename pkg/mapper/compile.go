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
	entries []entry
	limits  []Limit
	timeout time.Duration
	live    bool
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
// and expressions of Port's webhook that Port cannot compile. It also lists filters over such parts, which run with
// null.
func (m *Mapping) Limits() []Limit { return slices.Clone(m.limits) }

// entry is an Entry with its expressions compiled; a missing expression is nil.
type entry struct {
	index                                        int
	source                                       Entry
	filter, items, identifier, title, icon, team *expression
	properties, relations                        []field // sorted by name
	perCommit                                    bool
}

// field is the expression of a property or relation.
type field struct {
	name       string
	expression *expression
}

// expression is a compiled JQ expression.
type expression struct {
	query   *jq.Query
	unknown bool  // it depends on what the REST API does not return
	shape   Shape // of an object that is known in part; else nil
}

// The prefixes of the fields of properties and relations.
const (
	propertyPrefix = "entity.properties."
	relationPrefix = "entity.relations."
)

// decisiveFields hold expressions that every entity of an entry needs.
var decisiveFields = []string{"filter", "itemsToParse", "entity.identifier"}

// Compile compiles a mapping. What a backfill cannot replay is left out and listed by Limits; the other entries keep
// their indexes. The error joins one for each invalid expression, which wraps a *jq.SyntaxError. Invalid expressions
// of Port's own webhook are limits, not errors, because Port ignores them.
func Compile(entries []Entry, o Options) (*Mapping, error) {
	service := cmp.Or(o.Service, codecov.GitHub)
	m := &Mapping{timeout: cmp.Or(max(o.Timeout, 0), time.Second)}
	engine, known := jq.NewEngine(o.Now), newKnowledge(service)
	var failures []error
	for i, source := range entries {
		c := compiler{engine: engine, known: known, index: i, source: source}
		compiled := c.entry()
		failures = append(failures, c.failures...)
		if skipped := slices.IndexFunc(c.limits, func(l Limit) bool { return l.Skipped }); skipped >= 0 {
			m.limits = append(m.limits, c.limits[skipped])
			continue
		}
		compiled.perCommit = m.isPerCommit(compiled, service)
		m.entries = append(m.entries, compiled)
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
	index    int
	source   Entry
	limits   []Limit
	failures []error
}

func (c *compiler) entry() entry {
	if c.source.Deletes() {
		c.limit("operation", "the entry deletes entities: the entry is not replayed", true)
		return entry{}
	}
	template := c.source.Entity
	return entry{
		index:      c.index,
		source:     c.source,
		filter:     c.expression("filter", c.source.Filter),
		items:      c.expression("itemsToParse", c.source.ItemsToParse),
		identifier: c.expression("entity.identifier", template.Identifier),
		title:      c.expression("entity.title", template.Title),
		icon:       c.expression("entity.icon", template.Icon),
		team:       c.expression("entity.team", template.Team),
		properties: c.fields(propertyPrefix, template.Properties),
		relations:  c.fields(relationPrefix, template.Relations),
	}
}

func (c *compiler) fields(prefix string, sources map[string]string) []field {
	fields := make([]field, 0, len(sources))
	for _, name := range slices.Sorted(maps.Keys(sources)) {
		if x := c.expression(prefix+name, sources[name]); x != nil {
			fields = append(fields, field{name, x})
		}
	}
	return fields
}

func (c *compiler) limit(path, reason string, skipped bool) {
	c.limits = append(c.limits, Limit{c.index, c.source.Blueprint, path, reason, skipped})
}

// expression compiles the expression of a field, and adds a limit if a backfill cannot replay it. It returns nil for
// an expression that is missing or cannot be evaluated at all.
func (c *compiler) expression(path, source string) *expression {
	x, reason := c.compile(path, source)
	switch {
	case reason == "":
	case path == "filter" && x != nil:
		x.unknown = false
		c.limit(path, reason+": it runs with null in its place", false)
	case slices.Contains(decisiveFields, path):
		c.limit(path, reason+": the entry is not replayed", true)
	default:
		c.limit(path, reason+": it is neither written nor compared", false)
	}
	return x
}

// compile returns an expression, and the reason why a backfill cannot replay it.
func (c *compiler) compile(path, source string) (x *expression, reason string) {
	switch {
	case slices.Contains(c.source.Searches, path):
		return nil, "it is a search query among the entities of Port"
	case strings.TrimSpace(source) == "":
		return nil, ""
	}
	query, err := c.engine.Compile(source)
	switch {
	case err != nil && c.source.Origin == OriginWebhook:
		return nil, fmt.Sprintf("Port cannot compile it (%v)", err)
	case err != nil:
		err = fmt.Errorf("mapping entry %d (%s): %s: %w in %s", c.index+1, c.source.Blueprint, path, err, source)
		c.failures = append(c.failures, withOrigin(c.source.Origin, err))
		return nil, ""
	}
	if part := eventPart(query); part != "" {
		return nil, fmt.Sprintf("it reads %s, which only a live event has", part)
	}
	unknown, shape := c.known.firstUnknown(query)
	if unknown != "" {
		reason = fmt.Sprintf("it depends on %s, which Codecov's REST API does not return", unknown)
	}
	return &expression{query: query, unknown: unknown != "", shape: shape}, reason
}

// isPerCommit reports whether two commits that only agree in repository and branch get different identifiers.
func (m *Mapping) isPerCommit(e entry, service codecov.Service) bool {
	e.filter = nil
	var identifiers [2][]string
	for i, commit := range sampleCommits {
		r := m.newRun(context.Background(), func(_, identifier string) bool {
			identifiers[i] = append(identifiers[i], identifier)
			return false
		})
		r.entry(&e, samplePayload(service, commit))
		r.evaluation.Close()
	}
	return !slices.Equal(identifiers[0], identifiers[1])
}
