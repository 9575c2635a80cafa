package port_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	fakeport "github.com/codecov-port/codecov-port/internal/fake/port"
)

func TestDelete(t *testing.T) {
	const request = "POST /v1/blueprints/service/bulk/entities/delete?delete_dependents=false"
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
		deleted        []any // nil: refused
		services       []string
		events         []string
	}{
		{"related entities forbid it", `["d"]`, nil, []string{"a", "b", "c", "d"}, []string{"e", "f"}},
		{"unless they go too", `["a","b"]`, nil, []string{"a", "b", "c", "d"}, []string{"e", "f"}},
		{"unknown", `["z"]`, []any{}, []string{"a", "b", "c", "d"}, []string{"e", "f"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := setUp(t)
			got := c.do(request, `{"entities":`+test.entities+`}`)
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
	c.must("POST /v1/blueprints/event/bulk/entities/delete?delete_dependents=false", `{"entities":["e"]}`)
	got := c.must(request, `{"entities":["c","z","b","a"]}`).body["deletedEntities"]
	if diff := cmp.Diff([]any{"c", "b", "a"}, got); diff != "" || c.server.Count("service") != 1 {
		t.Errorf("deleted (-want +got), %d left:\n%s", c.server.Count("service"), diff)
	}
	c.refused(request, `{"entities":[]}`, 422, "minItems")
	c.refused(request, `{"entities":["`+strings.Repeat(`a","`, 100)+`b"]}`, 422, "maxItems")
}
