package port_test

import (
	"net/http/httptest"
	"strings"
	"testing"

	fakeport "github.com/codecov-port/codecov-port/internal/fake/port"
)

func TestUnknownRoutes(t *testing.T) {
	c := start(t, fakeport.Options{})
	c.refused("GET /v1/unheard-of", "", 404, "Route")
	c.refused("PATCH /v1/blueprints", "{}", 404, "Route")
}

// FuzzBodies shows that no body makes the emulator accept what the contract refuses, or answer in another shape:
// the contract's own validator stands between.
func FuzzBodies(f *testing.F) {
	operations := []string{
		"POST /v1/blueprints/values/entities/bulk?upsert=true&create_missing_related_entities=true",
		"POST /v1/blueprints/service/entities/search",
		"POST /v1/blueprints",
		"PATCH /v1/blueprints/event",
		"POST /v1/webhooks",
		"POST /v1/auth/access_token",
	}
	for operation, body := range map[uint8]string{
		0: `{"entities":[{"identifier":"a","properties":{"text":"b","number":1.5,"dates":["2024-01-01T00:00:00Z"],"object":{"a":null}}}]}`,
		1: `{"query":{"combinator":"or","rules":[{"property":"tier","operator":">=","value":1},{"relation":"parent","operator":"=","value":"a"}]},"include":["$identifier","tier"],"limit":1}`,
		2: `{"identifier":"b","title":"B","schema":{"properties":{"c":{"type":"array","items":{"type":"string"}}},"required":["c"]},"mirrorProperties":{"m":{"path":"r.tier"}},"relations":{"r":{"target":"service","required":false,"many":true}}}`,
		3: `{"aggregationProperties":{"n":{"title":"N","target":"service","calculationSpec":{"func":"sum","calculationBy":"property","property":"tier"}}}}`,
		4: `{"identifier":"w","title":"W","enabled":true,"mappings":[{"blueprint":"a","operation":{"type":"delete"},"entity":{"identifier":"b"}}],"security":{"secret":"c"}}`,
		5: `{"clientId":"a","clientSecret":"b"}`,
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

func TestViolations(t *testing.T) {
	c := start(t, fakeport.Options{})
	c.must("GET /v1/blueprints/service", "")
	if got := c.server.Violations(); len(got) != 0 {
		t.Errorf("violations: %v", got)
	}
	c.refused("GET /v1/blueprints/service?dry=true", "", 422, "'dry'")
	if got := c.server.Violations(); len(got) != 1 || !strings.Contains(got[0].Error(), "'dry'") {
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
