package jq

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/itchyny/gojq"
)

// Read is a part of the input that a query reads, as far as its text shows.
type Read struct {
	Path  string // the part's keys, a dot before each: ".body.head"; empty: the whole input
	Whole bool   // the query returns it or computes with it; false: it only tests it for null, false or its type
}

var everything = []string{""} // read by a query whose reads cannot be followed

// maxPaths bounds what a part of a query may return: "(.a, .b) | (.a, .b) | …" doubles it with each step.
const maxPaths = 100

// missingInPort lists functions of gojq that Port's jq does not have.
var missingInPort = []string{"trimstr/1", "toboolean/0", "@urid"}

// Functions that do not use their whole input, with the number of their arguments.
var (
	inputTests  = []string{"not/0", "type/0"}
	inputPasses = []string{"select/1", "values/0", "nulls/0", "booleans/0", "numbers/0", "strings/0", "arrays/0", "objects/0", "iterables/0", "scalars/0"}
	// argumentUses only compute with their arguments.
	argumentUses = []string{
		"empty/0", "now/0", "env/0", "nan/0", "infinite/0", "halt/0", "input_filename/0", "error/1", "range/1", "range/2", "range/3",
		"first/1", "last/1", "limit/2", "isempty/1",
	}
)

// analyze returns what the query reads. It follows keys through pipes, variables and conditions. Whatever else is done
// with a value reads the value as a whole: taking it apart in "as [$a]" or with a computed key, reduce, foreach, and
// any other function, also one that the query defines. The error names a function that Port's jq does not have.
func analyze(query *gojq.Query) ([]Read, error) {
	a := &analyzer{}
	a.compute(everything, variables{}, query)
	if a.missing != "" {
		return nil, fmt.Errorf("function not defined: %s", a.missing)
	}
	return a.reads, nil
}

// analyzer evaluates a query on paths in place of values. Computed values have no path.
type analyzer struct {
	reads   []Read
	defined []string // the functions that the query defines
	missing string   // a function that Port does not have
}

// variables holds the paths of a query's variables. A variable without an entry holds computed values.
type variables map[string][]string

func (a *analyzer) read(paths []string, whole bool) []string {
	for _, path := range paths {
		a.reads = append(a.reads, Read{path, whole})
	}
	return nil
}

// use records that the query computes with the values. It returns the paths of the result: none.
func (a *analyzer) use(paths []string) []string { return a.read(paths, true) }

func (a *analyzer) test(paths []string) []string { return a.read(paths, false) }

// query returns the paths of the values that the query returns for an input.
func (a *analyzer) query(q *gojq.Query, in []string, vars variables) []string {
	if q == nil {
		return nil
	}
	for _, definition := range q.FuncDefs {
		a.defined = append(a.defined, definition.Name)
		for _, parameter := range definition.Args {
			a.defined = append(a.defined, strings.TrimPrefix(parameter, "$"))
		}
		a.compute(nil, vars, definition.Body) // each call uses its input and its arguments
	}
	var paths []string
	if q.Term != nil {
		paths = a.term(q.Term, in, vars)
	} else {
		paths = a.operation(q, in, vars)
	}
	if len(paths) > maxPaths {
		return a.use(everything)
	}
	return paths
}

func (a *analyzer) operation(q *gojq.Query, in []string, vars variables) []string {
	record := a.use
	switch q.Op {
	case gojq.OpPipe:
		left := a.query(q.Left, in, vars)
		a.test(left) // even if the right side ignores it
		if len(q.Patterns) == 0 {
			return a.query(q.Right, left, vars)
		}
		return a.query(q.Right, in, a.bind(q.Patterns, left, vars))
	case gojq.OpComma, gojq.OpAlt:
		return slices.Concat(a.query(q.Left, in, vars), a.query(q.Right, in, vars))
	case gojq.OpAssign, gojq.OpModify, gojq.OpUpdateAdd, gojq.OpUpdateSub, gojq.OpUpdateMul, gojq.OpUpdateDiv, gojq.OpUpdateMod, gojq.OpUpdateAlt:
		a.use(in)
	case gojq.OpAnd, gojq.OpOr:
		record = a.test
	case gojq.OpEq, gojq.OpNe:
		if isConstant(q.Left) || isConstant(q.Right) { // an object never equals a constant
			record = a.test
		}
	}
	record(a.query(q.Left, in, vars))
	return record(a.query(q.Right, in, vars))
}

// isConstant reports whether the query is null, true, false, a number or a string without interpolation.
func isConstant(q *gojq.Query) bool {
	constants := []gojq.TermType{gojq.TermTypeNull, gojq.TermTypeTrue, gojq.TermTypeFalse, gojq.TermTypeNumber, gojq.TermTypeString}
	t := q.Term
	return t != nil && slices.Contains(constants, t.Type) && len(t.SuffixList) == 0 && len(interpolated(t.Str)) == 0
}

// bind returns the variables, and the pattern's own.
func (a *analyzer) bind(patterns []*gojq.Pattern, value []string, vars variables) variables {
	if len(patterns) == 1 && patterns[0].Name != "" {
		vars = maps.Clone(vars)
		vars[patterns[0].Name] = value
		return vars
	}
	a.use(value)
	for _, pattern := range patterns {
		if strings.Contains(pattern.String(), "(") { // a computed key
			a.use(everything)
		}
	}
	return vars
}

func (a *analyzer) term(t *gojq.Term, in []string, vars variables) []string {
	value := a.head(t, in, vars)
	for _, suffix := range t.SuffixList {
		switch {
		case suffix.Index != nil:
			value = a.index(suffix.Index, value, in, vars)
		case suffix.Iter:
			value = a.use(value)
		}
	}
	return value
}

// head evaluates a term without its suffixes.
func (a *analyzer) head(t *gojq.Term, in []string, vars variables) []string {
	switch t.Type {
	case gojq.TermTypeIdentity:
		return in
	case gojq.TermTypeRecurse:
		return a.use(in)
	case gojq.TermTypeIndex:
		return a.index(t.Index, in, in, vars)
	case gojq.TermTypeFunc:
		return a.call(t.Func, in, vars)
	case gojq.TermTypeQuery:
		return a.query(t.Query, in, vars)
	case gojq.TermTypeIf:
		return a.condition(t.If, in, vars)
	case gojq.TermTypeTry:
		return slices.Concat(a.query(t.Try.Body, in, vars), a.query(t.Try.Catch, nil, vars))
	case gojq.TermTypeLabel:
		return a.query(t.Label.Body, in, vars)
	case gojq.TermTypeObject:
		return a.object(t.Object, in, vars)
	case gojq.TermTypeArray:
		return a.compute(in, vars, t.Array.Query)
	case gojq.TermTypeUnary:
		return a.use(a.term(t.Unary.Term, in, vars))
	case gojq.TermTypeFormat:
		a.requireInPort(t.Format)
		if t.Str == nil {
			return a.use(in)
		}
	case gojq.TermTypeReduce:
		return a.fold(&gojq.Foreach{Query: t.Reduce.Query, Patterns: t.Reduce.Patterns, Start: t.Reduce.Start, Update: t.Reduce.Update}, in, vars)
	case gojq.TermTypeForeach:
		return a.fold(t.Foreach, in, vars)
	}
	return a.compute(in, vars, interpolated(t.Str)...) // a string, or a constant
}

// compute records that a query computes with the results of others.
func (a *analyzer) compute(in []string, vars variables, queries ...*gojq.Query) []string {
	for _, q := range queries {
		a.use(a.query(q, in, vars))
	}
	return nil
}

// interpolated returns the queries within a string, which may be nil.
func interpolated(text *gojq.String) []*gojq.Query {
	if text == nil {
		return nil
	}
	return text.Queries
}

func (a *analyzer) fold(f *gojq.Foreach, in []string, vars variables) []string {
	inner := a.bind(f.Patterns, a.query(f.Query, in, vars), vars)
	a.compute(in, vars, f.Start)
	return a.compute(nil, inner, f.Update, f.Extract)
}

func (a *analyzer) condition(c *gojq.If, in []string, vars variables) []string {
	value := in // without an else
	if c.Else != nil {
		value = a.query(c.Else, in, vars)
	}
	for _, branch := range append([]*gojq.IfElif{{Cond: c.Cond, Then: c.Then}}, c.Elif...) {
		a.test(a.query(branch.Cond, in, vars))
		value = slices.Concat(value, a.query(branch.Then, in, vars))
	}
	return value
}

func (a *analyzer) object(object *gojq.Object, in []string, vars variables) []string {
	for _, member := range object.KeyVals {
		a.compute(in, vars, interpolated(member.KeyString)...)
		a.compute(in, vars, member.KeyQuery)
		value := in // of a computed key
		switch {
		case member.Val != nil:
			value = a.query(member.Val, in, vars)
		case strings.HasPrefix(member.Key, "$"):
			value = vars[member.Key]
		case member.Key != "":
			value = below(in, member.Key)
		}
		a.use(value)
	}
	return nil
}

// index looks up a key, an element or a slice of value. Expressions within the brackets are evaluated on in.
func (a *analyzer) index(index *gojq.Index, value, in []string, vars variables) []string {
	if key, constant := constantKey(index); constant {
		return below(value, key)
	}
	a.compute(in, vars, interpolated(index.Str)...)
	a.compute(in, vars, index.Start, index.End)
	return a.use(value)
}

// constantKey returns the key of .key, ."key" and .["key"].
func constantKey(index *gojq.Index) (key string, ok bool) {
	if index == nil {
		return "", false
	}
	text := index.Str
	if start := index.Start; start != nil && start.Term != nil && !index.IsSlice && len(start.Term.SuffixList) == 0 {
		text = start.Term.Str
	}
	if text == nil {
		return index.Name, index.Name != ""
	}
	return text.Str, len(text.Queries) == 0
}

func below(paths []string, key string) []string {
	deeper := make([]string, len(paths))
	for i, path := range paths {
		deeper[i] = path + "." + key
	}
	return deeper
}

func (a *analyzer) call(f *gojq.Func, in []string, vars variables) []string {
	if f.Name[0] == '$' {
		return vars[f.Name]
	}
	name, record, result := fmt.Sprintf("%s/%d", f.Name, len(f.Args)), a.use, []string(nil)
	switch {
	case slices.Contains(a.defined, f.Name):
		a.use(in)
	case slices.Contains(inputTests, name):
		a.test(in)
	case slices.Contains(inputPasses, name):
		a.test(in)
		record, result = a.test, in
	case !slices.Contains(argumentUses, name):
		a.requireInPort(name)
		a.use(in)
	}
	for _, argument := range f.Args {
		record(a.query(argument, in, vars))
	}
	return result
}

func (a *analyzer) requireInPort(name string) {
	if slices.Contains(missingInPort, name) {
		a.missing = name
	}
}
