package port_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	fakeport "github.com/codecov-port/codecov-port/internal/fake/port"
)

func TestSingleEntity(t *testing.T) {
	c := start(t, fakeport.Options{})
	const all, one = "/v1/blueprints/event/entities", "/v1/blueprints/event/entities/a%2F..%2Fb"
	const entity = `{"identifier":"a/../b","title":"AB","properties":{"value":1}}`
	c.refused("POST "+all+"?upsert=false", strings.Replace(entity, "1", `"one"`, 1), 422, "must be number")
	c.refused("POST "+all, entity, 422, "'upsert'")
	if got := c.do("POST "+all+"?upsert=false", entity); got.status != 201 || at(got.body, "entity", "identifier") != "a/../b" {
		t.Errorf("POST: %d %v", got.status, got.body)
	}
	c.refused("POST "+all+"?upsert=false", entity, 409, "identifier_taken")
	c.must("POST "+all+"?upsert=true", entity)

	want := map[string]any{
		"identifier": "a/../b", "title": "AB", "properties": map[string]any{"value": 1.0, "note": nil},
		"relations": map[string]any{"service": nil, "others": []any{}},
	}
	if diff := cmp.Diff(want, c.must("GET "+one, "").body["entity"]); diff != "" {
		t.Errorf("GET (-want +got):\n%s", diff)
	}
	want = map[string]any{"identifier": "a/../b", "properties": map[string]any{"note": nil}, "relations": map[string]any{}}
	if diff := cmp.Diff(want, c.must("GET "+one+"?include=$identifier&include=note", "").body["entity"]); diff != "" {
		t.Errorf("GET with include (-want +got):\n%s", diff)
	}

	c.refused("DELETE "+one, "", 422, "'delete_dependents'")
	c.must("DELETE "+one+"?delete_dependents=false", "")
	for _, request := range []string{"GET " + one, "DELETE " + one + "?delete_dependents=false"} {
		c.refused(request, "", 404, "not_found")
	}
	c.refused("GET /v1/blueprints/nowhere/entities/a", "", 404, "not_found")
}

func TestListAndCount(t *testing.T) {
	c := start(t, fakeport.Options{})
	for i := range 10_000 {
		if err := c.server.PutEntity("service", fakeport.Entity{Identifier: fmt.Sprint(i), Properties: map[string]any{"tier": i}}); err != nil {
			t.Fatal(err)
		}
	}
	list := c.must("GET /v1/blueprints/service/entities?include=$identifier&include=tier&exclude=tier", "").body["entities"].([]any)
	want := map[string]any{"identifier": "0", "properties": map[string]any{}, "relations": map[string]any{}}
	if diff := cmp.Diff(want, list[0]); len(list) != 10_000 || diff != "" {
		t.Errorf("%d listed, the first (-want +got):\n%s", len(list), diff)
	}
	c.refused("GET /v1/blueprints/service/entities?include=unheard", "", 422, "'unheard'")
	c.refused("GET /v1/blueprints/service/entities?attach_title_to_relation=true", "", 422, "not_emulated")
	if err := c.server.PutEntity("service", fakeport.Entity{Identifier: "one too many"[:3]}); err != nil {
		t.Fatal(err)
	}
	c.refused("GET /v1/blueprints/service/entities", "", 422, "too many")
	if got := c.must("GET /v1/blueprints/service/entities-count", "").body["count"]; got != 10_001.0 {
		t.Errorf("count %v", got)
	}
	c.refused("GET /v1/blueprints/nowhere/entities-count", "", 404, "not_found")
}

func TestDelete(t *testing.T) {
	const request = "POST /v1/blueprints/service/bulk/entities/delete?delete_dependents="
	setUp := func(t *testing.T) *client {
		c := start(t, fakeport.Options{})
		for blueprint, entities := range map[string][]string{
			"service": {`{"identifier":"a"}`, `{"identifier":"b","relations":{"parent":"a"}}`, `{"identifier":"c","relations":{"parent":"b"}}`, `{"identifier":"d"}`},
			"event":   {`{"identifier":"e","properties":{"value":1},"relations":{"others":["d","c"]}}`, `{"identifier":"f","properties":{"value":1}}`},
		} {
			for _, entity := range entities {
				if refusal := c.write(blueprint, "upsert=true&create_missing_related_entities=true", entity); refusal != "" {
					t.Fatal(refusal)
				}
			}
		}
		return c
	}
	for _, test := range []struct {
		name, entities string
		dependents     bool
		deleted        []any // nil: refused
		services       []string
		events         []string
	}{
		{"nothing depends on it", `["d2","d"]`, true, []any{"d"}, []string{"a", "b", "c"}, []string{"f"}},
		{"related entities forbid it", `["d"]`, false, nil, []string{"a", "b", "c", "d"}, []string{"e", "f"}},
		{"unless they go too", `["a","b"]`, false, nil, []string{"a", "b", "c", "d"}, []string{"e", "f"}},
		{"dependents of dependents", `["a"]`, true, []any{"a"}, []string{"d"}, []string{"f"}},
		{"unknown", `["z"]`, false, []any{}, []string{"a", "b", "c", "d"}, []string{"e", "f"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := setUp(t)
			got := c.do(fmt.Sprint(request, test.dependents), `{"entities":`+test.entities+`}`)
			if test.deleted == nil && got.status != 409 {
				t.Errorf("%d %v, want 409", got.status, got.body)
			}
			if diff := cmp.Diff(test.deleted, got.body["deletedEntities"]); test.deleted != nil && diff != "" {
				t.Errorf("deleted (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.services, identifiers(c.server.Entities("service"))); diff != "" {
				t.Errorf("services (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.events, identifiers(c.server.Entities("event"))); diff != "" {
				t.Errorf("events (-want +got):\n%s", diff)
			}
		})
	}
	c := setUp(t)
	c.must("DELETE /v1/blueprints/event/entities/e?delete_dependents=false", "")
	c.must(request+"false", `{"entities":["c","b","a"]}`)
	c.refused(request+"false", `{"entities":[]}`, 422, "minItems")
	c.refused(request+"false", `{"entities":["`+strings.Repeat(`a","`, 100)+`b"]}`, 422, "maxItems")
}
