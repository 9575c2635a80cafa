package mapper

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/itchyny/gojq"
)

// Options are what expressions see of the world, and how long they may take.
type Options struct {
	Now     time.Time     // what JQ's now gives
	Timeout time.Duration // how long an expression that does not end may run; 0 means one second
}

const defaultTimeout = time.Second

// Mapping is a compiled mapping. It is safe for concurrent use.
type Mapping struct {
	entries []entry
	timeout time.Duration
}

// entry is an Entry with its expressions compiled; one that is not there is nil.
type entry struct {
	index                                        int
	blueprint                                    string
	filter, items, identifier, title, icon, team *expression
	properties, relations                        []field // sorted by name
}

// field is an expression that has a name of the user's.
type field struct {
	name string
	*expression
}

// expression is a compiled JQ expression.
type expression struct {
	path    string // which part of the entry it is: entity.properties.coverage
	source  string // as the user wrote it
	code    *gojq.Code
	unknown bool // its result may depend on what the REST API cannot tell
}

// ExpressionError says what is wrong with an expression of a mapping, and where.
type ExpressionError struct {
	Entry      int    // the entry's place in the mapping, from 0
	Blueprint  string // the blueprint that the entry maps onto
	Field      string // "filter", "entity.identifier", "entity.properties.coverage"
	Expression string // as it was written
	Column     int    // the character at which it is wrong, from 1; 0 where that isn't known
	Err        error
}

// Error names the entry (from 1), the field, the column and the expression.
func (e *ExpressionError) Error() string {
	where := ""
	if e.Column > 0 {
		where = " at column " + strconv.Itoa(e.Column)
	}
	return fmt.Sprintf("mapping entry %d (%s): %s: %v%s in %s", e.Entry+1, e.Blueprint, e.Field, e.Err, where, e.Expression)
}

// Unwrap gives the cause.
func (e *ExpressionError) Unwrap() error { return e.Err }

// Compile makes a mapping ready to be run. Entries that delete are left out, for they are never replayed; the others
// keep their places. Every expression that is not valid is reported at once, as an *ExpressionError each.
func Compile(entries []Entry, o Options) (*Mapping, error) {
	if o.Timeout <= 0 {
		o.Timeout = defaultTimeout
	}
	surroundings, err := surroundings(o.Now)
	if err != nil {
		return nil, err
	}
	m := &Mapping{timeout: o.Timeout}
	var failures []error
	for i, source := range entries {
		if source.Deletes() {
			continue
		}
		c := compiler{index: i, blueprint: source.Blueprint, surroundings: surroundings}
		m.entries = append(m.entries, c.entry(source))
		failures = append(failures, c.failures...)
	}
	if len(failures) > 0 {
		return nil, errors.Join(failures...)
	}
	m.classify()
	return m, nil
}

// surroundings are the functions that JQ has in Port and that gojq lacks or would take from this machine: the clock is
// the run's, local time is UTC, and what only prints passes its input on.
func surroundings(now time.Time) ([]*gojq.FuncDef, error) {
	seconds := float64(now.Unix()) + float64(now.Nanosecond())/1e9
	query, err := gojq.Parse(strings.Join([]string{
		"def now: " + strconv.FormatFloat(seconds, 'f', -1, 64) + ";",
		"def localtime: gmtime;",
		"def strflocaltime(f): strftime(f);",
		"def debug: .;",
		"def debug(f): .;",
		"def stderr: .;",
		"def input_filename: null;",
		".",
	}, " "))
	if err != nil {
		return nil, fmt.Errorf("define the functions of a mapping: %w", err)
	}
	return query.FuncDefs, nil
}

// compiler compiles the expressions of one entry and collects what is wrong with them.
type compiler struct {
	index        int
	blueprint    string
	surroundings []*gojq.FuncDef
	failures     []error
}

func (c *compiler) entry(source Entry) entry {
	template := source.Entity
	return entry{
		index:      c.index,
		blueprint:  source.Blueprint,
		filter:     c.optional("filter", source.Filter),
		items:      c.optional("itemsToParse", source.ItemsToParse),
		identifier: c.expression("entity.identifier", template.Identifier),
		title:      c.optional("entity.title", template.Title),
		icon:       c.optional("entity.icon", template.Icon),
		team:       c.optional("entity.team", template.Team),
		properties: c.fields("entity.properties.", template.Properties),
		relations:  c.fields("entity.relations.", template.Relations),
	}
}

func (c *compiler) fields(prefix string, expressions map[string]string) []field {
	fields := make([]field, 0, len(expressions))
	for _, name := range slices.Sorted(maps.Keys(expressions)) {
		fields = append(fields, field{name, c.expression(prefix+name, expressions[name])})
	}
	return fields
}

func (c *compiler) optional(path, source string) *expression {
	if strings.TrimSpace(source) == "" {
		return nil
	}
	return c.expression(path, source)
}

func (c *compiler) expression(path, source string) *expression {
	rewritten, offset, err := doubleQuoted(source)
	if err != nil {
		c.fail(path, source, column(source, offset), err)
		return nil
	}
	query, err := gojq.Parse(rewritten.text)
	if err != nil {
		c.fail(path, source, syntaxColumn(source, rewritten, err), err)
		return nil
	}
	query.FuncDefs = slices.Concat(c.surroundings, query.FuncDefs)
	code, err := gojq.Compile(query)
	if err != nil {
		c.fail(path, source, nameColumn(source, err), err)
		return nil
	}
	return &expression{path: path, source: source, code: code}
}

func (c *compiler) fail(path, source string, column int, err error) {
	c.failures = append(c.failures, &ExpressionError{
		Entry: c.index, Blueprint: c.blueprint, Field: path, Expression: source, Column: column, Err: err,
	})
}

// syntaxColumn is where the token begins that the parser did not expect.
func syntaxColumn(source string, r rewritten, err error) int {
	var syntax *gojq.ParseError
	if !errors.As(err, &syntax) {
		return 0
	}
	return column(source, r.offset(max(0, syntax.Offset-len(syntax.Token))))
}

// nameColumn is where the function or variable stands that the compiler does not know: its error tells only the name,
// as in "function not defined: foo/0".
func nameColumn(source string, err error) int {
	_, name, ok := strings.Cut(err.Error(), " not defined: ")
	if !ok {
		return 0
	}
	name, _, _ = strings.Cut(name, "/")
	pattern, err := regexp.Compile(`(?:^|[^\w.$])(` + regexp.QuoteMeta(name) + `)\b`)
	if err != nil {
		return 0
	}
	match := pattern.FindStringSubmatchIndex(source)
	if match == nil {
		return 0
	}
	return column(source, match[2])
}

// column counts characters, from 1.
func column(source string, offset int) int {
	return 1 + utf8.RuneCountInString(source[:min(offset, len(source))])
}

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

// EntryInfo tells what an entry of a compiled mapping writes.
type EntryInfo struct {
	Index      int // its place in the mapping, from 0
	Blueprint  string
	Properties []string // the identifiers of its properties, sorted
	Relations  []string // the identifiers of its relations, sorted
	// Unknown lists the parts whose value may depend on what Codecov's REST API cannot tell, as in
	// "entity.properties.report" or "filter".
	Unknown []string
}

// Entries tells of the entries that Map runs, in their order. Those that delete are not among them.
func (m *Mapping) Entries() []EntryInfo {
	infos := make([]EntryInfo, 0, len(m.entries))
	for _, e := range m.entries {
		infos = append(infos, EntryInfo{
			Index:      e.index,
			Blueprint:  e.blueprint,
			Properties: names(e.properties),
			Relations:  names(e.relations),
			Unknown:    e.unknowns(),
		})
	}
	return infos
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

// expressions lists those of the entry that are there.
func (e *entry) expressions() []*expression {
	all := []*expression{e.filter, e.items, e.identifier, e.title, e.icon, e.team}
	for _, f := range slices.Concat(e.properties, e.relations) {
		all = append(all, f.expression)
	}
	return slices.DeleteFunc(all, func(x *expression) bool { return x == nil })
}
