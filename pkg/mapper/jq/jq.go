// Package jq evaluates JQ expressions as Port evaluates the expressions of a webhook's mapping: jq 1.7.1 with Port's
// rule for single quotes, an empty environment, and null for an expression that fails. It runs on gojq and replaces
// what differs: regular expressions, dates and a few functions (definitions.jq).
//
// An Engine and its queries are safe for concurrent use. An Evaluation is not.
package jq

import (
	"context"
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
	definitions []*gojq.FuncDef
	functions   []gojq.CompilerOption // that the definitions build on
}

// NewEngine returns an engine whose function now returns the given time.
func NewEngine(now time.Time) *Engine {
	query, err := gojq.Parse(definitionsSource)
	if err != nil {
		panic(fmt.Errorf("parse the embedded definitions: %w", err)) // a file of this package: its tests fail first
	}
	seconds := float64(now.Unix()) + float64(now.Nanosecond())/1e9
	clock := gojq.WithFunction("_now", 0, 0, func(any, []any) any { return seconds })
	return &Engine{query.FuncDefs, []gojq.CompilerOption{clock, new(regexes).option()}}
}

// Query is a compiled expression.
type Query struct {
	Reads []Read   // the parts of its input that it reads
	Path  []string // the keys of a query that only follows keys from its input, as .body.repo.name does; else nil
	code  *gojq.Code
}

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

// portQuotes is the rule by which Port replaces single quotes by double quotes, copied from the source of its published
// bindings: at the start of the expression or behind white space, and at its end or before white space. jq refuses others.
var portQuotes = regexp2.MustCompile(`(^|\s)'(?!\s|")|(?<!\s|")'(\s|$)`, regexp2.None)

// Compile compiles an expression as Port does. The error is a *SyntaxError.
func (e *Engine) Compile(source string) (*Query, error) {
	text, err := portQuotes.Replace(source, `$1"$2`, -1, -1)
	if err != nil {
		return nil, &SyntaxError{Err: err}
	}
	query, err := gojq.Parse(text)
	if err != nil {
		at := column(text, err)
		if strings.Contains(text, "'") {
			err = fmt.Errorf("%w (Port replaces single quotes beside white space only: write double quotes, and \\u0027 for an apostrophe)", err)
		}
		return nil, &SyntaxError{at, err}
	}
	compiled := &Query{Path: keyPath(query)}
	if compiled.Reads, err = analyze(query); err != nil {
		return nil, &SyntaxError{column(text, err), err}
	}
	query.FuncDefs = slices.Concat(e.usedDefinitions(text), query.FuncDefs)
	if compiled.code, err = gojq.Compile(query, e.functions...); err != nil {
		return nil, &SyntaxError{column(text, err), err}
	}
	return compiled, nil
}

// usedDefinitions returns the definitions whose names occur in the expression, and those that they call in turn, in
// their order. Unused ones would cost time at every run. A definition only calls itself and those before it.
func (e *Engine) usedDefinitions(text string) []*gojq.FuncDef {
	var used []*gojq.FuncDef
	for _, definition := range slices.Backward(e.definitions) {
		if strings.Contains(text, definition.Name) {
			used = append(used, definition)
			text += definition.Body.String()
		}
	}
	slices.Reverse(used)
	return used
}

// keyPath returns the keys of a query that only follows keys from its input, and nil for any other. Most expressions
// of a mapping are such, and following keys costs a hundredth of starting the engine.
func keyPath(query *gojq.Query) []string {
	term := query.Term
	if term == nil || term.Type != gojq.TermTypeIdentity && term.Type != gojq.TermTypeIndex {
		return nil
	}
	suffixes := term.SuffixList
	if term.Index != nil {
		suffixes = append([]*gojq.Suffix{{Index: term.Index}}, suffixes...)
	}
	keys := make([]string, len(suffixes))
	for i, suffix := range suffixes {
		var constant bool
		if keys[i], constant = constantKey(suffix.Index); !constant {
			return nil
		}
	}
	return keys
}

// column returns the character of an error, from 1, and 0 if it is unknown. gojq's error for an unknown function or
// variable only holds its name, as in "function not defined: foo/0".
func column(text string, err error) int {
	offset := len(text)
	var syntax *gojq.ParseError
	if errors.As(err, &syntax) {
		offset = min(max(0, syntax.Offset-len(syntax.Token)), offset)
	} else {
		_, name, _ := strings.Cut(err.Error(), " not defined: ")
		name, _, _ = strings.Cut(name, "/")
		match := regexp.MustCompile(`(?:^|[^\w.$])(` + regexp.QuoteMeta(name) + `)\b`).FindStringSubmatchIndex(text)
		if name == "" || match == nil {
			return 0
		}
		offset = match[2]
	}
	return 1 + utf8.RuneCountInString(text[:offset])
}

// Evaluation evaluates queries under one time limit, which they share: a limit for each would cost more than most
// queries. It is not safe for concurrent use.
type Evaluation struct {
	parent   context.Context
	timeout  time.Duration
	deadline context.Context // set when the first query needs the engine
	stop     context.CancelFunc
}

// NewEvaluation returns an evaluation whose queries are stopped after the timeout, or when ctx ends. Call Close when
// it is no longer needed.
func NewEvaluation(ctx context.Context, timeout time.Duration) *Evaluation {
	return &Evaluation{parent: ctx, timeout: timeout}
}

// Close releases the timer.
func (e *Evaluation) Close() {
	if e.deadline != nil {
		e.stop()
		e.deadline = nil
	}
}

// Value returns the first result of a query, and false if it has none or is nil. A query that fails or is stopped
// returns null, and so does one whose result cannot be sent (see normalize).
func (e *Evaluation) Value(q *Query, input map[string]any) (value any, ok bool) {
	switch {
	case q == nil:
		return nil, false
	case q.Path != nil:
		return normalize(follow(input, q.Path)), true
	}
	for range 2 { // once more with the whole limit: others may have used it up, or the machine was suspended
		if e.deadline == nil {
			e.deadline, e.stop = context.WithTimeout(e.parent, e.timeout)
		}
		value, ok := q.code.RunWithContext(e.deadline, input).Next()
		if _, failed := value.(error); !failed {
			return normalize(value), ok
		}
		if e.deadline.Err() == nil || e.parent.Err() != nil {
			break
		}
		e.Close()
	}
	return nil, true
}

// follow returns the value below the keys: null if one is missing or, where jq fails, if a value has no keys.
func follow(value any, keys []string) any {
	for _, key := range keys {
		object, _ := value.(map[string]any)
		value = object[key]
	}
	return value
}
