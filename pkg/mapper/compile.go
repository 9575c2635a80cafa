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

const defaultTimeout = time.Second

// Mapping is a compiled mapping. It is safe for concurrent use.
type Mapping struct {
	entries []entry
	limits  []Limit
	timeout time.Duration
	live    bool
}

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

// ExpressionError is an expression that does not compile.
type ExpressionError struct {
	Origin     string // the entry's origin, such as the name of a file
	Entry      int    // the entry's index, from 0
	Blueprint  string // the entry's blueprint
	Field      string // "filter", "entity.identifier", "entity.properties.coverage"
	Expression string // as written
	Column     int    // the character of the error, from 1; 0 if unknown
	Err        error
}

// Error returns the origin, the entry (from 1), the field, the cause, the column and the expression.
func (e *ExpressionError) Error() string {
	origin, column := "", ""
	if e.Origin != "" {
		origin = e.Origin + ": "
	}
	if e.Column > 0 {
		column = fmt.Sprintf(" at column %d", e.Column)
	}
	return fmt.Sprintf("%smapping entry %d (%s): %s: %v%s in %s", origin, e.Entry+1, e.Blueprint, e.Field, e.Err, column, e.Expression)
}

// Unwrap returns the cause.
func (e *ExpressionError) Unwrap() error { return e.Err }

// The prefixes of the fields of properties and relations.
const (
	propertyPrefix = "entity.properties."
	relationPrefix = "entity.relations."
)

// Compile compiles a mapping. What a backfill cannot replay is left out and listed by Limits; the other entries keep
// their indexes. The error joins one *ExpressionError for each invalid expression. Invalid expressions of Port's own
// webhook are limits, not errors, because Port ignores them.
func Compile(entries []Entry, o Options) (*Mapping, error) {
	if o.Timeout <= 0 {
		o.Timeout = defaultTimeout
	}
	o.Service = cmp.Or(o.Service, codecov.GitHub)
	m := &Mapping{timeout: o.Timeout}
	engine, known := jq.NewEngine(o.Now), newKnowledge(o.Service)
	var failures []error
	for i, source := range entries {
		c := compiler{engine: engine, known: known, index: i, source: source}
		compiled := c.compile()
		m.limits = append(m.limits, c.limits...)
		failures = append(failures, c.failures...)
		if !c.skipped {
			compiled.perCommit = m.isPerCommit(&compiled, o.Service)
			m.entries = append(m.entries, compiled)
		}
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
	skipped  bool // the entry is not replayed
}

func (c *compiler) compile() entry {
	if c.source.Deletes() {
		c.skip("operation", "the entry deletes entities")
		return entry{}
	}
	template := c.source.Entity
	return entry{
		index:      c.index,
		source:     c.source,
		filter:     c.decisive("filter", c.source.Filter),
		items:      c.decisive("itemsToParse", c.source.ItemsToParse),
		identifier: c.decisive("entity.identifier", template.Identifier),
		title:      c.optional("entity.title", template.Title),
		icon:       c.optional("entity.icon", template.Icon),
		team:       c.optional("entity.team", template.Team),
		properties: c.fields(propertyPrefix, template.Properties),
		relations:  c.fields(relationPrefix, template.Relations),
	}
}

func (c *compiler) fields(prefix string, sources map[string]string) []field {
	fields := make([]field, 0, len(sources))
	for _, name := range slices.Sorted(maps.Keys(sources)) {
		if x := c.optional(prefix+name, sources[name]); x != nil {
			fields = append(fields, field{name, x})
		}
	}
	return fields
}

// decisive compiles an expression that every entity of the entry needs.
func (c *compiler) decisive(path, source string) *expression {
	x, reason := c.expression(path, source)
	switch {
	case reason != "" && x != nil && path == "filter":
		c.limit(path, reason+": it runs with null in its place")
		x.unknown = false
	case reason != "":
		c.skip(path, reason)
	}
	return x
}

// optional compiles an expression that can be left out; it returns nil if it is.
func (c *compiler) optional(path, source string) *expression {
	x, reason := c.expression(path, source)
	if reason != "" {
		c.limit(path, reason+": it is neither written nor compared")
	}
	return x
}

// skip leaves the entry out. Its first reason is its only limit.
func (c *compiler) skip(path, reason string) {
	if !c.skipped {
		c.limits = nil
		c.limit(path, reason+": the entry is not replayed")
		c.limits[0].Skipped, c.skipped = true, true
	}
}

func (c *compiler) limit(path, reason string) {
	if !c.skipped {
		c.limits = append(c.limits, Limit{Entry: c.index, Blueprint: c.source.Blueprint, Field: path, Reason: reason})
	}
}

// expression compiles an expression. The reason says why a backfill cannot replay it; the expression is nil then,
// unless it only depends on unknown parts of the payload.
func (c *compiler) expression(path, source string) (x *expression, reason string) {
	switch {
	case slices.Contains(c.source.Searches, path):
		return nil, "it is a search query among the entities of Port"
	case strings.TrimSpace(source) == "":
		return nil, ""
	}
	query, err := c.engine.Compile(source)
	if err != nil {
		return nil, c.invalid(path, source, err)
	}
	if part := eventPart(query); part != "" {
		return nil, fmt.Sprintf("it reads %s, which only a live event has", part)
	}
	unknown, shape := c.known.firstUnknown(query)
	x = &expression{query: query, unknown: unknown != "", shape: shape}
	if x.unknown {
		return x, fmt.Sprintf("it depends on %s, which Codecov's REST API does not return", unknown)
	}
	return x, ""
}

// invalid handles an expression that does not compile: an error, but in Port's own webhook a limit.
func (c *compiler) invalid(path, source string, err error) (reason string) {
	if c.source.Origin == OriginWebhook {
		return fmt.Sprintf("Port cannot compile it (%v)", err)
	}
	failure := &ExpressionError{
		Origin: c.source.Origin, Entry: c.index, Blueprint: c.source.Blueprint, Field: path, Expression: source, Err: err,
	}
	if syntax := (*jq.SyntaxError)(nil); errors.As(err, &syntax) {
		failure.Column, failure.Err = syntax.Column, syntax.Err
	}
	c.failures = append(c.failures, failure)
	return ""
}

// isPerCommit reports whether two commits that only agree in repository and branch get different identifiers.
func (m *Mapping) isPerCommit(e *entry, service codecov.Service) bool {
	var identifiers [2]any
	for i, commit := range sampleCommits {
		evaluation := jq.NewEvaluation(context.Background(), m.timeout)
		payload := samplePayload(service, commit)
		if e.items != nil {
			items, _ := evaluation.Value(e.items.query, payload)
			var first any
			if list, _ := items.([]any); len(list) > 0 {
				first = list[0]
			}
			payload = withItem(payload, first)
		}
		if e.identifier != nil {
			identifiers[i], _ = evaluation.Value(e.identifier.query, payload)
		}
		evaluation.Close()
	}
	return jq.Compare(identifiers[0], identifiers[1]) != 0
}
