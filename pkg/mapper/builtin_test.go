package mapper_test

import (
	"context"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/itchyny/gojq"

	"github.com/codecov-port/codecov-port/pkg/mapper"
	"github.com/codecov-port/codecov-port/pkg/port"
)

func TestRecordedWebhookReturnsTheDocumentedEntity(t *testing.T) {
	want := recorded(t, "webhook-sample-entity.json")
	mappings := map[string][]mapper.Entry{"built-in": mapper.BuiltinMapping(), "documented": documentedMapping(t)}
	for name, mapping := range mappings {
		t.Run(name, func(t *testing.T) {
			result, err := compile(t, mapping).Map(context.Background(), recorded(t, "webhook-sample.json"), takeAll)
			if err != nil {
				t.Fatal(err)
			}
			got := result.Entities[0]
			if diff := cmp.Diff(want["properties"], any(got.Entity.Properties)); diff != "" {
				t.Error(diff)
			}
			if got.Blueprint != want["blueprint"] || got.Entity.Identifier != want["identifier"] || got.Entity.Title != want["title"] {
				t.Errorf("got %s %s %q, want %v %v %q", got.Blueprint, got.Entity.Identifier, got.Entity.Title,
					want["blueprint"], want["identifier"], want["title"])
			}
			if len(got.Entity.Relations) != 0 {
				t.Errorf("relations %v, want none", got.Entity.Relations)
			}
		})
	}
}

func documentedMapping(t *testing.T) []mapper.Entry {
	t.Helper()
	data, err := os.ReadFile("../../testdata/port/port-webhook-mapping.json")
	if err != nil {
		t.Fatal(err)
	}
	mapping, err := mapper.ParseMapping(data)
	if err != nil {
		t.Fatal(err)
	}
	return mapping
}

func TestBuiltinMappingDiffersFromTheGuideOnlyInDecimals(t *testing.T) {
	want, got := documentedMapping(t)[0], mapper.BuiltinMapping()[0]
	delete(want.Entity.Properties, "createdAt")
	delete(got.Entity.Properties, "createdAt")
	want.Origin = mapper.OriginBuiltin
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestConformedEntitiesOfACommit(t *testing.T) {
	entities := mapBuiltin(t, samplePayload())
	want := []port.Entity{
		{
			Identifier: "codecov-example",
			Title:      "codecov-example",
			Properties: map[string]any{
				"repository": "https://app.codecov.io/gh/slanks/codecov-example",
				"coverage":   "97.22222",
				"service":    "github",
				"author":     "PagesCoffy",
				"createdAt":  "2024-02-02T14:21:35Z",
				"files":      "3",
				"lines":      "36",
				"branch":     "slanks-patch-11",
				"report": map[string]any{
					"files": 3, "lines": 36, "hits": 35, "misses": 1, "partials": 0, "coverage": "97.22222", "branches": 0,
					"methods": 0, "sessions": 2, "complexity": 0, "complexity_total": 0,
				},
			},
		},
		{
			Identifier: "codecov-example@a7794fc92007d3a1b99066c8f6ec66a393bf3520",
			Title:      "codecov-example@a7794fc",
			Properties: map[string]any{
				"coverage": 97.22222, "files": 3, "lines": 36, "hits": 35, "misses": 1, "partials": 0,
				"committedAt": "2024-02-02T14:21:35Z",
				"branch":      "slanks-patch-11",
				"author":      "PagesCoffy",
				"message":     "Update sonarqube.yml",
				"commit":      "a7794fc92007d3a1b99066c8f6ec66a393bf3520",
				"url":         "https://app.codecov.io/gh/slanks/codecov-example/commit/a7794fc92007d3a1b99066c8f6ec66a393bf3520",
			},
			Relations: map[string]any{"repository": "codecov-example"},
		},
	}
	for i, blueprint := range mapper.BuiltinBlueprints() {
		got, warnings := mapper.NewConformer(blueprint).Conform(entities[i].Entity)
		if diff := cmp.Diff(want[i], got); diff != "" {
			t.Errorf("%s: %s", blueprint.Identifier, diff)
		}
		if len(warnings) > 0 || blueprint.Identifier != entities[i].Blueprint {
			t.Errorf("%s (for %s): warnings %v", blueprint.Identifier, entities[i].Blueprint, warnings)
		}
	}
}

// What the webhook sends live holds things that the recorded sample does not.
func TestBuiltinMappingOnUnusualLivePayloads(t *testing.T) {
	tests := []struct {
		name        string
		change      func(head map[string]any)
		first, then map[string]any // what the two entities hold
	}{
		{
			"decimals",
			func(head map[string]any) { head["timestamp"] = "2024-06-01T00:00:00.120000" },
			map[string]any{"createdAt": "2024-06-01T00:00:00Z"},
			map[string]any{"committedAt": "2024-06-01T00:00:00.120000Z"},
		},
		{
			"a zone",
			func(head map[string]any) { head["timestamp"] = "2024-06-01T00:00:00Z" },
			map[string]any{"createdAt": "2024-06-01T00:00:00Z"},
			map[string]any{"committedAt": "2024-06-01T00:00:00Z"},
		},
		{
			"the first year",
			func(head map[string]any) { head["timestamp"] = "0001-01-01T00:00:00" },
			map[string]any{"createdAt": "0001-01-01T00:00:00Z"},
			map[string]any{"committedAt": "0001-01-01T00:00:00Z"},
		},
		{
			"nulls",
			func(head map[string]any) {
				head["author"], head["totals"], head["timestamp"], head["message"] = nil, nil, nil, nil
			},
			map[string]any{"author": nil, "coverage": nil, "createdAt": nil, "files": nil},
			map[string]any{"author": nil, "coverage": nil, "committedAt": nil, "message": nil, "hits": nil},
		},
		{
			"an author without a name",
			func(head map[string]any) { head["author"].(map[string]any)["name"] = nil },
			map[string]any{"author": nil},
			map[string]any{"author": "slanks"},
		},
		{
			"a long message",
			func(head map[string]any) { head["message"] = strings.Repeat("ü", 201) + "\r\nmore" },
			nil,
			map[string]any{"message": strings.Repeat("ü", 200)},
		},
		{
			"a message with Windows' line ends",
			func(head map[string]any) { head["message"] = "one\r\n\r\ntwo" },
			nil,
			map[string]any{"message": "one"},
		},
		{
			"full coverage",
			func(head map[string]any) { head["totals"].(map[string]any)["coverage"] = "100" },
			map[string]any{"coverage": "100"},
			map[string]any{"coverage": 100},
		},
		{
			"more lines than a float64 holds",
			func(head map[string]any) { head["totals"].(map[string]any)["lines"] = 9007199254740993 },
			map[string]any{"lines": 9007199254740993},
			map[string]any{"lines": 9007199254740993},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			payload := recorded(t, "webhook-sample.json")
			test.change(part(t, payload, "body", "head").(map[string]any))
			entities := mapBuiltin(t, payload)
			for i, want := range []map[string]any{test.first, test.then} {
				for property, value := range want {
					got, ok := entities[i].Entity.Properties[property]
					if diff := cmp.Diff(value, got); diff != "" || !ok {
						t.Errorf("entity %d, %s (there: %t): %s", i+1, property, ok, diff)
					}
				}
			}
		})
	}
}

func TestBuiltinHistoryNeedsACommit(t *testing.T) {
	payload := recorded(t, "webhook-sample.json")
	payload["body"].(map[string]any)["head"] = nil
	entities := mapBuiltin(t, payload)
	if len(entities) != 1 || entities[0].Blueprint != "codecov_coverage" {
		t.Errorf("a payload without a head gave %+v", entities)
	}
}

// The blueprint of Port's guide has neither calculations nor aggregations; the built-in one adds one of each.
func TestBuiltinBlueprints(t *testing.T) {
	blueprints := mapper.BuiltinBlueprints()
	encoded, err := json.Marshal(blueprints[0])
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal(encoded, &got); err != nil {
		t.Fatal(err)
	}
	want := recorded(t, "port-blueprint.json")
	for _, added := range []string{"calculationProperties", "aggregationProperties"} {
		delete(want, added)
		delete(got, added)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got := blueprints[1].Relations["repository"]; got.Target != "codecov_coverage" || got.Many || got.Required {
		t.Errorf("relation to the repository: %+v", got)
	}
}

// Every property that the mapping writes is declared, and every one that is declared is written.
func TestBuiltinMappingFitsItsBlueprints(t *testing.T) {
	entries := compile(t, mapper.BuiltinMapping()).Entries()
	for i, blueprint := range mapper.BuiltinBlueprints() {
		declared := map[string]bool{}
		for name := range blueprint.Schema.Properties {
			declared[name] = true
		}
		written := map[string]bool{}
		for _, name := range entries[i].Properties {
			written[name] = true
		}
		if diff := cmp.Diff(declared, written); diff != "" || entries[i].Blueprint != blueprint.Identifier {
			t.Errorf("%s: %s", blueprint.Identifier, diff)
		}
		for _, name := range entries[i].Relations {
			if _, ok := blueprint.Relations[name]; !ok {
				t.Errorf("%s declares no relation %s", blueprint.Identifier, name)
			}
		}
	}
}

func TestBuiltinCoveragePercent(t *testing.T) {
	var calculations map[string]struct{ Calculation, Type string }
	if err := json.Unmarshal(mapper.BuiltinBlueprints()[0].CalculationProperties, &calculations); err != nil {
		t.Fatal(err)
	}
	percent := calculations["coveragePercent"]
	if len(calculations) != 1 || percent.Type != "number" {
		t.Fatalf("calculations %+v", calculations)
	}
	query, err := gojq.Parse(percent.Calculation)
	if err != nil {
		t.Fatal(err)
	}
	for coverage, want := range map[any]any{"97.22222": 97.22222, "100": 100, 12.5: 12.5, nil: nil, "": nil, "unknown": nil} {
		got, ok := query.Run(map[string]any{"properties": map[string]any{"coverage": coverage}}).Next()
		if diff := cmp.Diff(want, got); diff != "" || !ok {
			t.Errorf("%v: %s", coverage, diff)
		}
	}
}

func TestBuiltinMeanOfTheLastMonth(t *testing.T) {
	var got map[string]map[string]any
	if err := json.Unmarshal(mapper.BuiltinBlueprints()[0].AggregationProperties, &got); err != nil {
		t.Fatal(err)
	}
	aggregation := got["coverageLastMonth"]
	delete(aggregation, "title")
	delete(aggregation, "description")
	want := map[string]any{
		"target":          "codecov_commit_coverage",
		"calculationSpec": map[string]any{"calculationBy": "property", "func": "average", "averageOf": "total", "property": "coverage"},
		"query": map[string]any{"combinator": "and", "rules": []any{
			map[string]any{"property": "committedAt", "operator": "between", "value": map[string]any{"preset": "lastMonth"}},
		}},
	}
	if diff := cmp.Diff(want, aggregation); diff != "" || len(got) != 1 {
		t.Error(diff, got)
	}
}
