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
	traits                                       traits
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
	keys    []string // where it does nothing but follow them; else nil
	unknown bool     // its result may depend on what the REST API cannot tell
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

// The beginnings of the paths of properties and relations.
const (
	propertyPath = "entity.properties."
	relationPath = "entity.relations."
)

// Compile makes a mapping ready to be run. What a backfill cannot follow is left out, as Limits tells: fields, and whole
// entries, those that delete among them; the others keep their places. Every expression that is not valid is reported at once, as an *ExpressionError each.
func Compile(entries []Entry, o Options) (*Mapping, error) {
	if o.Timeout <= 0 {
		o.Timeout = defaultTimeout
	}
	surroundings, err := newSurroundings(o.Now)
	if err != nil {
		return nil, err
	}
	m := &Mapping{timeout: o.Timeout}
	var failures []error
	for i, source := range entries {
		source, ok := source.followed()
		if !ok {
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

// compiler compiles the expressions of one entry and collects what is wrong with them.
type compiler struct {
	index        int
	blueprint    string
	surroundings *surroundings
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
		properties: c.fields(propertyPath, template.Properties),
		relations:  c.fields(relationPath, template.Relations),
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
	keys, _ := keyPath(query)
	code, err := c.surroundings.compile(query)
	if err != nil {
		c.fail(path, source, nameColumn(source, err), err)
		return nil
	}
	return &expression{path: path, source: source, code: code, keys: keys}
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

// expressions lists those of the entry that are there.
func (e *entry) expressions() []*expression {
	all := []*expression{e.filter, e.items, e.identifier, e.title, e.icon, e.team}
	for _, f := range slices.Concat(e.properties, e.relations) {
		all = append(all, f.expression)
	}
	return slices.DeleteFunc(all, func(x *expression) bool { return x == nil })
}
