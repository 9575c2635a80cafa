package mapper_test

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/codecov-port/codecov-port/pkg/mapper"
)

func TestExpressions(t *testing.T) {
	tests := []struct {
		name, expression string
		want             any
	}{
		{"first of several", `1, 2`, 1},
		{"fails", `.body.repo.name | .x`, nil},
		{"fails after the first", `1, error("x")`, 1},
		{"halts", `halt`, nil},
		{"ends in a loop", `null | last(repeat(.))`, nil},
		{"lazy loop", `3 | repeat(.)`, 3},
		{"limit", `[1 | limit(2; repeat(.))]`, []any{1, 1}},
		{"nan", `nan`, nil},
		{"infinite", `infinite`, math.MaxFloat64},
		{"beyond float64", `1e1000`, math.MaxFloat64},
		{"beyond float64 from text", `"-1e1000" | tonumber`, -math.MaxFloat64},
		{"nan within", `{a: [nan, 1], b: 1e1000}`, map[string]any{"a": []any{nil, 1}, "b": math.MaxFloat64}},
		{"deep JSON in text", `"[" * 20000 + "]" * 20000 | fromjson`, nil},
		{"whole number beyond 2^53", `9007199254740993`, 9007199254740993},
		{"environment", `env, $ENV | length`, 0},
		{"variable of the environment", `$ENV.PATH`, nil},
		{"debug", `1 | debug | debug("x") | stderr`, 1},
		{"file name", `input_filename`, nil},
		{"now", `now`, 1795384800.5}, // sampleNow and half a second
		{"now within", `[now | todate] | first`, "2026-11-22T22:00:00Z"},
		{"now within a function", `def f: now; 1 | f | floor`, 1795384800.0},
		{"a now of the mapping's own", `def now: 1; 0 | now`, 1},
		{"getpath", `{a: {b: 1}} | getpath(["a", "b"])`, 1},
		{"strings stay", `"<>&\u2028"`, "<>&\u2028"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			mapping, err := mapper.Compile([]mapper.Entry{entry(test.expression)},
				mapper.Options{Now: sampleNow.Add(time.Second / 2), Timeout: 20 * time.Millisecond})
			if err != nil {
				t.Fatal(err)
			}
			result, err := mapping.Map(context.Background(), samplePayload(), takeAll)
			if err != nil {
				t.Fatal(err)
			}
			got, ok := result.Entities[0].Entity.Properties["p"]
			if diff := cmp.Diff(test.want, got); diff != "" || !ok {
				t.Errorf("there: %t, %s", ok, diff)
			}
		})
	}
}

// TestNestingIsBounded: an encoder, and Port's decoder, would go down as deep as a value does.
func TestNestingIsBounded(t *testing.T) {
	for expression, want := range map[string]bool{
		`reduce range(10000) as $i (1; [.])`: true, `reduce range(10001) as $i (1; [.])`: false,
		`[range(20000) | [.]]`:                  true,
		`reduce range(10000) as $i (1; {a: .})`: true, `reduce range(10001) as $i (1; {a: .})`: false,
	} {
		mapping, err := mapper.Compile([]mapper.Entry{entry(expression)}, mapper.Options{Timeout: time.Minute})
		if err != nil {
			t.Fatal(err)
		}
		result, err := mapping.Map(context.Background(), samplePayload(), takeAll)
		if err != nil {
			t.Fatal(err)
		}
		if got := result.Entities[0].Entity.Properties["p"] != nil; got != want {
			t.Errorf("%s has a result: %t, want %t", expression, got, want)
		}
	}
}

func TestNoResultIsAbsent(t *testing.T) {
	for _, expression := range []string{"empty", ".body.repo.name | select(false)", "first(empty)"} {
		if value, ok := mapOne(t, entry(expression), samplePayload()).Entity.Properties["p"]; ok {
			t.Errorf("%s: the property is %v, want it absent", expression, value)
		}
	}
}

func TestLocalTimeIsUTC(t *testing.T) {
	local := time.Local
	t.Cleanup(func() { time.Local = local })
	time.Local = time.FixedZone("elsewhere", 5*3600)
	for expression, want := range map[string]any{`0 | localtime | mktime`: 0.0, `0 | strflocaltime("%H:%M")`: "00:00"} {
		if got := mapOne(t, entry(expression), samplePayload()).Entity.Properties["p"]; got != want {
			t.Errorf("%s: got %v, want %v", expression, got, want)
		}
	}
}

func TestALoopDoesNotTakeTheOthersWithIt(t *testing.T) {
	looping := entry(`null | last(repeat(.))`)
	looping.Entity.Properties["a"] = ".body.repo.name"
	looping.Entity.Properties["z"] = ".body.head.branch"
	mapping, err := mapper.Compile([]mapper.Entry{looping}, mapper.Options{Timeout: 100 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	result, err := mapping.Map(t.Context(), samplePayload(), takeAll)
	if err != nil {
		t.Fatal(err)
	}
	properties := result.Entities[0].Entity.Properties
	want := map[string]any{"a": "codecov-example", "p": nil, "z": "slanks-patch-11"}
	if diff := cmp.Diff(want, properties); diff != "" {
		t.Error(diff)
	}
}

// The time that a caller spends in take is not held against the expressions that follow.
func TestASlowCallerLosesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mapping := compile(t, []mapper.Entry{entry(".body.repo.name")})
		result, err := mapping.Map(context.Background(), samplePayload(), func(string, string) bool {
			<-time.After(time.Hour)
			return true
		})
		if err != nil || result.Entities[0].Entity.Properties["p"] != "codecov-example" {
			t.Errorf("got %+v, %v", result, err)
		}
	})
}

func TestResultsOver1MiBAreNull(t *testing.T) {
	const limit = 1 << 20
	ones := func(n int) []any { return slices.Repeat([]any{1}, n) }
	tests := []struct {
		name  string
		value any
		kept  bool
	}{
		{"text just small enough", strings.Repeat("x", limit-2), true},
		{"text too large", strings.Repeat("x", limit-1), false},
		{"text that escaping makes too large", strings.Repeat(`"`, limit/2), false},
		{"control characters", strings.Repeat("\x01", limit/6+1), false},
		{"array just small enough", ones(limit/2 - 1), true},
		{"array too large", ones(limit / 2), false},
		{"object with a large key", map[string]any{strings.Repeat("x", limit): 1}, false},
		{"deep nesting", nested(limit), false},
	}
	mapping := compile(t, []mapper.Entry{entry(".value")})
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			result, err := mapping.Map(context.Background(), map[string]any{"value": test.value}, takeAll)
			if err != nil {
				t.Fatal(err)
			}
			got := result.Entities[0].Entity.Properties["p"]
			if (got != nil) != test.kept {
				t.Errorf("kept: %t, want %t", got != nil, test.kept)
			}
			if encoded, err := json.Marshal(got); err != nil || len(encoded) > limit {
				t.Errorf("encodes to %d bytes, error %v", len(encoded), err)
			}
		})
	}
}

func nested(depth int) any {
	var value any
	for range depth {
		value = []any{value}
	}
	return value
}

func TestFilter(t *testing.T) {
	for filter, passes := range map[string]bool{
		"": true, " ": true, "true": true, ".body.repo.private | not": true, "true, false": true,
		"false": false, "null": false, "1": false, `"true"`: false, "empty": false, `error("x")`: false, ".body": false,
	} {
		filtered := entry("1")
		filtered.Filter = filter
		result := mapAll(t, filtered, samplePayload())
		if got := len(result.Entities) == 1; got != passes || len(result.Unnamed) > 0 {
			t.Errorf("filter %q: passes %t, want %t; unnamed %v", filter, got, passes, result.Unnamed)
		}
		if got := len(result.Filtered) == 0; got != passes {
			t.Errorf("filter %q: filtered %v", filter, result.Filtered)
		}
	}
}

func TestIdentifier(t *testing.T) {
	tests := []struct {
		expression string
		identifier string // of the entity; empty: none
		problem    string
		unnamed    bool
	}{
		{`.body.repo.name`, "codecov-example", "", false},
		{`"ünï/cödé:1"`, "ünï/cödé:1", "", false},
		{`"a\\b"`, `a\b`, "", false},
		{`"x" * 1000`, strings.Repeat("x", 1000), "", false},
		{`"ü" * 1000`, strings.Repeat("ü", 1000), "", false},
		{`null`, "", "", true},
		{`""`, "", "", true},
		{`3`, "", "", true},
		{`["a"]`, "", "", true},
		{`empty`, "", "", true},
		{`error("x")`, "", "", true},
		{`"a b"`, "", "has a character that Port forbids", false},
		{`"a#b"`, "", "has a character that Port forbids", false},
		{`"a\n"`, "", "has a character that Port forbids", false},
		{`"."`, "", "is only dots", false},
		{`".."`, "", "is only dots", false},
		{`"..."`, "...", "", false},
		{`"x" * 1001`, "", "is longer than 1,000 characters", false},
	}
	for _, test := range tests {
		t.Run(test.expression, func(t *testing.T) {
			e := mapper.Entry{Blueprint: "b", Entity: mapper.EntityTemplate{Identifier: test.expression}}
			result := mapAll(t, e, samplePayload())
			if got := identifiers(result); got != test.identifier {
				t.Errorf("got %q, want %q", got, test.identifier)
			}
			if got := len(result.Unnamed) == 1; got != test.unnamed {
				t.Errorf("unnamed: %v, want %t", result.Unnamed, test.unnamed)
			}
			if (len(result.Problems) == 1) != (test.problem != "") {
				t.Fatalf("problems: %+v, want %q", result.Problems, test.problem)
			}
			for _, problem := range result.Problems {
				if !strings.HasPrefix(problem.Reason, test.problem) || problem.Identifier == "" || problem.Blueprint != "b" {
					t.Errorf("got %+v, want %q", problem, test.problem)
				}
			}
		})
	}
}

func identifiers(result mapper.Result) string {
	var all []string
	for _, mapped := range result.Entities {
		all = append(all, mapped.Entity.Identifier)
	}
	return strings.Join(all, " ")
}

func TestTakeDecides(t *testing.T) {
	var asked []string
	taken := map[string]bool{"b a b": true}
	mapping := compile(t, []mapper.Entry{named("b", `"id"`), named("b", `"id"`), named("c", `"id"`), named("b", `"a b"`)})
	result, err := mapping.Map(context.Background(), samplePayload(), func(blueprint, identifier string) bool {
		key := blueprint + " " + identifier
		asked = append(asked, key)
		defer func() { taken[key] = true }()
		return !taken[key]
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"b id", "b id", "c id", "b a b"}, asked); diff != "" {
		t.Error(diff)
	}
	if len(result.Entities) != 2 || result.Entities[0].Entry != 0 || result.Entities[1].Entry != 2 || len(result.Problems) != 0 {
		t.Errorf("got %+v", result)
	}
}

func named(blueprint, identifier string) mapper.Entry {
	return mapper.Entry{Blueprint: blueprint, Entity: mapper.EntityTemplate{Identifier: identifier}}
}

func TestItemsToParse(t *testing.T) {
	items := mapper.Entry{
		Blueprint: "b", Filter: ".item.skip | not", ItemsToParse: ".body.items",
		Entity: mapper.EntityTemplate{
			Identifier: `.body.name + "-" + .item.id`,
			Properties: map[string]string{"p": ".item.value"},
		},
	}
	payload := map[string]any{"body": map[string]any{"name": "r", "items": []any{
		map[string]any{"id": "1", "value": 1},
		map[string]any{"id": "2", "skip": true},
		map[string]any{"value": 3},
		3,
		map[string]any{"id": "5"},
	}}}
	result := mapAll(t, items, payload)
	if got := identifiers(result); got != "r-1 r- r-5" {
		t.Errorf("got %q", got)
	}
	if got := result.Entities[0].Entity.Properties["p"]; got != 1 {
		t.Errorf("value of the first item: got %v", got)
	}
	if _, ok := payload["item"]; ok {
		t.Error("the payload was changed")
	}
	for expression, unnamed := range map[string]int{".body.none": 1, ".body.name": 1, "[]": 0} {
		items.ItemsToParse = expression
		if result := mapAll(t, items, payload); len(result.Entities) != 0 || len(result.Unnamed) != unnamed {
			t.Errorf("itemsToParse %s: got %+v", expression, result)
		}
	}
}

// Port ends at 500 items.
func TestItemsBeyondThe500th(t *testing.T) {
	items := mapper.Entry{Blueprint: "b", ItemsToParse: "[range(.body.items) | tostring]", Entity: mapper.EntityTemplate{Identifier: ".item"}}
	for count, dropped := range map[int]int{500: 0, 503: 3} {
		result := mapAll(t, items, map[string]any{"body": map[string]any{"items": count}})
		if len(result.Entities) != 500 || result.DroppedItems["b"] != dropped {
			t.Errorf("%d items: %d entities and %d dropped items, want 500 and %d", count, len(result.Entities), result.DroppedItems["b"], dropped)
		}
	}
}

func TestTitleIconTeam(t *testing.T) {
	tests := []struct {
		expression string
		text       string
		team       any
	}{
		{`"x"`, "x", "x"},
		{`3`, "3", nil},
		{`null`, "", nil},
		{`{}`, "", nil},
		{`["a", "b"]`, "", []any{"a", "b"}},
		{`["a", 1]`, "", nil},
		{`[]`, "", nil},
		{`""`, "", nil},
		{`error("x")`, "", nil},
		{`"x\(.body.owner.service_id)"`, "", nil},
	}
	for _, test := range tests {
		t.Run(test.expression, func(t *testing.T) {
			e := named("b", `"id"`)
			e.Entity.Title, e.Entity.Icon, e.Entity.Team = test.expression, test.expression, test.expression
			got := mapOne(t, e, samplePayload()).Entity
			if got.Title != test.text || got.Icon != test.text || !cmp.Equal(got.Team, test.team) {
				t.Errorf("got title %q, icon %q, team %v, want %q and %v", got.Title, got.Icon, got.Team, test.text, test.team)
			}
			encoded, err := json.Marshal(got)
			if err != nil || strings.Contains(string(encoded), "null") {
				t.Errorf("encodes to %s, error %v: Port refuses null", encoded, err)
			}
		})
	}
}

func TestRelations(t *testing.T) {
	e := named("b", `"id"`)
	e.Entity.Relations = map[string]string{"one": ".body.repo.name", "none": "null", "many": `["a", "b"]`, "unknown": ".body.repo.service_id"}
	want := map[string]any{"one": "codecov-example", "none": nil, "many": []any{"a", "b"}}
	if diff := cmp.Diff(want, mapOne(t, e, samplePayload()).Entity.Relations); diff != "" {
		t.Error(diff)
	}
}

// The command map prints {} and not null.
func TestAnEntityWithoutPropertiesHasAnEmptyMap(t *testing.T) {
	if entity := mapOne(t, named("b", `"id"`), samplePayload()).Entity; entity.Properties == nil {
		t.Error("properties are nil, want an empty map")
	}
}

func TestMapStopsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	mapping := compile(t, []mapper.Entry{named("b", `"id"`), named("c", `"id"`)})
	result, err := mapping.Map(ctx, samplePayload(), func(string, string) bool {
		cancel()
		return true
	})
	if !errors.Is(err, context.Canceled) || len(result.Entities) > 0 {
		t.Errorf("got %+v, %v", result, err)
	}
}

func TestMapOfOddPayloads(t *testing.T) {
	for name, payload := range map[string]map[string]any{
		"nil": nil, "empty": {}, "body is a list": {"body": []any{1}}, "head is text": {"body": map[string]any{"head": "x"}},
		"numbers as text": {"body": map[string]any{"head": map[string]any{"totals": map[string]any{"lines": json.Number("1e999")}}}},
	} {
		t.Run(name, func(t *testing.T) {
			for _, mapped := range mapBuiltin(t, payload) {
				if _, err := json.Marshal(mapped.Entity); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

func TestMapIsSafeForConcurrentUse(t *testing.T) {
	mapping := compile(t, mapper.BuiltinMapping())
	payload := samplePayload()
	var workers sync.WaitGroup
	for range 8 {
		workers.Go(func() {
			for range 50 {
				if result, err := mapping.Map(context.Background(), payload, takeAll); err != nil || len(result.Entities) != 2 {
					t.Errorf("got %+v, %v", result, err)
				}
			}
		})
	}
	workers.Wait()
	if diff := cmp.Diff(samplePayload(), payload); diff != "" {
		t.Errorf("the payload was changed: %s", diff)
	}
}
