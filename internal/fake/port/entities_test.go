package port_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	fakeport "github.com/codecov-port/codecov-port/internal/fake/port"
)

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
	c.must("POST /v1/blueprints/event/bulk/entities/delete?delete_dependents=false", `{"entities":["e"]}`)
	c.must(request+"false", `{"entities":["c","b","a"]}`)
	c.refused(request+"false", `{"entities":[]}`, 422, "minItems")
	c.refused(request+"false", `{"entities":["`+strings.Repeat(`a","`, 100)+`b"]}`, 422, "maxItems")
}
