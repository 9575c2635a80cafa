package contract_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/codecov-port/codecov-port/internal/fake/contract"
)

const (
	bulk       = "POST /v1/blueprints/{blueprint_identifier}/entities/bulk?upsert=true"
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
	for _, test := range []struct {
		name    string
		request string
		body    string
		refused string // part of the error; empty: passes
	}{
		{"token", "POST /v1/auth/access_token", `{"clientId":"a","clientSecret":"b"}`, ""},
		{"token with more", "POST /v1/auth/access_token", `{"clientId":"a","clientSecret":"b","scope":"c"}`, "scope"},

		{"one entity", bulk, entity(`{"identifier":"codecov-example","title":"x","team":["a"],"properties":{"a":1},"relations":{"r":null,"s":["t"]}}`), ""},
		{"20 entities", bulk, entities(20), ""},
		{"21 entities", bulk, entities(21), "maxItems"},
		{"no entities", bulk, entities(0), "minItems"},
		{"every letter of an identifier", bulk, entity(`{"identifier":"Ünï/co:de@_.+\\=-9"}`), ""},
		{"blank in an identifier", bulk, entity(`{"identifier":"a b"}`), "identifier: 'oneOf'"},
		{"two dots as an identifier", bulk, entity(`{"identifier":".."}`), "identifier: 'oneOf'"},
		{"three dots as an identifier", bulk, entity(`{"identifier":"..."}`), ""},
		{"empty identifier", bulk, entity(`{"identifier":""}`), "identifier: 'oneOf'"},
		{"1,000 characters", bulk, entity(`{"identifier":"` + strings.Repeat("é", 1000) + `"}`), ""},
		{"1,001 characters", bulk, entity(`{"identifier":"` + strings.Repeat("é", 1001) + `"}`), "identifier: 'oneOf'"},
		{"null title", bulk, entity(`{"identifier":"a","title":null}`), "title"},
		{"null team", bulk, entity(`{"identifier":"a","team":null}`), "team"},
		{"number as a relation", bulk, entity(`{"identifier":"a","relations":{"r":1}}`), "relations"},
		{"unknown property beside entities", bulk, `{"entities":[{"identifier":"a"}],"dry":true}`, "dry"},
		{"unknown query parameter", bulk + "&mrege=true", entities(1), "'mrege'"},
		{"no upsert", "POST /v1/blueprints/{blueprint_identifier}/entities/bulk", entities(1), "upsert"},
		{"upsert that is no boolean", "POST /v1/blueprints/{blueprint_identifier}/entities/bulk?upsert=yes", entities(1), "upsert"},
		{"no body", bulk, "", "body must be object"},

		{"blueprint", blueprints, `{"identifier":"a","title":"A","schema":{"properties":{"b":{"type":"string","format":"url"}}}}`, ""},
		{"blueprint without schema", blueprints, `{"identifier":"a","title":"A"}`, "schema"},
		{"unknown format", blueprints, `{"identifier":"a","title":"A","schema":{"properties":{"b":{"type":"string","format":"uuid"}}}}`, "format"},
		{"bad property name", blueprints, `{"identifier":"a","title":"A","schema":{"properties":{"b c":{"type":"string"}}}}`, "pattern"},
		{"relation without many", blueprints, `{"identifier":"a","title":"A","schema":{"properties":{}},"relations":{"r":{"target":"b","required":false}}}`, "many"},
		{"aggregation", blueprints, aggregated("average", "lastMonth"), ""},
		{"aggregation with a mean", blueprints, aggregated("mean", "lastMonth"), "oneOf"},
		{"aggregation over 30 days", blueprints, aggregated("average", "last30Days"), "anyOf"},

		{"search", "POST /v1/blueprints/{blueprint_identifier}/entities/search", `{"query":{"combinator":"and","rules":[{"property":"$identifier","operator":"in","value":["a"]}]},"limit":1000}`, ""},
		{"search for too many", "POST /v1/blueprints/{blueprint_identifier}/entities/search", `{"limit":1001}`, "maximum"},
		{"search by an unknown operator", "POST /v1/blueprints/{blueprint_identifier}/entities/search", `{"query":{"combinator":"and","rules":[{"property":"a","operator":"like","value":"b"}]}}`, "anyOf"},

		{"webhook", webhooks, `{"title":"Codecov Mapper","enabled":true,"mappings":[{"blueprint":"a","filter":"true","entity":{"identifier":".body.a"}}]}`, ""},
		{"webhook with a long title", webhooks, `{"title":"` + strings.Repeat("a", 31) + `","enabled":true}`, "maxLength"},
		{"webhook mapping with more", webhooks, `{"title":"A","enabled":true,"mappings":[{"blueprint":"a","when":"true","entity":{"identifier":"b"}}]}`, "when"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var body any
			if test.body != "" {
				if err := json.Unmarshal([]byte(test.body), &body); err != nil {
					t.Fatal(err)
				}
			}
			pattern, query, _ := strings.Cut(test.request, "?")
			values, err := url.ParseQuery(query)
			if err != nil {
				t.Fatal(err)
			}
			checkError(t, contract.CheckRequest(pattern, values, body), test.refused)
		})
	}
}

// checkError compares an error with a part of it; empty is none.
func checkError(t *testing.T, err error, want string) {
	t.Helper()
	switch {
	case want == "" && err != nil:
		t.Errorf("refused: %v", err)
	case want != "" && err == nil:
		t.Error("passed")
	case want != "" && !strings.Contains(err.Error(), want):
		t.Errorf("error %q, want one with %q", err, want)
	}
}

func TestAnswer(t *testing.T) {
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
		{"entity with createdAt", "GET /v1/blueprints/{blueprint_identifier}/entities/{entity_identifier}", "", 200, `{"ok":true,"entity":{"identifier":"b","createdAt":"2024-01-01T00:00:00Z"}}`, "createdAt"},
		{"blueprint without createdAt", "GET /v1/blueprints/{identifier}", "", 200, `{"ok":true,"blueprint":{"identifier":"a","title":"A","schema":{"properties":{}}}}`, "createdAt"},
		{"refusal", "GET /v1/blueprints/{identifier}", "", 404, `{"ok":false,"error":"not_found","message":"m"}`, ""},
		{"refusal that is ok", "GET /v1/blueprints/{identifier}", "", 404, `{"ok":true,"error":"not_found","message":"m"}`, "ok"},
		{"refusal with a status of its own", bulk, entities(1), 429, `{"ok":false,"error":"rate_limit_exceeded"}`, ""},
		{"refusal with a shape of its own", bulk, entities(1), 429, `{"message":"slow down"}`, "missing propert"},
		{"success with a status of its own", bulk, entities(1), 202, `{}`, "does not list"},
		{"webhook", webhooks, `{"title":"A","enabled":true}`, 201, `{"ok":true,"integration":{}}`, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			pattern, _, _ := strings.Cut(test.request, "?")
			err := contract.CheckAnswer(pattern, test.status, http.Header{"X-Trace-Id": {"1"}}, []byte(test.answer))
			checkError(t, err, test.reports)
		})
	}
}
