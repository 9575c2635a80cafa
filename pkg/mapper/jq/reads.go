package jq

import (
	"fmt"
	"slices"
	"strings"

	"github.com/itchyny/gojq"
)

// Path is a place in the input of a query: the keys from its root.
type Path []string

// Reads lists the parts of its input that a query reads, as far as its text shows. What cannot be followed in the
// text, such as a computed key, uses the whole value that it is applied to.
type Reads struct {
	Results []Path // parts that the query may return as they are
	Uses    []Path // parts that it computes with
	Tests   []Path // parts that it only tests for null and false, or for their type
}

// maxSteps bounds the analysis: nested functions can make it exponential.
const maxSteps = 100_000

// missingInPort lists functions of gojq that Port's jq does not have.
var missingInPort = []string{"trimstr/1", "toboolean/0", "@urid"}

// analyze returns what the query reads. It follows paths of keys through pipes, variables, conditions and functions.
// The error names a function that Port's jq does not have.
func analyze(query *gojq.Query) (Reads, error) {
	a := &analyzer{active: map[*gojq.FuncDef]bool{}}
	a.reads.Results = a.query(query, []Path{{}}, nil)
	if a.missing != "" {
		return Reads{}, fmt.Errorf("function not defined: %s", a.missing)
	}
	return a.reads, nil
}

// analyzer evaluates a query on paths in place of values. Computed values have no path.
type analyzer struct {
	reads   Reads
	steps   int
	active  map[*gojq.FuncDef]bool // functions that are being called
	missing string                 // a function that Port does not have
}

// scope holds one name of a query, and those around it.
type scope struct {
	outer    *scope
	name     string        // $variable, or function/1
	value    []Path        // of a variable
	function *gojq.FuncDef // a definition, or a parameter whose body is the argument
	defined  *scope        // where the function's own names are looked up
}

func (a *analyzer) use(paths []Path) []Path {
	a.reads.Uses = append(a.reads.Uses, paths...)
	return nil
}

// useEverything ends the analysis: the query may depend on anything.
func (a *analyzer) useEverything() []Path { return a.use([]Path{{}}) }

func (a *analyzer) test(paths []Path) []Path {
	a.reads.Tests = append(a.reads.Tests, paths...)
	return nil
}

func (a *analyzer) query(q *gojq.Query, in []Path, s *scope) []Path {
	if q == nil {
		return nil
	}
	if a.steps += 1 + len(in); a.steps > maxSteps {
		return a.useEverything()
	}
	for _, definition := range q.FuncDefs {
		s = &scope{outer: s, name: signature(definition.Name, len(definition.Args)), function: definition}
		s.defined = s // a function may call itself
	}
	if q.Term != nil {
		return a.term(q.Term, in, s)
	}
	switch q.Op {
	case gojq.OpPipe:
		left := a.query(q.Left, in, s)
		if len(q.Patterns) == 0 {
			return a.query(q.Right, left, s)
		}
		return a.query(q.Right, in, a.bindAny(q.Patterns, left, in, s))
	case gojq.OpComma, gojq.OpAlt:
		return slices.Concat(a.query(q.Left, in, s), a.query(q.Right, in, s))
	case gojq.OpAssign, gojq.OpModify, gojq.OpUpdateAdd, gojq.OpUpdateSub, gojq.OpUpdateMul, gojq.OpUpdateDiv, gojq.OpUpdateMod, gojq.OpUpdateAlt:
		a.use(in)
	}
	record := a.use
	if onlyTests(q) {
		record = a.test
	}
	record(a.query(q.Left, in, s))
	return record(a.query(q.Right, in, s))
}

// onlyTests reports whether an operator depends on nothing but whether its operands are null, false or a constant.
func onlyTests(q *gojq.Query) bool {
	switch q.Op {
	case gojq.OpAnd, gojq.OpOr:
		return true
	case gojq.OpEq, gojq.OpNe:
		return isConstant(q.Left) || isConstant(q.Right) // an object never equals a constant
	}
	return false
}

// isConstant reports whether the query is null, true, false, a number or a string without interpolation.
func isConstant(q *gojq.Query) bool {
	if q.Term == nil || len(q.Term.SuffixList) > 0 {
		return false
	}
	switch q.Term.Type {
	case gojq.TermTypeNull, gojq.TermTypeTrue, gojq.TermTypeFalse, gojq.TermTypeNumber:
		return true
	case gojq.TermTypeString:
		return len(q.Term.Str.Queries) == 0
	}
	return false
}

func (a *analyzer) term(t *gojq.Term, in []Path, s *scope) []Path {
	value := a.head(t, in, s)
	for _, suffix := range t.SuffixList {
		switch {
		case suffix.Index != nil:
			value = a.index(suffix.Index, value, in, s)
		case suffix.Iter:
			value = a.use(value)
		}
	}
	return value
}

// head evaluates a term without its suffixes.
func (a *analyzer) head(t *gojq.Term, in []Path, s *scope) []Path {
	switch t.Type {
	case gojq.TermTypeIdentity:
		return in
	case gojq.TermTypeRecurse:
		return a.use(in)
	case gojq.TermTypeIndex:
		return a.index(t.Index, in, in, s)
	case gojq.TermTypeFunc:
		return a.call(t.Func, in, s)
	case gojq.TermTypeQuery:
		return a.query(t.Query, in, s)
	case gojq.TermTypeIf:
		return a.condition(t.If, in, s)
	case gojq.TermTypeTry:
		return slices.Concat(a.query(t.Try.Body, in, s), a.query(t.Try.Catch, nil, s))
	case gojq.TermTypeLabel:
		return a.query(t.Label.Body, in, s)
	case gojq.TermTypeObject:
		return a.object(t.Object, in, s)
	case gojq.TermTypeArray:
		return a.use(a.query(t.Array.Query, in, s))
	case gojq.TermTypeUnary:
		return a.use(a.term(t.Unary.Term, in, s))
	case gojq.TermTypeString:
		return a.text(t.Str, in, s)
	case gojq.TermTypeFormat:
		a.requireInPort(t.Format)
		if t.Str == nil {
			return a.use(in)
		}
		return a.text(t.Str, in, s)
	case gojq.TermTypeReduce:
		r := t.Reduce
		return a.fold(&gojq.Foreach{Query: r.Query, Patterns: r.Patterns, Start: r.Start, Update: r.Update}, in, s)
	case gojq.TermTypeForeach:
		return a.fold(t.Foreach, in, s)
	}
	return nil // a number, null, true, false or break
}

func (a *analyzer) fold(f *gojq.Foreach, in []Path, s *scope) []Path {
	inner := a.bindAny(f.Patterns, a.query(f.Query, in, s), in, s)
	start := a.query(f.Start, in, s)
	a.use(start)
	updated := a.query(f.Update, start, inner)
	a.use(updated)
	return a.use(a.query(f.Extract, slices.Concat(start, updated), inner))
}

func (a *analyzer) condition(c *gojq.If, in []Path, s *scope) []Path {
	var value []Path
	for _, branch := range append([]*gojq.IfElif{{Cond: c.Cond, Then: c.Then}}, c.Elif...) {
		a.test(a.query(branch.Cond, in, s))
		value = append(value, a.query(branch.Then, in, s)...)
	}
	if c.Else == nil {
		return slices.Concat(value, in)
	}
	return slices.Concat(value, a.query(c.Else, in, s))
}

func (a *analyzer) text(text *gojq.String, in []Path, s *scope) []Path {
	for _, part := range text.Queries {
		a.use(a.query(part, in, s))
	}
	return nil
}

func (a *analyzer) object(object *gojq.Object, in []Path, s *scope) []Path {
	for _, entry := range object.KeyVals {
		if entry.Val != nil {
			a.member(entry.Key, entry.KeyString, entry.KeyQuery, nil, in, s)
			a.use(a.query(entry.Val, in, s))
			continue
		}
		variable, value := a.member(entry.Key, entry.KeyString, entry.KeyQuery, in, in, s)
		if variable != "" {
			value = s.lookUp(variable).value
		}
		a.use(value)
	}
	return nil
}

// member returns the part of value below a key as objects and patterns write it: a name, a $variable, a text or a
// query.
func (a *analyzer) member(key string, text *gojq.String, query *gojq.Query, value, in []Path, s *scope) (variable string, part []Path) {
	switch {
	case strings.HasPrefix(key, "$"):
		return key, below(value, key[1:])
	case key != "":
		return "", below(value, key)
	case text != nil && len(text.Queries) == 0:
		return "", below(value, text.Str)
	case text != nil:
		a.text(text, in, s)
	default:
		a.use(a.query(query, in, s))
	}
	return "", a.use(value)
}

// index looks up a key, an element or a slice of value. Expressions within the brackets are evaluated on in.
func (a *analyzer) index(index *gojq.Index, value, in []Path, s *scope) []Path {
	switch key, constant := constantKey(index); {
	case constant:
		return below(value, key)
	case index.Str != nil:
		a.text(index.Str, in, s)
	}
	a.use(a.query(index.Start, in, s))
	a.use(a.query(index.End, in, s))
	return a.use(value)
}

// constantKey returns the key of .key, ."key" and .["key"].
func constantKey(index *gojq.Index) (key string, ok bool) {
	if index == nil {
		return "", false
	}
	text := index.Str
	if index.Start != nil && index.Start.Term != nil && !index.IsSlice && len(index.Start.Term.SuffixList) == 0 {
		text = index.Start.Term.Str
	}
	switch {
	case index.Name != "":
		return index.Name, true
	case text != nil && len(text.Queries) == 0:
		return text.Str, true
	}
	return "", false
}

func below(paths []Path, key string) []Path {
	deeper := make([]Path, len(paths))
	for i, path := range paths {
		deeper[i] = append(slices.Clip(path), key)
	}
	return deeper
}

// bindAny binds the variables of alternative patterns.
func (a *analyzer) bindAny(patterns []*gojq.Pattern, value, in []Path, s *scope) *scope {
	if len(patterns) > 1 {
		a.use(value) // the alternatives bind the same variables
	}
	for _, pattern := range patterns {
		s = a.bind(pattern, value, in, s)
	}
	return s
}

// bind binds the variables of a pattern to the parts of value. Elements of arrays count as computed.
func (a *analyzer) bind(pattern *gojq.Pattern, value, in []Path, s *scope) *scope {
	if pattern.Name != "" {
		return &scope{outer: s, name: pattern.Name, value: value}
	}
	for _, element := range pattern.Array {
		s = a.bind(element, a.use(value), in, s)
	}
	for _, entry := range pattern.Object {
		variable, part := a.member(entry.Key, entry.KeyString, entry.KeyQuery, value, in, s)
		if variable != "" {
			s = &scope{outer: s, name: variable, value: part}
		}
		if entry.Val != nil {
			s = a.bind(entry.Val, part, in, s)
		}
	}
	return s
}

func (a *analyzer) call(f *gojq.Func, in []Path, s *scope) []Path {
	if f.Name[0] == '$' {
		return s.lookUp(f.Name).value
	}
	name := signature(f.Name, len(f.Args))
	if definition := s.lookUp(name); definition.function != nil {
		return a.callDefined(definition, f, in, s)
	}
	a.requireInPort(name)
	switch f.Name {
	case "empty", "null", "true", "false", "now", "env", "nan", "infinite", "range", "error", "halt", "input_filename":
		for _, argument := range f.Args {
			a.use(a.query(argument, in, s))
		}
		return nil // they ignore their input
	case "not", "type":
		return a.test(in)
	case "select":
		if len(f.Args) == 1 {
			a.test(a.query(f.Args[0], in, s))
			return in
		}
	case "values", "nulls", "booleans", "numbers", "strings", "arrays", "objects", "iterables", "scalars":
		a.test(in)
		return in
	case "first", "last":
		if len(f.Args) == 1 {
			return a.query(f.Args[0], in, s)
		}
	case "limit":
		if len(f.Args) == 2 {
			a.use(a.query(f.Args[0], in, s))
			return a.query(f.Args[1], in, s)
		}
	}
	for _, argument := range f.Args {
		a.use(a.query(argument, in, s))
	}
	return a.use(in)
}

func (a *analyzer) requireInPort(name string) {
	if slices.Contains(missingInPort, name) {
		a.missing = name
	}
}

// callDefined analyzes the body of a function for this call. A recursive call is a use of its input, and of
// everything if it has arguments.
func (a *analyzer) callDefined(definition scope, f *gojq.Func, in []Path, s *scope) []Path {
	if a.active[definition.function] {
		if len(f.Args) > 0 {
			return a.useEverything()
		}
		return a.use(in)
	}
	a.active[definition.function] = true
	defer delete(a.active, definition.function)
	inner := definition.defined
	for i, parameter := range definition.function.Args {
		name := parameter
		if parameter[0] == '$' {
			name = parameter[1:]
			inner = &scope{outer: inner, name: parameter, value: a.query(f.Args[i], in, s)}
		}
		inner = &scope{outer: inner, name: signature(name, 0), function: &gojq.FuncDef{Body: f.Args[i]}, defined: s}
	}
	return a.query(definition.function.Body, in, inner)
}

// lookUp returns the innermost scope with the name, and an empty one if there is none.
func (s *scope) lookUp(name string) scope {
	for ; s != nil; s = s.outer {
		if s.name == name {
			return *s
		}
	}
	return scope{}
}

func signature(function string, arguments int) string {
	return fmt.Sprintf("%s/%d", function, arguments)
}
