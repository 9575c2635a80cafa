package mapper_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codecov-port/codecov-port/pkg/mapper"
)

// userMapping holds all that a webhook follows and a backfill cannot.
const userMapping = `[
	{"blueprint": "gone", "operation": {"type": "delete"}, "filter": ".headers.x", "entity": {"identifier": "not JQ"}},
	{"blueprint": "found", "entity": {"identifier": {"combinator": "and", "rules": []}, "properties": {"p": ".p"}}},
	{"blueprint": "filtered", "filter": ".headers[\"x-event\"] == 'push'", "entity": {"identifier": ".body.repo.name"}},
	{"blueprint": "parted", "itemsToParse": ".queryParams.items", "entity": {"identifier": ".body.repo.name"}},
	{"blueprint": "kept", "filter": ".body.headers == null", "entity": {
		"identifier": ".body.repo.name",
		"title": ".headers.title", "icon": "\"Git\"", "team": {"combinator": "and", "rules": [{"property": "$title"}]},
		"properties": {"name": ".body.repo.name", "agent": ".headers.agent // \"none\"", "said": "\"reads .headers\""},
		"relations": {"service": {"combinator": "and", "rules": []}, "repository": ".body.repo.name"}
	}}
]`

func TestLimits(t *testing.T) {
	entries, err := mapper.ParseMapping([]byte(userMapping))
	if err != nil {
		t.Fatal(err)
	}
	want := []mapper.Limit{
		{Entry: 0, Blueprint: "gone", Field: "operation", Skipped: true, Reason: "the entry deletes entities: the entry is not replayed"},
		{
			Entry: 1, Blueprint: "found", Field: "entity.identifier", Skipped: true,
			Reason: "it is a search query among the entities of Port: the entry is not replayed",
		},
		{
			Entry: 2, Blueprint: "filtered", Field: "filter", Skipped: true,
			Reason: "it reads .headers, which only a live event has: the entry is not replayed",
		},
		{
			Entry: 3, Blueprint: "parted", Field: "itemsToParse", Skipped: true,
			Reason: "it reads .queryParams, which only a live event has: the entry is not replayed",
		},
		{
			Entry: 4, Blueprint: "kept", Field: "entity.title",
			Reason: "it reads .headers, which only a live event has: it is neither written nor compared",
		},
		{
			Entry: 4, Blueprint: "kept", Field: "entity.team",
			Reason: "it is a search query among the entities of Port: it is neither written nor compared",
		},
		{
			Entry: 4, Blueprint: "kept", Field: "entity.properties.agent",
			Reason: "it reads .headers, which only a live event has: it is neither written nor compared",
		},
		{
			Entry: 4, Blueprint: "kept", Field: "entity.relations.service",
			Reason: "it is a search query among the entities of Port: it is neither written nor compared",
		},
	}
	if diff := cmp.Diff(want, compile(t, entries).Limits()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"entity.relations.service", "entity.team"}, entries[4].Searches); diff != "" {
		t.Error(diff)
	}
}

// What cannot be followed is neither sent nor compared, and the rest is.
func TestCompileLeavesOutWhatItCannotFollow(t *testing.T) {
	entries, err := mapper.ParseMapping([]byte(userMapping))
	if err != nil {
		t.Fatal(err)
	}
	mapping := compile(t, entries)
	want := []mapper.EntryInfo{{
		Index: 4, Blueprint: "kept", Icon: true,
		Properties: []string{"name", "said"}, Relations: []string{"repository"},
	}}
	if diff := cmp.Diff(want, mapping.Entries()); diff != "" {
		t.Error(diff)
	}
	result, err := mapping.Map(t.Context(), samplePayload(), takeAll)
	if err != nil || len(result.Entities) != 1 {
		t.Fatalf("got %+v and %v, want one entity", result, err)
	}
	got := result.Entities[0].Entity
	if diff := cmp.Diff(map[string]any{"name": "codecov-example", "said": "reads .headers"}, got.Properties); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]any{"repository": "codecov-example"}, got.Relations); diff != "" || got.Title != "" || got.Team != nil {
		t.Errorf("got %+v, %s", got, diff)
	}
	if diff := cmp.Diff(2, len(entries[4].Entity.Relations)); diff != "" {
		t.Error("compiling changed the entries that came in")
	}
}

func TestLimitsOfExpressions(t *testing.T) {
	for expression, want := range map[string]string{
		".headers":           "headers",
		`."headers"`:         "headers",
		`.["headers"].x`:     "headers",
		`.["queryParams"].x`: "queryParams",
		`{headers}`:          "headers",
		`.body.repo.name | length | tostring + "\(1 + ({} | .headers))"`: "",
		`def f(x): [x]; f(.queryParams?)`:                                "queryParams",
		`if .body then 1 elif .headers then 2 else 3 end`:                "headers",
		`reduce .headers[] as $h (0; . + 1)`:                             "headers",
		`try .headers catch 1`:                                           "headers",
		`.body.headers`:                                                  "",
		`{headers: 1}`:                                                   "",
		`"headers .headers"`:                                             "",
		`.body # .headers`:                                               "",
	} {
		got := ""
		if limits := compile(t, []mapper.Entry{entry(expression)}).Limits(); len(limits) > 0 {
			got = limits[0].Reason
		}
		if (want == "") != (got == "") || !strings.Contains(got, want) {
			t.Errorf("%s: got %q, want %q", expression, got, want)
		}
	}
}

func TestASkippedEntryHasOneLimit(t *testing.T) {
	e := entry(".headers.x")
	e.Filter, e.Entity.Identifier = ".body.pull == null", ".headers.id"
	limits := compile(t, []mapper.Entry{e}).Limits()
	if len(limits) != 1 || limits[0].Field != "entity.identifier" || !limits[0].Skipped {
		t.Errorf("limits %+v, want the identifier only", limits)
	}
}
