package port_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	fakeport "github.com/codecov-port/codecov-port/internal/fake/port"
)

func TestCreateBlueprint(t *testing.T) {
	declare := func(more string) string {
		return `{"identifier":"new","title":"New","schema":{"properties":{"a":{"type":"number"}}}` + more + `}`
	}
	aggregate := func(spec string) string {
		return declare(`,"aggregationProperties":{"mean":{"title":"Mean","target":"event","calculationSpec":` + spec + `,
			"query":{"combinator":"and","rules":[{"property":"at","operator":"between","value":{"preset":"lastMonth"}}]}}}`)
	}
	for _, test := range []struct {
		name    string
		body    string
		status  int
		message string
	}{
		{"smallest", declare(""), 201, ""},
		{"related", declare(`,"relations":{"r":{"target":"service","required":true,"many":false},"self":{"target":"new","required":false,"many":true}}`), 201, ""},
		{"calculated", declare(`,"calculationProperties":{"percent":{"title":"%","type":"number","calculation":".properties.a"}}`), 201, ""},
		{"aggregated", aggregate(`{"calculationBy":"property","func":"average","averageOf":"total","property":"value"}`), 201, ""},
		{"mirrored", declare(`,"relations":{"r":{"target":"service","required":false,"many":false}},"mirrorProperties":{"m":{"path":"r.tier"}}`), 201, ""},

		{"existing", strings.Replace(declare(""), "new", "service", 1), 409, "identifier_taken"},
		{"blank in the identifier", strings.Replace(declare(""), "new", "ne w", 1), 422, "does not match pattern"},
		{"long identifier", strings.Replace(declare(""), "new", strings.Repeat("n", 101), 1), 422, "identifier: maxLength"},
		{"no title", `{"identifier":"new","schema":{"properties":{}}}`, 422, "'title'"},
		{"bad property name", strings.Replace(declare(""), `"a"`, `"a.b"`, 1), 422, "'a.b' does not match"},
		{"unknown type", strings.Replace(declare(""), "number", "integer", 1), 422, "type"},
		{"unknown format", strings.Replace(declare(""), `"number"`, `"string","format":"uuid"`, 1), 422, "format"},
		{"pattern that is none", strings.Replace(declare(""), `"number"`, `"string","pattern":"("`, 1), 422, "pattern"},
		{"required but not declared", strings.Replace(declare(""), `}}}`, `}},"required":["b"]}`, 1), 422, "'b' is not declared"},
		{"mirror of nothing", declare(`,"mirrorProperties":{"m":{"path":"r.tier"}}`), 422, "begin with a relation"},
		{"relation without many", declare(`,"relations":{"r":{"target":"service","required":false}}`), 422, "'many'"},
		{"relation to nowhere", declare(`,"relations":{"r":{"target":"nowhere","required":false,"many":false}}`), 422, "'nowhere' does not exist"},
		{"mean", aggregate(`{"calculationBy":"property","func":"mean","averageOf":"total","property":"value"}`), 422, "calculationSpec"},
		{"average of nothing", aggregate(`{"calculationBy":"property","func":"average","property":"value"}`), 422, "calculationSpec"},
		{"last30Days", strings.Replace(aggregate(`{"calculationBy":"property","func":"average","averageOf":"total","property":"value"}`), "lastMonth", "last30Days", 1), 422, "query"},
		{"aggregation of text", aggregate(`{"calculationBy":"property","func":"sum","property":"note"}`), 422, "not a number"},
		{"aggregation over nothing", strings.Replace(aggregate(`{"calculationBy":"entities","func":"count"}`), `"event"`, `"nowhere"`, 1), 422, "'nowhere' does not exist"},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := start(t, fakeport.Options{})
			got := c.do("POST /v1/blueprints", test.body)
			if message := fmt.Sprint(got.body["error"], got.body["message"]); got.status != test.status || !strings.Contains(message, test.message) {
				t.Errorf("%d %v, want %d with %q", got.status, got.body, test.status, test.message)
			}
			if created := len(c.server.Blueprints()) == 4; created != (test.status == 201) {
				t.Errorf("blueprints afterwards: %v", c.server.Blueprints())
			}
		})
	}
}

func TestBlueprintLife(t *testing.T) {
	now := time.Date(2026, 11, 22, 22, 0, 0, 0, time.UTC)
	c := start(t, fakeport.Options{Now: func() time.Time { return now }})
	c.must("POST /v1/blueprints", `{"identifier":"new","title":"New","schema":{"properties":{"a":{"type":"number","title":"A"}}}}`)
	if refusal := c.write("new", "upsert=true", `{"identifier":"x","properties":{"a":1}}`); refusal != "" {
		t.Fatal(refusal)
	}

	now = now.Add(time.Minute)
	c.must("PATCH /v1/blueprints/new", `{"schema":{"properties":{"a":{"title":"Ah"},"b":{"type":"string"}}},"icon":"Git"}`)
	want := map[string]any{
		"identifier": "new", "title": "New", "icon": "Git",
		"schema": map[string]any{"required": []any{}, "properties": map[string]any{
			"a": map[string]any{"type": "number", "title": "Ah"}, "b": map[string]any{"type": "string"},
		}},
		"relations": map[string]any{}, "mirrorProperties": map[string]any{},
		"calculationProperties": map[string]any{}, "aggregationProperties": map[string]any{},
		"createdAt": "2026-11-22T22:00:00.000Z", "createdBy": fakeport.DefaultClientID,
		"updatedAt": "2026-11-22T22:01:00.000Z", "updatedBy": fakeport.DefaultClientID,
	}
	if diff := cmp.Diff(want, c.must("GET /v1/blueprints/new", "").body["blueprint"]); diff != "" {
		t.Errorf("after PATCH (-want +got):\n%s", diff)
	}
	c.refused("PATCH /v1/blueprints/new", `{"schema":{"properties":{"c":{"title":"no type"}}}}`, 422, "'type'")
	c.refused("PATCH /v1/blueprints/new", `{"identifier":"other"}`, 422, "renaming a blueprint")

	c.must("PUT /v1/blueprints/new", `{"title":"Newer","schema":{"properties":{"a":{"type":"number"}}}}`)
	if got := at(c.must("GET /v1/blueprints/new", "").body, "blueprint", "icon"); got != nil {
		t.Errorf("PUT left the icon %v", got)
	}
	if got := c.held("new", "x").Properties["a"]; got != 1.0 {
		t.Errorf("the entity lost its value: %v", got)
	}
	if got := c.must("GET /v1/blueprints", "").body["blueprints"].([]any); len(got) != 4 {
		t.Errorf("%d blueprints listed", len(got))
	}

	c.refused("DELETE /v1/blueprints/service/all-entities?delete_blueprint=true", "", 409, "'event'")
	c.must("DELETE /v1/blueprints/new/all-entities?delete_blueprint=true", "")
	for _, request := range []string{"GET"} {
		c.refused(request+" /v1/blueprints/new", "", 404, "not_found")
	}
	c.refused("PATCH /v1/blueprints/new", "{}", 404, "not_found")
}

func TestBlueprintHooks(t *testing.T) {
	c := start(t, fakeport.Options{})
	if err := c.server.PutBlueprint([]byte(`{"identifier":"a b"}`)); err == nil {
		t.Error("an invalid blueprint was put")
	}
	if _, ok := c.server.Blueprint("nowhere"); ok {
		t.Error("a blueprint from nowhere")
	}
	document, ok := c.server.Blueprint("service")
	if !ok || !strings.Contains(string(document), `"tier"`) {
		t.Errorf("Blueprint: %s, %v", document, ok)
	}
	c.server.DeleteBlueprint("service")
	c.refused("POST /v1/blueprints/service/entities/bulk?upsert=true", `{"entities":[{"identifier":"a"}]}`, 404, "not_found")
	if refusal := c.write("event", "upsert=true&create_missing_related_entities=true", `{"identifier":"e","properties":{"value":1},"relations":{"service":"s"}}`); !strings.HasPrefix(refusal, "404") {
		t.Errorf("related to an entity of a deleted blueprint: %q", refusal)
	}
}
