package mapper_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/codecov-port/codecov-port/pkg/mapper"
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
		{`'ü"' + 'x' b`, 12, `unexpected token "b"`},
		{`"\('a') \('b" }`, 11, "a single-quoted string has no end"},
		{`.a + 'b`, 6, "a single-quoted string has no end"},
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
			var wrong *mapper.ExpressionError
			if !errors.As(err, &wrong) {
				t.Fatalf("got %v, want an ExpressionError", err)
			}
			if wrong.Entry != 1 || wrong.Field != "entity.properties.p" || wrong.Expression != test.expression || wrong.Column != test.column {
				t.Errorf("got entry %d, %s, %s, column %d, want column %d", wrong.Entry, wrong.Field, wrong.Expression, wrong.Column, test.column)
			}
			if !strings.Contains(err.Error(), "mapping entry 2 (b): entity.properties.p: "+test.want) {
				t.Errorf("got %q, want %q in it", err, test.want)
			}
		})
	}
}

func TestCompileTellsAllErrorsAtOnce(t *testing.T) {
	broken := mapper.Entry{Blueprint: "b", Filter: "x", Entity: mapper.EntityTemplate{
		Identifier: "|", Relations: map[string]string{"r": "'"},
	}}
	_, err := mapper.Compile([]mapper.Entry{broken, entry("]")}, mapper.Options{})
	if err == nil || len(strings.Split(err.Error(), "\n")) != 4 {
		t.Errorf("got %v, want 4 errors", err)
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
		{
			Index: 0, Blueprint: "b", Properties: []string{"p"}, Relations: []string{}, Unknown: []string{"entity.properties.p"},
			Partial: map[string][]string{"p": {"body"}},
		},
		{
			Index: 2, Blueprint: "c", Properties: []string{"a", "z"}, Relations: []string{"r", "s"},
			Unknown: []string{"filter", "entity.properties.a", "entity.relations.r"},
			Partial: map[string][]string{"a": totalsKeys}, Unwritten: []string{"r"},
		},
		{Index: 3, Blueprint: "b", Properties: []string{"p"}, Relations: []string{}},
	}
	if diff := cmp.Diff(want, mapping.Entries()); diff != "" {
		t.Error(diff)
	}
}

func TestSingleQuotes(t *testing.T) {
	tests := []struct {
		expression string
		want       any
	}{
		{`'abc'`, "abc"},
		{`''`, ""},
		{`'say "hi"'`, `say "hi"`},
		{`'it\'s'`, "it's"},
		{`'a\\'`, `a\`},
		{`'tab\tquote\u0041'`, "tab\tquoteA"},
		{`'ünï' + "cödé"`, "ünïcödé"},
		{`"it's"`, "it's"},
		{`"it's \"so\"" + 'x'`, `it's "so"x`},
		{`'a \(.body.repo.name) b'`, "a codecov-example b"},
		{`'a \(.body["repo"].name + ("(" + ')')) b'`, "a codecov-example() b"},
		{`"a \('b' + ("c"))"`, "a bc"},
		{`'a \('b \("c")')'`, "a b c"},
		{"1 # it's a comment\n + 2", 3},
		{"1 # it's \\\n continued's\n + 2", 3},
		{`{'key': 1}`, map[string]any{"key": 1}},
		{`.body.repo['name']`, "codecov-example"},
		{`@json 'x\(["y"])'`, `x["y"]`},
	}
	for _, test := range tests {
		t.Run(test.expression, func(t *testing.T) {
			got := mapOne(t, entry(test.expression), samplePayload()).Entity.Properties["p"]
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Any text, written as a single-quoted string, comes out as it went in; and no expression at all upsets the compiler.
func FuzzSingleQuotes(f *testing.F) {
	f.Add("plain")
	f.Add(`it's "so" \(.x) \\`)
	f.Add("# no comment\n\t\x00")
	f.Add(`'\('`)
	f.Add("\U0001F680 'ü'")
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 1<<10 {
			return
		}
		_, err := mapper.Compile([]mapper.Entry{entry(text)}, mapper.Options{Now: sampleNow, Timeout: 1})
		var wrong *mapper.ExpressionError
		if err != nil && (!errors.As(err, &wrong) || wrong.Column > utf8.RuneCountInString(text)+1) {
			t.Errorf("%q: %v", text, err)
		}
		if !utf8.ValidString(text) {
			return
		}
		quoted, err := json.Marshal(text)
		if err != nil {
			t.Fatal(err)
		}
		inner := strings.ReplaceAll(string(quoted[1:len(quoted)-1]), `\"`, `"`)
		literal := "'" + strings.ReplaceAll(inner, "'", `\'`) + "'"
		if got := mapOne(t, entry(literal), samplePayload()).Entity.Properties["p"]; got != text {
			t.Errorf("%s: got %q, want %q", literal, got, text)
		}
	})
}
