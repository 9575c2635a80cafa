package contract_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/codecov-port/codecov-port/internal/fake/contract"
)

func load(t *testing.T) *contract.Contract {
	t.Helper()
	contract, err := contract.Load("../../../testdata/port/openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	return contract
}

const (
	bulk       = "POST /v1/blueprints/service/entities/bulk?upsert=true"
	blueprints = "POST /v1/blueprints"
	webhooks   = "POST /v1/webhooks"
)

func entities(n int) string {
	return `{"entities":[` + strings.TrimSuffix(strings.Repeat(`{"identifier":"a"},`, n), ",") + `]}`
}

func entity(document string) string { return `{"entities":[` + document + `]}` }

func aggregated(function, preset string) string {
	return fmt.Sprintf(`{"identifier":"a","title":"A","schema":{"properties":{}},"aggregationProperties":{"mean":{
		"title":"Mean","target":"b","calculationSpec":{"calculationBy":"property","func":%q,"averageOf":"total","property":"coverage"},
		"query":{"combinator":"and","rules":[{"property":"at","operator":"between","value":{"preset":%q}}]}}}}`, function, preset)
}

func TestRequest(t *testing.T) {
	contract := load(t)
	for _, test := range []struct {
		name    string
		request string
		body    string
		refused string // part of the error; empty: passes
	}{
		{"token", "POST /v1/auth/access_token", `{"clientId":"a","clientSecret":"b"}`, ""},
		{"token with more", "POST /v1/auth/access_token", `{"clientId":"a","clientSecret":"b","scope":"c"}`, "scope"},
		{"unknown path", "GET /v2/blueprints", "", "no matching operation"},
		{"unknown method", "DELETE /v1/webhooks", "", "method not allowed"},
		{"body on GET", "GET /v1/blueprints", "{}", "a body where"},
		{"identifier with a slash", "GET /v1/blueprints/a/entities/b%2Fc", "", ""},

		{"one entity", bulk, entity(`{"identifier":"codecov-example","title":"x","team":["a"],"properties":{"a":1},"relations":{"r":null,"s":["t"]}}`), ""},
		{"20 entities", bulk, entities(20), ""},
		{"21 entities", bulk, entities(21), "maxItems"},
		{"no entities", bulk, entities(0), "minItems"},
		{"every letter of an identifier", bulk, entity(`{"identifier":"Ünï/co:de@_.+\\=-9"}`), ""},
		{"blank in an identifier", bulk, entity(`{"identifier":"a b"}`), "pattern"},
		{"two dots as an identifier", bulk, entity(`{"identifier":".."}`), "pattern"},
		{"three dots as an identifier", bulk, entity(`{"identifier":"..."}`), ""},
		{"empty identifier", bulk, entity(`{"identifier":""}`), "pattern"},
		{"1,000 characters", bulk, entity(`{"identifier":"` + strings.Repeat("é", 1000) + `"}`), ""},
		{"1,001 characters", bulk, entity(`{"identifier":"` + strings.Repeat("é", 1001) + `"}`), "maxLength"},
		{"null title", bulk, entity(`{"identifier":"a","title":null}`), "title"},
		{"null team", bulk, entity(`{"identifier":"a","team":null}`), "team"},
		{"number as a relation", bulk, entity(`{"identifier":"a","relations":{"r":1}}`), "relations"},
		{"unknown property beside entities", bulk, `{"entities":[{"identifier":"a"}],"dry":true}`, "dry"},
		{"unknown query parameter", bulk + "&mrege=true", entities(1), `"mrege"`},
		{"no upsert", "POST /v1/blueprints/service/entities/bulk", entities(1), "upsert"},
		{"upsert that is no boolean", "POST /v1/blueprints/service/entities/bulk?upsert=yes", entities(1), "upsert"},
		{"no body", bulk, "", "no body"},
		{"no JSON", bulk, "{", "EOF"},

		{"blueprint", blueprints, `{"identifier":"a","title":"A","schema":{"properties":{"b":{"type":"string","format":"url"}}}}`, ""},
		{"blueprint without schema", blueprints, `{"identifier":"a","title":"A"}`, "schema"},
		{"unknown format", blueprints, `{"identifier":"a","title":"A","schema":{"properties":{"b":{"type":"string","format":"uuid"}}}}`, "format"},
		{"bad property name", blueprints, `{"identifier":"a","title":"A","schema":{"properties":{"b c":{"type":"string"}}}}`, "pattern"},
		{"relation without many", blueprints, `{"identifier":"a","title":"A","schema":{"properties":{}},"relations":{"r":{"target":"b","required":false}}}`, "many"},
		{"aggregation", blueprints, aggregated("average", "lastMonth"), ""},
		{"aggregation with a mean", blueprints, aggregated("mean", "lastMonth"), "oneOf"},
		{"aggregation over 30 days", blueprints, aggregated("average", "last30Days"), "anyOf"},

		{"search", "POST /v1/blueprints/a/entities/search", `{"query":{"combinator":"and","rules":[{"property":"$identifier","operator":"in","value":["a"]}]},"limit":1000}`, ""},
		{"search for too many", "POST /v1/blueprints/a/entities/search", `{"limit":1001}`, "maximum"},
		{"search by an unknown operator", "POST /v1/blueprints/a/entities/search", `{"query":{"combinator":"and","rules":[{"property":"a","operator":"like","value":"b"}]}}`, "anyOf"},

		{"webhook", webhooks, `{"title":"Codecov Mapper","enabled":true,"mappings":[{"blueprint":"a","filter":"true","entity":{"identifier":".body.a"}}]}`, ""},
		{"webhook with a long title", webhooks, `{"title":"` + strings.Repeat("a", 31) + `","enabled":true}`, "maxLength"},
		{"webhook mapping with more", webhooks, `{"title":"A","enabled":true,"mappings":[{"blueprint":"a","when":"true","entity":{"identifier":"b"}}]}`, "when"},
	} {
		t.Run(test.name, func(t *testing.T) {
			method, target, _ := strings.Cut(test.request, " ")
			r := httptest.NewRequestWithContext(t.Context(), method, target, strings.NewReader(test.body))
			if test.body != "" {
				r.Header.Set("Content-Type", "application/json")
			}
			err := contract.Request(r, []byte(test.body))
			switch {
			case test.refused == "" && err != nil:
				t.Errorf("refused: %v", err)
			case test.refused != "" && err == nil:
				t.Error("passed")
			case test.refused != "" && !strings.Contains(err.Error(), test.refused):
				t.Errorf("error %q, want one with %q", err, test.refused)
			}
		})
	}
}

func TestLoadNamesTheFile(t *testing.T) {
	for _, path := range []string{"missing.json", "contract_test.go"} {
		if _, err := contract.Load(path); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("Load(%q): error %v", path, err)
		}
	}
}

func TestMiddleware(t *testing.T) {
	contract := load(t)
	for _, test := range []struct {
		name    string
		request string
		body    string
		status  int
		answer  string
		reports string // part of the one report; empty: none
	}{
		{"right", bulk, entities(1), 200, `{"ok":true,"entities":[{"identifier":"a","index":0,"created":true}],"errors":[]}`, ""},
		{"partial", bulk, entities(1), 207, `{"ok":false,"entities":[],"errors":[{"identifier":"a","index":0,"statusCode":422,"error":"e","message":"m"}]}`, ""},
		{"no errors listed", bulk, entities(1), 200, `{"ok":true,"entities":[]}`, "errors"},
		{"entity with createdAt", "GET /v1/blueprints/a/entities/b", "", 200, `{"ok":true,"entity":{"identifier":"b","createdAt":"2024-01-01T00:00:00Z"}}`, "createdAt"},
		{"blueprint without createdAt", "GET /v1/blueprints/a", "", 200, `{"ok":true,"blueprint":{"identifier":"a","title":"A","schema":{"properties":{}}}}`, "createdAt"},
		{"refusal", "GET /v1/blueprints/a", "", 404, `{"ok":false,"error":"not_found","message":"m"}`, ""},
		{"refusal that is ok", "GET /v1/blueprints/a", "", 404, `{"ok":true,"error":"not_found","message":"m"}`, "ok"},
		{"refusal with a status of its own", bulk, entities(1), 429, `{"ok":false,"error":"rate_limit_exceeded"}`, ""},
		{"refusal with a shape of its own", bulk, entities(1), 429, `{"message":"slow down"}`, "missing propert"},
		{"success with a status of its own", bulk, entities(1), 202, `{}`, "does not list"},
		{"webhook", webhooks, `{"title":"A","enabled":true}`, 201, `{"ok":true,"integration":{}}`, ""},
		{"wrong and refused", bulk, entities(21), 422, `{"ok":false,"error":"e","message":"m"}`, ""},
		{"wrong and taken", bulk, entities(21), 200, `{"ok":true,"entities":[],"errors":[]}`, "answered 200"},
	} {
		t.Run(test.name, func(t *testing.T) {
			next := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if body, _ := io.ReadAll(r.Body); string(body) != test.body {
					t.Errorf("the handler read %q", body)
				}
				w.Header().Set("X-Trace-Id", "1")
				w.WriteHeader(test.status)
				_, _ = io.WriteString(w, test.answer)
			})
			var reports []error
			handler := contract.Middleware(next, func(err error) { reports = append(reports, err) })
			method, target, _ := strings.Cut(test.request, " ")
			r := httptest.NewRequestWithContext(t.Context(), method, target, strings.NewReader(test.body))
			r.Header.Set("Content-Type", "application/json")
			w := httptest.NewRecorder()
			handler.ServeHTTP(w, r)

			if w.Code != test.status || w.Body.String() != test.answer {
				t.Errorf("the answer changed on its way: %d %s", w.Code, w.Body)
			}
			switch {
			case test.reports == "" && len(reports) > 0:
				t.Errorf("reported: %v", reports)
			case test.reports != "" && (len(reports) != 1 || !strings.Contains(reports[0].Error(), test.reports)):
				t.Errorf("reports %v, want one with %q", reports, test.reports)
			}
		})
	}
}
