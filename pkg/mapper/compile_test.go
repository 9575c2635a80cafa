package mapper_test

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/codecov-port/codecov-port/pkg/mapper"
	"github.com/codecov-port/codecov-port/pkg/mapper/jq"
)

func TestCompileErrors(t *testing.T) {
	tests := []struct {
		expression string
		column     int
		want       string
	}{
		{`.a b`, 4, `unexpected token "b"`},
		{`.a |`, 5, "unexpected EOF"},
		{`.ü | .é b`, 2, `unexpected token "ü"`},
		{`"ü" as $x | .é`, 14, `unexpected token "é"`},
		{`split('-')`, 7, `unexpected token "'" (Port replaces single quotes beside white space only: write double quotes, and \u0027 for an apostrophe)`},
		{`"abc`, 5, "unterminated string"},
		{`.a | foo(3)`, 6, "function not defined: foo/1"},
		{`.foo | .food | foo`, 16, "function not defined: foo/0"},
		{`.a + $x`, 6, "variable not defined: $x"},
		{`input`, 0, "input(s)/0 is not allowed"},
		{`import "a" as a; .`, 0, `cannot load module: "a"`},
	}
	for _, test := range tests {
		t.Run(test.expression, func(t *testing.T) {
			_, err := mapper.Compile([]mapper.Entry{entry("."), entry(test.expression)}, mapper.Options{})
			var syntax *jq.SyntaxError
			if !errors.As(err, &syntax) || syntax.Column != test.column {
				t.Errorf("got %v, want a SyntaxError at column %d", err, test.column)
			}
			if !strings.HasPrefix(err.Error(), "mapping entry 2 (b): entity.properties.p: "+test.want) || !strings.HasSuffix(err.Error(), " in "+test.expression) {
				t.Errorf("got %q, want %q and the expression in it", err, test.want)
			}
		})
	}
}

func TestCompileReturnsAllErrors(t *testing.T) {
	broken := mapper.Entry{Blueprint: "b", Filter: "x", Entity: mapper.EntityTemplate{
		Identifier: "|", Relations: map[string]string{"r": "'"},
	}}
	_, err := mapper.Compile([]mapper.Entry{broken, entry("]")}, mapper.Options{})
	if err == nil || len(strings.Split(err.Error(), "\n")) != 4 {
		t.Errorf("got %v, want 4 errors", err)
	}
}

func TestCompileErrorsNameTheFile(t *testing.T) {
	document := `[{"blueprint": "b", "entity": {"identifier": ".a b"}}]`
	entries, err := mapper.Choice{Name: "mine.json", Document: []byte(document)}.Entries(nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = mapper.Compile(entries, mapper.Options{})
	want := `mine.json: mapping entry 1 (b): entity.identifier: unexpected token "b" at column 4 in .a b`
	if err == nil || err.Error() != want {
		t.Errorf("got error %v, want %s", err, want)
	}
}

func TestEntriesOfACompiledMapping(t *testing.T) {
	remove := mapper.Entry{Blueprint: "gone", Operation: "delete", Entity: mapper.EntityTemplate{Identifier: "not JQ"}}
	other := mapper.Entry{Blueprint: "c", Filter: ".body.pull == null", Entity: mapper.EntityTemplate{
		Identifier: ".body.repo.name",
		Properties: map[string]string{"z": ".body.repo.url", "a": ".body.head.totals"},
		Relations:  map[string]string{"s": ".body.repo.name", "r": ".body.owner.service_id"},
	}}
	mapping := compile(t, []mapper.Entry{entry("."), remove, other, entry("1")})
	if diff := cmp.Diff([]string{"b", "c"}, mapping.Blueprints()); diff != "" {
		t.Error(diff)
	}
	want := []mapper.EntryInfo{
		{Index: 0, Blueprint: "b", Properties: []string{"p"}, Relations: []string{}, Partial: map[string]mapper.Shape{"p": {"body": bodyShape}}},
		{
			Index: 2, Blueprint: "c", Properties: []string{"a", "z"}, Relations: []string{"s"},
			Partial: map[string]mapper.Shape{"a": totalsShape},
		},
		{Index: 3, Blueprint: "b", Properties: []string{"p"}, Relations: []string{}},
	}
	if diff := cmp.Diff(want, mapping.Entries()); diff != "" {
		t.Error(diff)
	}
}

// Port's rule, checked against its published bindings.
func TestSingleQuotes(t *testing.T) {
	for expression, want := range map[string]any{
		`'abc'`:                    "abc",
		`'x-' + .body.repo.name`:   "x-codecov-example",
		`.body.repo.name + '-x'`:   "codecov-example-x",
		`'a'+'b'`:                  "a'+'b",
		`"it's"`:                   "it's",
		`'a \(.body.repo.name) b'`: "a codecov-example b",
		`"x" + 'ünï'`:              "xünï",
	} {
		if got := mapOne(t, entry(expression), samplePayload()).Entity.Properties["p"]; got != want {
			t.Errorf("%s = %v, want %v", expression, got, want)
		}
	}
	for _, expression := range []string{
		`split('-')`, `.a['b']`, `['a', 'b']`, `{'k': 1}`, `('x')`, `'a', 'b'`, `test('x')`, `"the users' text"`, `"it is 'quoted' text"`,
	} {
		if _, err := mapper.Compile([]mapper.Entry{entry(expression)}, mapper.Options{}); err == nil {
			t.Errorf("%s compiles, but Port cannot compile it", expression)
		}
		webhook := entry(expression)
		webhook.Origin = mapper.OriginWebhook
		mapping := compile(t, []mapper.Entry{webhook})
		if limits := mapping.Limits(); len(limits) != 1 || !strings.Contains(limits[0].Reason, "Port cannot compile it") {
			t.Errorf("%s in Port's webhook: limits %+v, want one", expression, limits)
		}
	}
}

func FuzzCompile(f *testing.F) {
	f.Add("plain")
	f.Add(`it's "so" \(.x) \\`)
	f.Add(`'\('`)
	f.Add("def f(g): g; f(.body) as {$a, b: [$c]} | reduce .x[] as $y (0; . + $y)")
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 1<<10 {
			return
		}
		_, err := mapper.Compile([]mapper.Entry{entry(text)}, mapper.Options{Now: sampleNow, Timeout: 1})
		var invalid *jq.SyntaxError
		if err != nil && (!errors.As(err, &invalid) || invalid.Column > utf8.RuneCountInString(text)+1) {
			t.Errorf("%q: %v", text, err)
		}
	})
}
