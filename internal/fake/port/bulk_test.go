package port_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	fakeport "github.com/codecov-port/codecov-port/internal/fake/port"
)

func TestPropertyValues(t *testing.T) {
	for _, test := range []struct {
		property string
		value    string
		stored   any // nil: as sent or refused
		refused  string
	}{
		{"text", `"a"`, "a", ""},
		{"text", `3`, "3", ""},
		{"text", `97.22222`, "97.22222", ""},
		{"text", `true`, nil, "must be string"},
		{"text", `null`, nil, ""},
		{"number", `97.22222`, 97.22222, ""},
		{"number", `"97.22222"`, 97.22222, ""},
		{"number", `"97%"`, nil, "must be number"},
		{"number", `"101"`, nil, "maximum"},
		{"number", `-1`, nil, "minimum"},
		{"number", `101`, nil, "maximum"},
		{"flag", `false`, false, ""},
		{"flag", `"false"`, nil, "must be boolean"},
		{"object", `{"a":[null]}`, map[string]any{"a": []any{nil}}, ""},
		{"object", `[]`, nil, "must be object"},
		{"array", `[1,"a"]`, []any{1.0, "a"}, ""},
		{"array", `[]`, nil, "minItems"},
		{"array", `[1,2,3]`, nil, "maxItems"},
		{"array", `"a"`, nil, "must be array"},
		{"dates", `["2024-02-02T14:21:35+01:00"]`, []any{"2024-02-02T13:21:35.000Z"}, ""},
		{"dates", `["2024-02-02T14:21:35"]`, nil, "dates/0"},
		{"dates", `[true]`, nil, "must be string"},
		{"at", `"2024-02-02T14:21:35Z"`, "2024-02-02T14:21:35.000Z", ""},
		{"at", `"2024-02-02T14:21:35.123456Z"`, "2024-02-02T14:21:35.123Z", ""},
		{"at", `"2024-02-02T14:21:35-02:30"`, "2024-02-02T16:51:35.000Z", ""},
		{"at", `"2024-02-02T14:21:35"`, nil, "date-time"},
		{"at", `"2024-02-02 14:21:35Z"`, nil, "date-time"},
		{"at", `"2024-02-02"`, nil, "date-time"},
		{"at", `"2024-02-30T00:00:00Z"`, nil, "date-time"},
		{"at", `"2024-02-02T4:21:35Z"`, nil, "date-time"},
		{"at", `"2024-02-02T14:21:35,5Z"`, nil, "date-time"},
		{"at", `"2024-02-02T25:21:35Z"`, nil, "date-time"},
		{"at", `""`, nil, "date-time"},
		{"url", `"https://app.codecov.io/gh/slanks"`, "https://app.codecov.io/gh/slanks", ""},
		{"url", `"app.codecov.io/gh"`, nil, "not valid url"},
		{"url", `"ftp://app.codecov.io"`, nil, "not valid url"},
		{"url", `"https:///gh"`, nil, "not valid url"},
		{"email", `"a@b.example"`, "a@b.example", ""},
		{"email", `"A <a@b.example>"`, nil, "not valid email"},
		{"email", `"a"`, nil, "not valid email"},
		{"ipv4", `"192.0.2.1"`, "192.0.2.1", ""},
		{"ipv4", `"2001:db8::1"`, nil, "not valid ipv4"},
		{"ipv6", `"2001:db8::1"`, "2001:db8::1", ""},
		{"ipv6", `"192.0.2.1"`, nil, "not valid ipv6"},
		{"markdown", `"# A"`, "# A", ""},
		{"choice", `"a"`, "a", ""},
		{"choice", `"c"`, nil, "must be one of"},
		{"level", `2`, 2.0, ""},
		{"level", `3`, nil, "must be one of"},
		{"short", `"äöü"`, "äöü", ""},
		{"short", `"a"`, nil, "minLength"},
		{"short", `"abcd"`, nil, "maxLength"},
		{"code", `"abc"`, "abc", ""},
		{"code", `"Abc"`, nil, "pattern"},
		{"unheard", `"a"`, nil, "not declared"},
	} {
		t.Run(test.property+" "+test.value, func(t *testing.T) {
			c := start(t, fakeport.Options{})
			refusal := c.write("values", "upsert=true&merge=true", fmt.Sprintf(`{"identifier":"a","properties":{%q:%s}}`, test.property, test.value))
			if test.refused != "" {
				if !strings.HasPrefix(refusal, "422") || !strings.Contains(refusal, test.refused) {
					t.Errorf("refusal %q, want 422 with %q", refusal, test.refused)
				}
				if c.server.Count("values") != 0 {
					t.Error("the refused entity is there")
				}
				return
			}
			if refusal != "" {
				t.Fatalf("refused: %s", refusal)
			}
			if diff := cmp.Diff(test.stored, c.held("values", "a").Properties[test.property]); diff != "" {
				t.Errorf("stored (-want +got):\n%s", diff)
			}
		})
	}
}

func TestBulkRefusesTheWholeBody(t *testing.T) {
	const request = "POST /v1/blueprints/service/entities/bulk?upsert=true"
	many := `{"entities":[` + strings.TrimSuffix(strings.Repeat(`{"identifier":"a"},`, 21), ",") + `]}`
	for _, test := range []struct {
		name, request, body, message string
		status                       int
	}{
		{"21 entities", request, many, "maxItems", 422},
		{"none", request, `{"entities":[]}`, "minItems", 422},
		{"more beside entities", request, `{"entities":[{"identifier":"a"}],"dry":true}`, "'dry'", 422},
		{"bad identifier", request, `{"entities":[{"identifier":"b"},{"identifier":"a b"}]}`, "entities/1/identifier", 422},
		{"dots", request, `{"entities":[{"identifier":"..."},{"identifier":".."}]}`, "entities/1/identifier", 422},
		{"empty identifier", request, `{"entities":[{"identifier":""}]}`, "identifier", 422},
		{"long identifier", request, `{"entities":[{"identifier":"` + strings.Repeat("ä", 1001) + `"}]}`, "identifier", 422},
		{"null title", request, `{"entities":[{"identifier":"a","title":null}]}`, "title must be string", 422},
		{"null icon", request, `{"entities":[{"identifier":"a","icon":null}]}`, "icon must be string", 422},
		{"null team", request, `{"entities":[{"identifier":"a","team":null}]}`, "team", 422},
		{"number as a relation", request, `{"entities":[{"identifier":"a","relations":{"parent":1}}]}`, "relations/parent", 422},
		{"unknown query parameter", request + "&mrege=true", `{"entities":[{"identifier":"a"}]}`, "'mrege'", 422},
		{"no upsert", "POST /v1/blueprints/service/entities/bulk", `{"entities":[{"identifier":"a"}]}`, "'upsert'", 422},
		{"upsert=1", "POST /v1/blueprints/service/entities/bulk?upsert=1", `{"entities":[{"identifier":"a"}]}`, "must be boolean", 422},
		{"no blueprint", "POST /v1/blueprints/nowhere/entities/bulk?upsert=true", `{"entities":[{"identifier":"a"}]}`, "not_found", 404},
		{"beyond float64", request, `{"entities":[{"identifier":"a","properties":{"tier":1e999}}]}`, "invalid_json", 400},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := start(t, fakeport.Options{})
			c.refused(test.request, test.body, test.status, test.message)
			if c.server.Count("service") != 0 {
				t.Error("something was written")
			}
		})
	}
}

// TestBulkAnswer holds the answer's shape, and that each entity is written on its own and in order.
func TestBulkAnswer(t *testing.T) {
	c := start(t, fakeport.Options{})
	got := c.do("POST /v1/blueprints/event/entities/bulk?upsert=true", `{"entities":[
		{"identifier":"a","properties":{"value":1}},
		{"identifier":"b","properties":{"value":"two"}},
		{"identifier":"a","properties":{"value":3}},
		{"identifier":"c"}]}`)
	want := map[string]any{
		"ok": false,
		"entities": []any{
			map[string]any{"identifier": "a", "index": 0.0, "created": true},
			map[string]any{"identifier": "a", "index": 2.0, "created": false},
		},
		"errors": []any{
			map[string]any{"identifier": "b", "index": 1.0, "statusCode": 422.0, "error": "invalid_request", "message": "properties/value must be number"},
			map[string]any{"identifier": "c", "index": 3.0, "statusCode": 422.0, "error": "invalid_request", "message": "properties must have required property 'value'"},
		},
	}
	if diff := cmp.Diff(want, got.body); got.status != 207 || diff != "" {
		t.Errorf("status %d (-want +got):\n%s", got.status, diff)
	}
	if got := c.held("event", "a").Properties["value"]; got != 3.0 {
		t.Errorf("the last of two writes does not stand: %v", got)
	}
	got = c.do("POST /v1/blueprints/event/entities/bulk?upsert=true", `{"entities":[{"identifier":"a","properties":{"value":3}}]}`)
	want = map[string]any{
		"ok":       true,
		"entities": []any{map[string]any{"identifier": "a", "index": 0.0, "created": false}},
		"errors":   []any{},
	}
	if diff := cmp.Diff(want, got.body); got.status != 200 || diff != "" {
		t.Errorf("status %d (-want +got):\n%s", got.status, diff)
	}
	counts := c.server.Requests()
	if counts.EntitiesReceived != 5 || counts.EntitiesWritten != 3 || counts.EntitiesCreated != 1 {
		t.Errorf("counts %+v", counts)
	}
}

func TestMergeAndReplace(t *testing.T) {
	const first = `{"identifier":"a","title":"A","icon":"Git","team":"x","properties":{"tier":1,"language":"go"},"relations":{"parent":"root"}}`
	full := func(change func(*fakeport.Entity)) fakeport.Entity {
		entity := fakeport.Entity{
			Identifier: "a", Title: "A", Icon: "Git", Team: []any{"x"},
			Properties: map[string]any{"tier": 1.0, "language": "go"}, Relations: map[string]any{"parent": "root"},
		}
		change(&entity)
		return entity
	}
	for _, test := range []struct {
		name, query, second string
		want                fakeport.Entity
		refused             string
	}{
		{"merge keeps what is left out", "upsert=true&merge=true", `{"identifier":"a"}`, full(func(*fakeport.Entity) {}), ""},
		{"merge changes what is named", "upsert=true&merge=true", `{"identifier":"a","title":"B","properties":{"tier":2}}`,
			full(func(e *fakeport.Entity) { e.Title, e.Properties["tier"] = "B", 2.0 }), ""},
		{"merge clears nulls", "upsert=true&merge=true", `{"identifier":"a","properties":{"tier":null},"relations":{"parent":null}}`,
			full(func(e *fakeport.Entity) { delete(e.Properties, "tier"); delete(e.Relations, "parent") }), ""},
		{"without merge all is replaced", "upsert=true", `{"identifier":"a","properties":{"tier":2}}`,
			fakeport.Entity{Identifier: "a", Properties: map[string]any{"tier": 2.0}, Relations: map[string]any{}}, ""},
		{"without upsert it exists", "upsert=false", `{"identifier":"a","title":"B"}`, full(func(*fakeport.Entity) {}), "409"},
		{"no identifier", "upsert=true", `{"title":"a"}`, full(func(*fakeport.Entity) {}), "422 identifier must be a string"},
		{"a misspelled field", "upsert=true", `{"identifier":"a","propertis":{}}`, full(func(*fakeport.Entity) {}), "422 must NOT have additional property 'propertis'"},
		{"refused", "upsert=true", `{"identifier":"a","properties":{"tier":"B"}}`, full(func(*fakeport.Entity) {}), "422"},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := start(t, fakeport.Options{})
			if refusal := c.write("service", "upsert=false&create_missing_related_entities=true", first); refusal != "" {
				t.Fatal(refusal)
			}
			refusal := c.write("service", test.query, test.second)
			if (refusal == "") != (test.refused == "") || !strings.HasPrefix(refusal, test.refused) {
				t.Errorf("refusal %q, want %q", refusal, test.refused)
			}
			if diff := cmp.Diff(test.want, c.held("service", "a")); diff != "" {
				t.Errorf("stored (-want +got):\n%s", diff)
			}
		})
	}
}

func TestRelations(t *testing.T) {
	for _, test := range []struct {
		name, relations string
		create          bool
		refused         string
		services        []string // there afterwards, beside "known"
	}{
		{"known", `{"service":"known"}`, false, "", nil},
		{"missing", `{"service":"new"}`, false, "404", nil},
		{"missing, to be created", `{"service":"new"}`, true, "", []string{"new"}},
		{"many", `{"others":["known"]}`, false, "", nil},
		{"many, one missing", `{"others":["known","new"]}`, false, "404", nil},
		{"many, to be created", `{"service":"new","others":["new","newer","known"]}`, true, "", []string{"new", "newer"}},
		{"list for one", `{"service":["known"]}`, false, "422", nil},
		{"one for a list", `{"others":"known"}`, false, "422", nil},
		{"undeclared", `{"owner":"known"}`, true, "404", nil},
		{"searched", `{"service":{"combinator":"and","rules":[]}}`, true, "422", nil},
		{"null", `{"service":null,"others":null}`, false, "", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := start(t, fakeport.Options{})
			if err := c.server.PutEntity("service", fakeport.Entity{Identifier: "known"}); err != nil {
				t.Fatal(err)
			}
			refusal := c.write("event", fmt.Sprintf("upsert=true&create_missing_related_entities=%t", test.create),
				`{"identifier":"e","properties":{"value":1},"relations":`+test.relations+`}`)
			if (refusal == "") != (test.refused == "") || !strings.HasPrefix(refusal, test.refused) {
				t.Errorf("refusal %q, want %q", refusal, test.refused)
			}
			if diff := cmp.Diff(append([]string{"known"}, test.services...), identifiers(c.server.Entities("service"))); diff != "" {
				t.Errorf("services (-want +got):\n%s", diff)
			}
			if got := c.server.Requests().StubsCreated; got != len(test.services) {
				t.Errorf("%d stubs counted", got)
			}
		})
	}
}

func TestSelfRelation(t *testing.T) {
	c := start(t, fakeport.Options{})
	if refusal := c.write("service", "upsert=true", `{"identifier":"a","relations":{"parent":"a"}}`); refusal != "" {
		t.Errorf("refused: %s", refusal)
	}
}

func TestRequiredRelation(t *testing.T) {
	c := start(t, fakeport.Options{})
	c.must("PATCH /v1/blueprints/event", `{"relations":{"service":{"target":"service","required":true,"many":false}}}`)
	if refusal := c.write("event", "upsert=true", `{"identifier":"e","properties":{"value":1}}`); !strings.Contains(refusal, "required relation 'service'") {
		t.Errorf("refusal %q", refusal)
	}
}

func TestQuota(t *testing.T) {
	c := start(t, fakeport.Options{EntityQuota: 2})
	got := c.do("POST /v1/blueprints/service/entities/bulk?upsert=true", `{"entities":[{"identifier":"a"},{"identifier":"b"},{"identifier":"c"},{"identifier":"a","title":"A"}]}`)
	errors, _ := got.body["errors"].([]any)
	if got.status != 207 || len(errors) != 1 || at(errors[0], "index") != 2.0 || at(errors[0], "error") != "entities_quota_exceeded" {
		t.Errorf("%d %v", got.status, got.body)
	}
	if title := c.held("service", "a").Title; title != "A" {
		t.Errorf("an existing entity could not be changed: %q", title)
	}
	c.must("POST /v1/blueprints/service/bulk/entities/delete?delete_dependents=false", `{"entities":["b"]}`)
	if refusal := c.write("service", "upsert=true", `{"identifier":"c"}`); refusal != "" {
		t.Errorf("no room after a deletion: %s", refusal)
	}
}

func TestPutEntity(t *testing.T) {
	c := start(t, fakeport.Options{})
	for _, test := range []struct {
		blueprint string
		entity    fakeport.Entity
		refused   bool
	}{
		{"service", fakeport.Entity{Identifier: "a", Properties: map[string]any{"tier": 1}}, false},
		{"service", fakeport.Entity{Identifier: "a b"}, true},
		{"service", fakeport.Entity{Identifier: "a", Properties: map[string]any{"tier": "one"}}, true},
		{"service", fakeport.Entity{Identifier: "a", Relations: map[string]any{"parent": "nobody"}}, true},
		{"service", fakeport.Entity{Identifier: "a", Properties: map[string]any{"tier": func() {}}}, true},
		{"nowhere", fakeport.Entity{Identifier: "a"}, true},
	} {
		if err := c.server.PutEntity(test.blueprint, test.entity); (err != nil) != test.refused {
			t.Errorf("PutEntity(%s, %v): %v", test.blueprint, test.entity, err)
		}
	}
	if _, ok := c.server.Entity("nowhere", "a"); ok || c.server.Count("nowhere") != 0 || c.server.Entities("nowhere") != nil {
		t.Error("entities of no blueprint")
	}
	if counts := c.server.Requests(); counts.EntitiesReceived != 0 {
		t.Errorf("PutEntity was counted: %+v", counts)
	}
}

func TestConcurrentWrites(t *testing.T) {
	c := start(t, fakeport.Options{KeepRequests: true})
	var workers sync.WaitGroup
	for worker := range 8 {
		workers.Go(func() {
			for i := range 5 {
				c.write("event", "upsert=true&create_missing_related_entities=true",
					fmt.Sprintf(`{"identifier":"%d-%d","properties":{"value":1},"relations":{"service":"s%d"}}`, worker, i, i))
				c.do("POST /v1/blueprints/event/entities/search", `{"limit":3}`)
				c.server.Entities("service")
				c.server.Requests()
			}
		})
	}
	workers.Wait()
	if events, services := c.server.Count("event"), c.server.Count("service"); events != 40 || services != 5 {
		t.Errorf("%d events, %d services", events, services)
	}
	if counts := c.server.Requests(); counts.Requests != 80 || counts.EntitiesCreated != 40 || counts.StubsCreated != 5 {
		t.Errorf("counts %+v", counts)
	}
}
