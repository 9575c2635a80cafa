package port_test

import (
	"encoding/json"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	fakeport "github.com/codecov-port/codecov-port/internal/fake/port"
)

func readJSON(t *testing.T, path string) map[string]any {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var value map[string]any
	if err := json.Unmarshal(text, &value); err != nil {
		t.Fatal(err)
	}
	return value
}

// at follows names into nested objects; nil when one is missing.
func at(value any, names ...string) any {
	for _, name := range names {
		object, _ := value.(map[string]any)
		value = object[name]
	}
	return value
}

// TestRequestsAreTheContract shows that requests.json is Port's OpenAPI document, cut to what the
// operations that the fake serves ask of requests.
func TestRequestsAreTheContract(t *testing.T) {
	document := readJSON(t, "../../../testdata/port/openapi.json")
	served := readJSON(t, "requests.json")
	want := map[string]any{"operations": map[string]any{}, "schemas": map[string]any{}}
	paths, _ := at(document, "paths").(map[string]any)
	for path, methods := range paths {
		for method, operation := range methods.(map[string]any) {
			name := strings.ToUpper(method) + " " + path
			if at(served, "operations", name) != nil {
				want["operations"].(map[string]any)[name] = cut(operation)
			}
		}
	}
	schemas, _ := at(document, "components", "schemas").(map[string]any)
	for name, schema := range schemas {
		want["schemas"].(map[string]any)["#/components/schemas/"+name] = schema
	}
	if diff := cmp.Diff(want, served); diff != "" {
		t.Errorf("requests.json is not the contract (-contract +requests.json):\n%s", diff)
	}
}

func cut(operation any) map[string]any {
	query := []any{}
	parameters, _ := at(operation, "parameters").([]any)
	for _, parameter := range parameters {
		if at(parameter, "in") == "query" {
			query = append(query, map[string]any{
				"name": at(parameter, "name"), "required": at(parameter, "required") == true, "schema": at(parameter, "schema"),
			})
		}
	}
	request := map[string]any{"query": query}
	if body := at(operation, "requestBody", "content", "application/json", "schema"); body != nil {
		request["body"] = body
	}
	if at(operation, "requestBody", "required") == true {
		request["bodyRequired"] = true
	}
	return request
}

// TestEveryOperationIsServed calls each operation of the contract: none may be an unknown route.
func TestEveryOperationIsServed(t *testing.T) {
	c := start(t, fakeport.Options{})
	operations, _ := readJSON(t, "requests.json")["operations"].(map[string]any)
	if len(operations) < 19 {
		t.Fatalf("%d operations", len(operations))
	}
	for operation := range operations {
		got := c.do(strings.NewReplacer("{", "", "}", "").Replace(operation), "")
		if message, _ := got.body["message"].(string); strings.HasPrefix(message, "Route") {
			t.Errorf("%s is not served", operation)
		}
	}
	if counts := c.server.Requests(); counts.ByKind[fakeport.Other] != 0 {
		t.Errorf("kinds: %v", counts.ByKind)
	}
	c.refused("GET /v1/unheard-of", "", 404, "Route")
	c.refused("PATCH /v1/blueprints", "{}", 404, "Route")
}

// FuzzBodies shows that no body makes the emulator accept what the contract refuses, or answer in another shape:
// the contract's own validator stands between.
func FuzzBodies(f *testing.F) {
	operations := []string{
		"POST /v1/blueprints/values/entities/bulk?upsert=true&create_missing_related_entities=true",
		"POST /v1/blueprints/event/entities?upsert=true&create_missing_related_entities=true",
		"POST /v1/blueprints/service/entities?upsert=true&merge=true",
		"POST /v1/blueprints/service/entities/search",
		"POST /v1/entities/search",
		"POST /v1/blueprints",
		"PATCH /v1/blueprints/event",
		"POST /v1/webhooks",
		"POST /v1/auth/access_token",
	}
	for operation, body := range map[uint8]string{
		0: `{"entities":[{"identifier":"a","properties":{"text":"b","number":1.5,"dates":["2024-01-01T00:00:00Z"],"object":{"a":null}}}]}`,
		1: `{"identifier":"a/b","title":"A","icon":"Git","team":["x"],"properties":{"value":1},"relations":{"service":"s","others":["t"]}}`,
		2: `{"identifier":"a","title":null,"team":null,"properties":{"tier":null},"relations":{"parent":null}}`,
		3: `{"query":{"combinator":"or","rules":[{"property":"tier","operator":">=","value":1},{"relation":"parent","operator":"isEmpty"}]},"include":["$identifier","tier"],"limit":1}`,
		4: `{"combinator":"and","rules":[{"property":"$blueprint","operator":"=","value":"service"},{"property":"since","operator":"between","value":{"from":"2024-01-01T00:00:00Z","to":"2025-01-01T00:00:00Z"}}]}`,
		5: `{"identifier":"b","title":"B","schema":{"properties":{"c":{"type":"array","items":{"type":"string"}}},"required":["c"]},"mirrorProperties":{"m":{"path":"r.tier"}},"relations":{"r":{"target":"service","required":false,"many":true}}}`,
		6: `{"aggregationProperties":{"n":{"title":"N","target":"service","calculationSpec":{"func":"sum","calculationBy":"property","property":"tier"}}}}`,
		7: `{"identifier":"w","title":"W","enabled":true,"mappings":[{"blueprint":"a","operation":{"type":"delete"},"entity":{"identifier":"b"}}],"security":{"secret":"c"}}`,
		8: `{"clientId":"a","clientSecret":"b"}`,
	} {
		f.Add(operation, body)
	}
	f.Fuzz(func(t *testing.T, operation uint8, body string) {
		c := start(t, fakeport.Options{})
		if err := c.server.PutEntity("service", fakeport.Entity{Identifier: "a", Properties: map[string]any{"tier": 1}}); err != nil {
			t.Fatal(err)
		}
		c.do(operations[int(operation)%len(operations)], body)
	})
}

func TestValidateHook(t *testing.T) {
	contract, err := theContract()
	if err != nil {
		t.Fatal(err)
	}
	c := start(t, fakeport.Options{Validate: contract.Request})
	c.must("GET /v1/blueprints/service", "")
	if got := c.server.Violations(); len(got) != 0 {
		t.Errorf("violations: %v", got)
	}
	c.refused("GET /v1/blueprints/service?dry=true", "", 422, "unknown query parameter")
	if got := c.server.Violations(); len(got) != 1 || !strings.Contains(got[0].Error(), `"dry"`) {
		t.Errorf("violations: %v", got)
	}
}

func TestBodyLimit(t *testing.T) {
	c := start(t, fakeport.Options{})
	const request = "POST /v1/blueprints/values/entities/bulk?upsert=true"
	frame := `{"entities":[{"identifier":"a","properties":{"text":""}}]}`
	fitting := strings.Replace(frame, `""`, `"`+strings.Repeat("x", 1<<20-len(frame))+`"`, 1)
	c.must(request, fitting)
	c.refused(request, fitting+" ", 413, "payload_too_large")
	if got := c.server.Requests().EntitiesReceived; got != 1 {
		t.Errorf("%d entities received, want 1", got)
	}
}

func TestMediaType(t *testing.T) {
	c := start(t, fakeport.Options{})
	r := httptest.NewRequestWithContext(t.Context(), "POST", "/v1/webhooks", strings.NewReader(`{"title":"A","enabled":true}`))
	r.Header.Set("Authorization", "Bearer "+c.token)
	w := httptest.NewRecorder()
	c.handler.ServeHTTP(w, r)
	if w.Code != 415 {
		t.Errorf("without a media type: %d %s", w.Code, w.Body)
	}
}
