package jq_test

import (
	"errors"
	"slices"
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
	for expression, want := range map[string]struct{ whole, tests paths }{
		`.`:                                  {whole: paths{""}},
		`.a.b`:                               {whole: paths{".a.b"}},
		`.a["b"]."c"`:                        {whole: paths{".a.b.c"}},
		`.a | .b?`:                           {whole: paths{".a.b"}, tests: paths{".a"}},
		`.a, .b`:                             {whole: paths{".a", ".b"}},
		`.a // .b`:                           {whole: paths{".a", ".b"}},
		`if .a then .b else 1 end`:           {whole: paths{".b"}, tests: paths{".a"}},
		`if .a then .b end`:                  {whole: paths{"", ".b"}, tests: paths{".a"}},
		`if .a then 1 elif .b then .c end`:   {whole: paths{"", ".c"}, tests: paths{".a", ".b"}},
		`.a == null and .b != "x"`:           {tests: paths{".a", ".b"}},
		`.a == .b`:                           {whole: paths{".a", ".b"}},
		`.a == {}`:                           {whole: paths{".a"}},
		`.a + 1`:                             {whole: paths{".a"}},
		`-.a`:                                {whole: paths{".a"}},
		`"\(.a.b)"`:                          {whole: paths{".a.b"}},
		`@base64 "\(.a.b)"`:                  {whole: paths{".a.b"}},
		`.a | @base64`:                       {whole: paths{".a"}},
		`.a[0]`:                              {whole: paths{".a"}},
		`.a[.b]`:                             {whole: paths{".b", ".a"}},
		`.a[:2]`:                             {whole: paths{".a"}},
		`."x\(.a)"`:                          {whole: paths{".a", ""}},
		`.a[]`:                               {whole: paths{".a"}},
		`[.a]`:                               {whole: paths{".a"}},
		`{a, b: .c.d, "e": 1}`:               {whole: paths{".a", ".c.d"}},
		`{"f"}`:                              {whole: paths{""}},
		`{"x\(.a)": .b}`:                     {whole: paths{".a", ".b"}},
		`.a as $x | {$x, (.b): 1}`:           {whole: paths{".a", ".b"}},
		`. as $x | 1 | $x.a`:                 {whole: paths{".a"}, tests: paths{""}},
		`.a as $x | (.b as $x | 1), $x`:      {whole: paths{".a"}, tests: paths{".b"}},
		`.a as {b: [$c], $d} | $c + $d`:      {whole: paths{".a"}},
		`.a as {(.b): $c} | $c`:              {whole: paths{".a", ""}},
		`. as {$a} ?// [$a] | $a`:            {whole: paths{""}},
		`.a | select(.b) | .c`:               {whole: paths{".a.c"}, tests: paths{".a", ".a.b"}},
		`.a | strings`:                       {whole: paths{".a"}},
		`first(.a, .b)`:                      {whole: paths{".a", ".b"}},
		`limit(.n; .a)`:                      {whole: paths{".n", ".a"}},
		`.a | empty`:                         {tests: paths{".a"}},
		`.a | error(.b)`:                     {whole: paths{".a.b"}, tests: paths{".a"}},
		`try (.a | error) catch .`:           {whole: paths{".a"}},
		`.a | not`:                           {tests: paths{".a"}},
		`.a | length`:                        {whole: paths{".a"}},
		`.a | ltrimstr(.b)`:                  {whole: paths{".a", ".a.b"}},
		`.a |= 1`:                            {whole: paths{"", ".a"}},
		`reduce .a as $x (.b; . + $x)`:       {whole: paths{".b", ".a"}},
		`foreach .a as [$x] (0; . + $x; .c)`: {whole: paths{".a"}},
		`try .a catch .`:                     {whole: paths{".a"}},
		`label $x | .a | break $x`:           {tests: paths{".a"}},
		`def f: .b; .a | f`:                  {whole: paths{".a"}},
		`def f(g): .b | g; .a | f(.c)`:       {whole: paths{".a", ".a.c"}},
		`. as $r | def f: $r.b; .a | f`:      {whole: paths{".b", ".a"}, tests: paths{""}},
		`def f($x): $x + x; f(.a)`:           {whole: paths{"", ".a"}},
		`def not: .b; .a | not`:              {whole: paths{".a"}},
		`def f(empty): . as $r | $r | empty; .a | f(.b)`: {whole: paths{".a", ".a.b"}},
		`..`:          {whole: paths{""}},
		`$ENV.a, env`: {},
	} {
		query, err := jq.NewEngine(time.Now()).Compile(expression)
		if err != nil {
			t.Errorf("%s: %v", expression, err)
			continue
		}
		got := map[bool]paths{}
		for _, read := range query.Reads {
			isListed := func(other jq.Read) bool { return other.Path == read.Path && other.Whole }
			if read.Whole || !slices.Contains(got[false], read.Path) && !slices.ContainsFunc(query.Reads, isListed) {
				got[read.Whole] = append(got[read.Whole], read.Path)
			}
		}
		if diff := cmp.Diff(map[bool]paths{true: want.whole, false: want.tests}, map[bool]paths{true: got[true], false: got[false]}); diff != "" {
			t.Errorf("%s: reads (-want +got):\n%s", expression, diff)
		}
	}
}

// Without a bound, the analysis of these would not end.
func TestReadsAreBounded(t *testing.T) {
	for _, expression := range []string{
		strings.Repeat(`(.a, .b) | `, 40) + `.c`,
		`. as $x | ` + strings.Repeat(`($x.a, $x.b) as $x | `, 40) + `$x`,
	} {
		query, err := jq.NewEngine(time.Now()).Compile(expression)
		if err != nil {
			t.Fatal(err)
		}
		if reads := query.Reads; !slices.Contains(reads, jq.Read{Whole: true}) || len(reads) > 1000 {
			t.Errorf("%.60s: %d reads, want one of everything", expression, len(reads))
		}
	}
}
