package mapper_test

import (
	"encoding/json"
	"math"
	"math/big"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codecov-port/codecov-port/pkg/mapper"
	"github.com/codecov-port/codecov-port/pkg/mapper/jq"
	"github.com/codecov-port/codecov-port/pkg/port"
)

func TestConformProperty(t *testing.T) {
	text := port.Property{Type: "string"}
	format := func(name string) port.Property { return port.Property{Type: "string", Format: name} }
	number := port.Property{Type: "number"}
	boolean := port.Property{Type: "boolean"}
	object := port.Property{Type: "object"}
	array := port.Property{Type: "array"}
	labeled := port.Property{Type: "object", Format: "labeled-url"}
	items := func(declared port.Property) port.Property { return port.Property{Type: "array", Items: &declared} }
	huge, _ := new(big.Int).SetString("123456789012345678901234567890", 10)
	const (
		noText    = "is not a string"
		noNumber  = "is not a number"
		noBoolean = "is not a boolean"
	)
	tests := []struct {
		name     string
		declared port.Property
		value    any
		want     any
		reason   string
	}{
		{"text", text, "x", "x", ""},
		{"number as text", text, 3, "3", ""},
		{"large whole number as text", text, 9007199254740993, "9007199254740993", ""},
		{"very large whole number as text", text, huge, "123456789012345678901234567890", ""},
		{"decimals as text", text, 97.22222, "97.22222", ""},
		{"whole float as text", text, 3.0, "3", ""},
		{"large float as text", text, 1e20, "100000000000000000000", ""},
		{"larger float as text", text, 1e21, "1e+21", ""},
		{"small float as text", text, 1e-7, "1e-7", ""},
		{"minus zero as text", text, math.Copysign(0, -1), "0", ""},
		{"boolean as text", text, true, "true", ""},
		{"object as text", text, map[string]any{}, nil, noText},
		{"array as text", text, []any{"x"}, nil, noText},
		{"nan as text", text, math.NaN(), nil, noText},

		{"number", number, 3, 3, ""},
		{"decimals", number, 97.22222, 97.22222, ""},
		{"large whole number", number, 9007199254740993, 9007199254740993, ""},
		{"text as number", number, "97.22222", 97.22222, ""},
		{"text as whole number", number, "9007199254740993", 9007199254740993, ""},
		{"text as very large whole number", number, "123456789012345678901234567890", huge, ""},
		{"text as number with exponent", number, "1.5e3", 1500.0, ""},
		{"text as zero", number, "0.000", 0.0, ""},
		{"text as the shortest of a float", number, "0.30000000000000004", 0.30000000000000004, ""},
		{"text with more digits than a float holds", number, "0.1000000000000000000001", nil, noNumber},
		{"text too small", number, "1e-400", nil, noNumber},
		{"text too large", number, "1e400", nil, noNumber},
		{"text with a leading zero", number, "007", nil, noNumber},
		{"text with blanks", number, " 3", nil, noNumber},
		{"hexadecimal text", number, "0x10", nil, noNumber},
		{"text with underscores", number, "1_000", nil, noNumber},
		{"text nan", number, "NaN", nil, noNumber},
		{"empty text as number", number, "", nil, noNumber},
		{"percent", number, "97%", nil, noNumber},
		{"boolean as number", number, true, nil, noNumber},

		{"boolean", boolean, false, false, ""},
		{"text as boolean", boolean, "true", true, ""},
		{"other text as boolean", boolean, "T", nil, noBoolean},
		{"number as boolean", boolean, 1, nil, noBoolean},

		{"object", object, map[string]any{"a": 1}, map[string]any{"a": 1}, ""},
		{"text as object", object, "{}", nil, "is not an object"},
		{"array", array, []any{1, "x"}, []any{1, "x"}, ""},
		{"text as array", array, "x", nil, "is not an array"},
		{"null", number, nil, nil, ""},
		{"a type that Port may have one day", port.Property{Type: "tuple"}, 3, 3, ""},

		{"date-time", format("date-time"), "2024-02-02T14:21:35Z", "2024-02-02T14:21:35Z", ""},
		{"date-time with decimals and offset", format("date-time"), "2024-02-02T14:21:35.120000+02:00", "2024-02-02T14:21:35.120000+02:00", ""},
		{"first year", format("date-time"), "0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z", ""},
		{"last year", format("date-time"), "9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z", ""},
		{"date-time without a zone", format("date-time"), "2024-02-02T14:21:35", nil, "is not a valid date-time"},
		{"date-time that never was", format("date-time"), "2024-02-30T14:21:35Z", nil, "is not a valid date-time"},
		{"date-time with a short hour", format("date-time"), "2024-02-02T4:21:35.0Z", nil, "is not a valid date-time"},
		{"date-time with a comma", format("date-time"), "2024-02-02T14:21:35,5Z", nil, "is not a valid date-time"},
		{"date-time in seconds", format("date-time"), 1706883695, nil, "is not a valid date-time"},
		{"date-time with a blank", format("date-time"), "2024-02-02 14:21:35Z", "2024-02-02T14:21:35Z", ""},
		{"date-time in lower case", format("date-time"), "2024-02-02t14:21:35.5z", "2024-02-02T14:21:35.5Z", ""},
		{"date-time with a short offset", format("date-time"), "2024-02-02T14:21:35+02", "2024-02-02T14:21:35+02:00", ""},
		{"date-time with an offset without colon", format("date-time"), "2024-02-02T14:21:35-0330", "2024-02-02T14:21:35-03:30", ""},
		{"leap second", format("date-time"), "2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z", ""},
		{"leap second with decimals and offset", format("date-time"), "2016-12-31 23:59:60.25+0000", "2017-01-01T00:00:00.25Z", ""},
		{"leap second at another time", format("date-time"), "2016-12-31T10:20:60Z", nil, "is not a valid date-time"},
		{"date-time with two blanks", format("date-time"), "2024-02-02  14:21:35Z", nil, "is not a valid date-time"},
		{"items that are date-times", items(format("date-time")), []any{"2024-02-02 14:21:35z"}, []any{"2024-02-02T14:21:35Z"}, ""},
		{"url", format("url"), "https://app.codecov.io/gh/a/b%20c", "https://app.codecov.io/gh/a/b%20c", ""},
		{"relative url", format("url"), "/gh/a/b", nil, "is not a valid url"},
		{"url without a host", format("url"), "https:///x", nil, "is not a valid url"},
		{"url with a blank", format("url"), "https://x/a b", nil, "is not a valid url"},
		{"url of a script", format("url"), "javascript:alert(1)", nil, "is not a valid url"},
		{"email", format("email"), "a@example.test", "a@example.test", ""},
		{"email with a name", format("email"), "A <a@example.test>", nil, "is not a valid email"},
		{"user", format("user"), "slanks", nil, "is not a valid user"},
		{"ipv4", format("ipv4"), "10.0.0.1", "10.0.0.1", ""},
		{"ipv4 that isn't", format("ipv4"), "::1", nil, "is not a valid ipv4"},
		{"ipv6", format("ipv6"), "::1", "::1", ""},
		{"ipv4 within ipv6", format("ipv4"), "::ffff:10.0.0.1", nil, "is not a valid ipv4"},
		{"ipv6 that isn't", format("ipv6"), "10.0.0.1", nil, "is not a valid ipv6"},
		{"ipv6 of one machine's link", format("ipv6"), "fe80::1%eth0", nil, "is not a valid ipv6"},
		{"idn-email", format("idn-email"), "jürgen@example.test", "jürgen@example.test", ""},
		{"idn-email that isn't", format("idn-email"), "jürgen", nil, "is not a valid idn-email"},
		{"user by address", format("user"), "a@example.test", "a@example.test", ""},
		{"timer", format("timer"), "2024-02-02T14:21:35Z", "2024-02-02T14:21:35Z", ""},
		{"timer that isn't", format("timer"), "in an hour", nil, "is not a valid timer"},
		{"markdown", format("markdown"), "# x", "# x", ""},
		{"yaml", format("yaml"), "a: [1", "a: [1", ""},
		{"proto", format("proto"), "message X {}", "message X {}", ""},
		{"team", format("team"), "platform", "platform", ""},
		{"blueprints", format("blueprints"), "service", "service", ""},
		{"number as markdown", format("markdown"), 3, "3", ""},
		{"labeled-url", labeled, map[string]any{"url": "https://x", "displayText": "X"}, map[string]any{"url": "https://x", "displayText": "X"}, ""},
		{"labeled-url within Port", labeled, map[string]any{"url": "/service"}, map[string]any{"url": "/service"}, ""},
		{"labeled-url without one", labeled, map[string]any{"displayText": "X"}, nil, "is not a valid labeled-url"},
		{"labeled-url with a number", labeled, map[string]any{"url": "https://x", "displayText": 3}, nil, "is not a valid labeled-url"},
		{"labeled-url as text", labeled, "https://x", nil, "is not an object"},
		{"a format that Port may have one day", format("other"), "x", "x", ""},

		{"enum", port.Property{Type: "string", Enum: []any{"a", "b"}}, "b", "b", ""},
		{"outside the enum", port.Property{Type: "string", Enum: []any{"a", "b"}}, "c", nil, "is not one of the values that the blueprint lists"},
		{"enum of numbers, by value", port.Property{Type: "number", Enum: []any{1.0, 2.0}}, "2", 2, ""},
		{"shortest", port.Property{Type: "string", MinLength: pointer(2)}, "üü", "üü", ""},
		{"too short", port.Property{Type: "string", MinLength: pointer(2)}, "ü", nil, "is shorter than the blueprint allows"},
		{"longest", port.Property{Type: "string", MaxLength: pointer(2)}, "üü", "üü", ""},
		{"too long", port.Property{Type: "string", MaxLength: pointer(2)}, "abc", nil, "is longer than the blueprint allows"},
		{"pattern", port.Property{Type: "string", Pattern: "^a"}, "ab", "ab", ""},
		{"does not match the pattern", port.Property{Type: "string", Pattern: "^a"}, "b", nil, "does not match the blueprint's pattern"},
		{"pattern of ECMAScript alone", port.Property{Type: "string", Pattern: "^(?!x)"}, "y", "y", ""},
		{"against a pattern of ECMAScript alone", port.Property{Type: "string", Pattern: "^(?!x)"}, "x", nil, "does not match the blueprint's pattern"},
		{"pattern that takes too long", port.Property{Type: "string", Pattern: `^(?!x)(a|aa)+$`}, strings.Repeat("a", 60) + "c", strings.Repeat("a", 60) + "c", ""},
		{"unsupported pattern", port.Property{Type: "string", Pattern: "("}, "x", "x", ""},
		{"minimum", port.Property{Type: "number", Minimum: pointer(1.5)}, 2, 2, ""},
		{"below", port.Property{Type: "number", Minimum: pointer(1.5)}, 1, nil, "is below the blueprint's minimum"},
		{"above", port.Property{Type: "number", Maximum: pointer(100.0)}, "100.5", nil, "is above the blueprint's maximum"},
		{"items", port.Property{Type: "array", Items: &text}, []any{"a", 3}, []any{"a", "3"}, ""},
		{"an item that doesn't fit", port.Property{Type: "array", Items: &number}, []any{1, "x"}, nil, "has an item that is not a number"},
		{"items with a format", items(format("url")), []any{"https://x", "https://y"}, []any{"https://x", "https://y"}, ""},
		{"an item with another format", items(format("user")), []any{"a@example.test", "b"}, nil, "has an item that is not a valid user"},
		{"items that are booleans", items(boolean), []any{"true", false}, []any{true, false}, ""},
		{"items that are objects", items(object), []any{map[string]any{"a": 1}}, []any{map[string]any{"a": 1}}, ""},
		{"items with addresses", items(labeled), []any{map[string]any{"a": 1}}, nil, "has an item that is not a valid labeled-url"},
		{"items that are arrays", items(items(text)), []any{[]any{1}}, []any{[]any{"1"}}, ""},
		{"an item outside the enum", items(port.Property{Type: "string", Enum: []any{"a"}}), []any{"a", "b"}, nil, "has an item that is not one of the values that the blueprint lists"},
		{"an item that is too long", items(port.Property{Type: "string", MaxLength: pointer(1)}), []any{"ab"}, nil, "has an item that is longer than the blueprint allows"},
		{"an item below the minimum", items(port.Property{Type: "number", Minimum: pointer(0.0)}), []any{-1}, nil, "has an item that is below the blueprint's minimum"},
		{"no items", items(number), []any{}, []any{}, ""},
		{"exactly the minimum", port.Property{Type: "number", Minimum: pointer(1.5)}, 1.5, 1.5, ""},
		{"exactly the maximum", port.Property{Type: "number", Maximum: pointer(100.0)}, "100", 100, ""},
		{"very large number above the maximum", port.Property{Type: "number", Maximum: pointer(100.0)}, huge, nil, "is above the blueprint's maximum"},
		{"enum of booleans", port.Property{Type: "boolean", Enum: []any{true}}, "false", nil, "is not one of the values that the blueprint lists"},
		{"enum of objects", port.Property{Type: "object", Enum: []any{map[string]any{"a": 1.0}}}, map[string]any{"a": 1}, map[string]any{"a": 1}, ""},
		{"as many items as allowed", port.Property{Type: "array", MinItems: pointer(1), MaxItems: pointer(1)}, []any{1}, []any{1}, ""},
		{"too few items", port.Property{Type: "array", MinItems: pointer(1)}, []any{}, nil, "has fewer items than the blueprint allows"},
		{"too many items", port.Property{Type: "array", MaxItems: pointer(1)}, []any{1, 2}, nil, "has more items than the blueprint allows"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			conformer := mapper.NewConformer(port.Blueprint{Schema: port.Schema{Properties: map[string]port.Property{"p": test.declared}}})
			got, warnings := conformer.Conform(port.Entity{Properties: map[string]any{"p": test.value}})
			if test.reason != "" {
				want := []mapper.Warning{{Property: "p", Reason: test.reason}}
				if diff := cmp.Diff(want, warnings); diff != "" || len(got.Properties) > 0 {
					t.Errorf("got %v, %s", got.Properties, diff)
				}
				return
			}
			value, there := got.Properties["p"]
			if diff := cmp.Diff(test.want, value, bigInts); diff != "" || !there || len(warnings) > 0 {
				t.Errorf("there: %t, warnings %v, %s", there, warnings, diff)
			}
		})
	}
}

var bigInts = cmp.Comparer(func(a, b *big.Int) bool { return a.Cmp(b) == 0 })

func TestConformRelation(t *testing.T) {
	tests := []struct {
		name   string
		many   bool
		value  any
		want   any
		reason string
	}{
		{"one", false, "a@b", "a@b", ""},
		{"an array of one", false, []any{"a"}, "a", ""},
		{"none", false, nil, nil, ""},
		{"several for one", false, []any{"a", "b"}, nil, "the relation takes one entity"},
		{"an empty array for one", false, []any{}, nil, "the relation takes one entity"},
		{"a number", false, 3, nil, "is not an identifier"},
		{"forbidden", false, "a b", nil, "is an identifier that Port forbids"},
		{"empty", false, "", nil, "is an identifier that Port forbids"},
		{"too long", false, strings.Repeat("x", 1001), nil, "is an identifier that Port forbids"},
		{"several", true, []any{"a", "b"}, []any{"a", "b"}, ""},
		{"an empty array", true, []any{}, []any{}, ""},
		{"one for several", true, "a", []any{"a"}, ""},
		{"null for a relation to many", true, nil, nil, ""},
		{"null among several", true, []any{"a", nil}, nil, "is not an identifier"},
		{"nested", true, []any{[]any{"a"}}, nil, "is not an identifier"},
		{"forbidden among several", true, []any{"a", ".."}, nil, "is an identifier that Port forbids"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			conformer := mapper.NewConformer(port.Blueprint{Relations: map[string]port.Relation{"r": {Target: "t", Many: test.many}}})
			got, warnings := conformer.Conform(port.Entity{Relations: map[string]any{"r": test.value}})
			if test.reason != "" {
				if diff := cmp.Diff([]mapper.Warning{{Property: "r", Reason: test.reason}}, warnings); diff != "" || len(got.Relations) > 0 {
					t.Errorf("got %v, %s", got.Relations, diff)
				}
				return
			}
			value, there := got.Relations["r"]
			if diff := cmp.Diff(test.want, value); diff != "" || !there || len(warnings) > 0 {
				t.Errorf("there: %t, warnings %v, %s", there, warnings, diff)
			}
		})
	}
}

func TestConformLeavesOutUndeclaredValues(t *testing.T) {
	conformer := mapper.NewConformer(port.Blueprint{Schema: port.Schema{Properties: map[string]port.Property{"p": {Type: "string"}}}})
	entity := port.Entity{
		Identifier: "id", Title: "t", Icon: "Git", Team: []any{"x"},
		Properties: map[string]any{"p": 1, "z": 1, "a": 1},
		Relations:  map[string]any{"r": "x"},
	}
	got, warnings := conformer.Conform(entity)
	want := entity
	want.Properties, want.Relations = map[string]any{"p": "1"}, nil
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	wanted := []mapper.Warning{
		{Property: "a", Reason: "the blueprint has no such property"},
		{Property: "r", Reason: "the blueprint has no such relation"},
		{Property: "z", Reason: "the blueprint has no such property"},
	}
	if diff := cmp.Diff(wanted, warnings); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]any{"p": 1, "z": 1, "a": 1}, entity.Properties); diff != "" {
		t.Errorf("the entity that came in was changed: %s", diff)
	}
}

// Whatever the value, what conforms is of the declared type, conforms again to itself, and encodes.
func FuzzConform(f *testing.F) {
	f.Add("97.22222", "date-time")
	f.Add(`"2024-02-02T14:21:35Z"`, "date-time")
	f.Add(`"https://app.codecov.io/gh/a/b"`, "url")
	f.Add(`["1", 2, null, {"a": 1e999}]`, "email")
	f.Add(`"1e-400"`, "ipv4")
	f.Fuzz(func(t *testing.T, document, format string) {
		decoder := json.NewDecoder(strings.NewReader(document))
		decoder.UseNumber()
		var value any
		if decoder.Decode(&value) != nil {
			return
		}
		blueprint := port.Blueprint{Schema: port.Schema{Properties: map[string]port.Property{
			"string":  {Type: "string", Format: format},
			"number":  {Type: "number"},
			"boolean": {Type: "boolean"},
			"object":  {Type: "object"},
			"array":   {Type: "array", Items: &port.Property{Type: "number"}},
		}}, Relations: map[string]port.Relation{"one": {}, "many": {Many: true}}}
		value = jq.Input(value)
		entity := port.Entity{Properties: map[string]any{}, Relations: map[string]any{"one": value, "many": value}}
		for name := range blueprint.Schema.Properties {
			entity.Properties[name] = value
		}
		conformer := mapper.NewConformer(blueprint)
		once, _ := conformer.Conform(entity)
		twice, warnings := conformer.Conform(once)
		if diff := cmp.Diff(once, twice, bigInts); diff != "" || len(warnings) > 0 {
			t.Errorf("warnings %v, %s", warnings, diff)
		}
		for name, fitted := range once.Properties {
			if got := jsonType(fitted); got != name && got != "null" {
				t.Errorf("%s: got %s, %v", name, got, fitted)
			}
		}
		if text, ok := value.(string); ok && once.Properties["number"] != nil {
			assertSameNumber(t, text, once.Properties["number"])
		}
		if _, err := json.Marshal(once); err != nil {
			t.Error(err)
		}
	})
}

func jsonType(value any) string {
	switch value.(type) {
	case nil:
		return "null"
	case string:
		return "string"
	case bool:
		return "boolean"
	case map[string]any:
		return "object"
	case []any:
		return "array"
	default:
		return "number"
	}
}

// assertSameNumber holds the digits of a number against those of the text that it was made from.
func assertSameNumber(t *testing.T, text string, number any) {
	t.Helper()
	if len(text) > 100 || strings.ContainsAny(text, "eE") {
		return // exponents may be too large for a rational
	}
	encoded, err := json.Marshal(number)
	if err != nil {
		t.Fatal(err)
	}
	want, ok := new(big.Rat).SetString(text)
	got, isToo := new(big.Rat).SetString(string(encoded))
	if !ok || !isToo || want.Cmp(got) != 0 {
		t.Errorf("%s became %s", text, encoded)
	}
}
