// Package jq evaluates JQ expressions as Port evaluates the expressions of a webhook's mapping: jq 1.7.1 with Port's
// rule for single quotes, an empty environment, and null for an expression that fails. It runs on gojq and replaces
// what differs: regular expressions, dates and a few functions (definitions.jq).
//
// An Engine and its queries are safe for concurrent use. An Evaluation is not.
package jq

import (
	_ "embed"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/dlclark/regexp2"
	"github.com/itchyny/gojq"
)

//go:embed definitions.jq
var definitionsSource string

// Engine compiles expressions for one run: its clock is fixed.
type Engine struct {
	now         float64 // seconds
	definitions []*gojq.FuncDef
	regexes     regexes
}

// NewEngine returns an engine whose function now returns the given time.
func NewEngine(now time.Time) *Engine {
	query, err := gojq.Parse(definitionsSource)
	if err != nil {
		panic(fmt.Errorf("parse the embedded definitions: %w", err)) // a file of this package: its tests fail first
	}
	return &Engine{now: float64(now.Unix()) + float64(now.Nanosecond())/1e9, definitions: query.FuncDefs}
}

// Query is a compiled expression.
type Query struct {
	code  *gojq.Code
	keys  []string // not nil if the expression only follows keys from its input, as .body.repo.name does
	reads Reads
}

// Reads returns the parts of its input that the query reads.
func (q *Query) Reads() Reads { return q.reads }

// IsPath reports whether the query only follows keys from its input.
func (q *Query) IsPath() bool { return q.keys != nil }

// SyntaxError is returned by Compile. Column counts characters from 1 and is 0 if it is unknown.
type SyntaxError struct {
	Column int
	Err    error
}

// Error returns the cause and the column.
func (e *SyntaxError) Error() string {
	if e.Column == 0 {
		return e.Err.Error()
	}
	return fmt.Sprintf("%v at column %d", e.Err, e.Column)
}

// Unwrap returns the cause.
func (e *SyntaxError) Unwrap() error { return e.Err }

// Compile compiles an expression as Port does. The error is a *SyntaxError.
func (e *Engine) Compile(source string) (*Query, error) {
	text := rewriteQuotes(source)
	query, err := gojq.Parse(text)
	if err != nil {
		return nil, &SyntaxError{Column: syntaxColumn(text, err), Err: withQuoteRemedy(text, err)}
	}
	compiled := &Query{keys: keyPath(query)}
	if compiled.reads, err = analyze(query); err != nil {
		return nil, &SyntaxError{Column: nameColumn(text, err), Err: err}
	}
	query.FuncDefs = slices.Concat(e.usedDefinitions(text), query.FuncDefs)
	if compiled.code, err = gojq.Compile(query, e.regexes.option()); err != nil {
		return nil, &SyntaxError{Column: nameColumn(text, err), Err: err}
	}
	return compiled, nil
}

// portQuotes is the rule by which Port rewrites single quotes, copied from the source of its published bindings.
var portQuotes = regexp2.MustCompile(`(^|\s)'(?!\s|")|(?<!\s|")'(\s|$)`, regexp2.None)

// rewriteQuotes replaces single quotes by double quotes where Port does: at the start of the expression or behind
// white space, and at its end or before white space. Other single quotes stay, and jq refuses them.
func rewriteQuotes(source string) string {
	rewritten, err := portQuotes.Replace(source, `$1"$2`, -1, -1)
	if err != nil {
		return source
	}
	return rewritten
}

func withQuoteRemedy(text string, err error) error {
	if !strings.Contains(text, "'") {
		return err
	}
	return fmt.Errorf("%w (Port replaces single quotes beside white space only: write double quotes, and \\u0027 for an apostrophe)", err)
}

// usedDefinitions returns the definitions whose names occur in the expression, and those that they call in turn, in
// their order. Unused ones would cost time at every run. A definition only calls itself and those before it.
func (e *Engine) usedDefinitions(text string) []*gojq.FuncDef {
	var used []*gojq.FuncDef
	for _, definition := range slices.Backward(e.definitions) {
		if strings.Contains(text, definition.Name) {
			used = append(used, e.withClock(definition))
			text += definition.Body.String()
		}
	}
	slices.Reverse(used)
	return used
}

func (e *Engine) withClock(definition *gojq.FuncDef) *gojq.FuncDef {
	if definition.Name != "now" {
		return definition
	}
	text, _ := NumberText(e.now)
	number := &gojq.Query{Term: &gojq.Term{Type: gojq.TermTypeNumber, Number: text}}
	return &gojq.FuncDef{Name: definition.Name, Body: number}
}

// keyPath returns the keys of a query that only follows keys from its input, and nil for any other. Most expressions
// of a mapping are such, and following keys costs a hundredth of starting the engine.
func keyPath(query *gojq.Query) []string {
	term := query.Term
	if term == nil || len(query.FuncDefs) > 0 || query.Meta != nil || len(query.Imports) > 0 {
		return nil
	}
	var indexes []*gojq.Index
	switch term.Type {
	case gojq.TermTypeIdentity:
	case gojq.TermTypeIndex:
		indexes = append(indexes, term.Index)
	default:
		return nil
	}
	for _, suffix := range term.SuffixList {
		indexes = append(indexes, suffix.Index)
	}
	keys := make([]string, len(indexes))
	for i, index := range indexes {
		key, constant := constantKey(index)
		if !constant {
			return nil
		}
		keys[i] = key
	}
	return keys
}

// syntaxColumn returns where the token begins that the parser did not expect.
func syntaxColumn(text string, err error) int {
	var syntax *gojq.ParseError
	if !errors.As(err, &syntax) {
		return 0
	}
	return column(text, max(0, syntax.Offset-len(syntax.Token)))
}

// nameColumn returns where the unknown function or variable stands. gojq's error only holds its name, as in
// "function not defined: foo/0".
func nameColumn(text string, err error) int {
	_, name, ok := strings.Cut(err.Error(), " not defined: ")
	if !ok {
		return 0
	}
	name, _, _ = strings.Cut(name, "/")
	pattern, err := regexp.Compile(`(?:^|[^\w.$])(` + regexp.QuoteMeta(name) + `)\b`)
	if err != nil {
		return 0
	}
	match := pattern.FindStringSubmatchIndex(text)
	if match == nil {
		return 0
	}
	return column(text, match[2])
}

func column(text string, offset int) int {
	return 1 + utf8.RuneCountInString(text[:min(offset, len(text))])
}
