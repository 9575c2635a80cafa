package jq_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/codecov-port/codecov-port/pkg/mapper/jq"
)

func TestCompileRejectsFunctionsThatPortLacks(t *testing.T) {
	for expression, column := range map[string]int{
		`"foo" | trimstr("o")`:       9,
		`"true" | toboolean`:         10,
		`[.a] | map(trimstr("o"))`:   12,
		`.body | [leaf_paths]`:       10,
		`"x" | @urid`:                7,
		`def toboolean: 1; leaf_x`:   19,
		`def f: trimstr("o"); 1 | f`: 8,
	} {
		_, err := jq.NewEngine(time.Now()).Compile(expression)
		var syntax *jq.SyntaxError
		if !errors.As(err, &syntax) || !strings.Contains(err.Error(), "function not defined: ") || syntax.Column != column {
			t.Errorf("%s: got error %v, want an undefined function at column %d", expression, err, column)
		}
	}
	if _, err := jq.NewEngine(time.Now()).Compile(`def toboolean: 1; toboolean`); err != nil {
		t.Errorf("a function of the expression's own: got error %v, want none", err)
	}
}

// Patterns that backtrack without end and patterns made from data do no harm.
func TestRegexesAreBounded(t *testing.T) {
	for expression, want := range map[string]string{
		`"a" * 60 + "c" | test("^(a|aa)+$")`:                     "null",
		`[range(300) as $i | "x\($i)" | test("^x\($i)$")] | all`: "true",
	} {
		if got := evaluate(t, expression, nil); got != want {
			t.Errorf("%s: got %s, want %s", expression, got, want)
		}
	}
}

func TestReads(t *testing.T) {
	type paths = []string
	for expression, want := range map[string]struct{ results, uses, tests paths }{
		`.a.b`:                             {results: paths{"a.b"}},
		`.a["b"]."c"`:                      {results: paths{"a.b.c"}},
		`.a | .b?`:                         {results: paths{"a.b"}},
		`.a, .b`:                           {results: paths{"a", "b"}},
		`.a // .b`:                         {results: paths{"a", "b"}},
		`if .a then .b else 1 end`:         {results: paths{"b"}, tests: paths{"a"}},
		`if .a then .b end`:                {results: paths{"b", ""}, tests: paths{"a"}},
		`.a == null and .b != "x"`:         {tests: paths{"a", "b"}},
		`.a == .b`:                         {uses: paths{"a", "b"}},
		`.a + 1`:                           {uses: paths{"a"}},
		`"\(.a.b)"`:                        {uses: paths{"a.b"}},
		`.a[0]`:                            {uses: paths{"a"}},
		`.a[.b]`:                           {uses: paths{"b", "a"}},
		`.a[]`:                             {uses: paths{"a"}},
		`{a, b: .c.d, "e": 1}`:             {uses: paths{"a", "c.d"}},
		`{"f"}`:                            {uses: paths{"f"}},
		`{"x\(.a)": .b}`:                   {uses: paths{"a", "b"}},
		`{"x\(.a)"}`:                       {uses: paths{"a", ""}},
		`.a as $x | {$x, (.b): 1}`:         {uses: paths{"a", "b"}},
		`. as $x | 1 | $x.a`:               {results: paths{"a"}},
		`.a as {b: [$c], $d} | $c + $d`:    {uses: paths{"a.b", "a.d"}},
		`. as {$a} ?// [$a] | $a`:          {uses: paths{"", ""}},
		`.a | select(.b) | .c`:             {results: paths{"a.c"}, tests: paths{"a.b"}},
		`first(.a, .b)`:                    {results: paths{"a", "b"}},
		`limit(.n; .a)`:                    {results: paths{"a"}, uses: paths{"n"}},
		`.a | empty`:                       {},
		`.a | not`:                         {tests: paths{"a"}},
		`.a | length`:                      {uses: paths{"a"}},
		`.a | ltrimstr(.b)`:                {uses: paths{"a.b", "a"}},
		`.a |= 1`:                          {uses: paths{"", "a"}},
		`reduce .a as $x (.b; . + $x)`:     {uses: paths{"b", "b", "a"}},
		`try .a catch .`:                   {results: paths{"a"}},
		`label $x | .a | break $x`:         {},
		`def f: .b; .a | f`:                {results: paths{"a.b"}},
		`def f(g): g; f(.a)`:               {results: paths{"a"}},
		`def f($x): $x + x; f(.a)`:         {uses: paths{"a", "a"}},
		`def f: def g: .c; .b | g; .a | f`: {results: paths{"a.b.c"}},
		`def f: if . > 1 then . - 1 | f else . end; .a | f`: {results: paths{"a"}, uses: paths{"a", "a"}, tests: paths{}},
		`def f(g): f(g); f(.a)`:                             {uses: paths{""}},
		`..`:                                                {uses: paths{""}},
		`$ENV.a, env`:                                       {},
	} {
		query, err := jq.NewEngine(time.Now()).Compile(expression)
		if err != nil {
			t.Errorf("%s: %v", expression, err)
			continue
		}
		reads := query.Reads()
		got := map[string]paths{"results": joined(reads.Results), "uses": joined(reads.Uses), "tests": joined(reads.Tests)}
		wanted := map[string]paths{"results": append(paths{}, want.results...), "uses": append(paths{}, want.uses...), "tests": append(paths{}, want.tests...)}
		if diff := cmp.Diff(wanted, got); diff != "" {
			t.Errorf("%s: reads (-want +got):\n%s", expression, diff)
		}
	}
}

func joined(all []jq.Path) []string {
	texts := []string{}
	for _, path := range all {
		texts = append(texts, strings.Join(path, "."))
	}
	return texts
}

// Without a bound, the analysis of these would not end.
func TestReadsAreBounded(t *testing.T) {
	for _, expression := range []string{
		strings.Repeat(`def f: f; `, 3) + `def f: (f, f); f`,
		`def a: (., .); ` + `def b: a | a | a | a; def c: b | b | b | b; def d: c | c | c | c; .x | d`,
		strings.Repeat(`(.a, .b) | `, 40) + `.c`,
	} {
		query, err := jq.NewEngine(time.Now()).Compile(expression)
		if err != nil {
			t.Fatal(err)
		}
		if len(query.Reads().Uses) == 0 {
			t.Errorf("%.60s: no use, want one of everything", expression)
		}
	}
}
