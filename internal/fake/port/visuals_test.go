package port_test

import (
	"strings"
	"testing"

	fakeport "github.com/codecov-port/codecov-port/internal/fake/port"
)

const (
	goodScorecard = `{"identifier":"s","title":"S","levels":[{"title":"Basic","color":"paleBlue"},{"title":"Gold","color":"gold"}],
		"rules":[{"identifier":"r","title":"R","level":"Gold","query":{"combinator":"and","conditions":[{"property":"language","operator":"=","value":"go"}]}}]}`
	goodPage = `{"identifier":"p","title":"P","type":"dashboard","widgets":[{"id":"root","type":"dashboard-widget",
		"layout":[{"height":400,"columns":[{"id":"a","size":4},{"id":"b","size":8}]}],
		"widgets":[{"id":"a","type":"table-entities-explorer","blueprint":"tool","dataset":{"combinator":"and","rules":[{"property":"language","operator":"=","value":"go"}]}},
			{"id":"b","type":"multi-line-chart","lines":[{"blueprint":"tool","measureTimeBy":"$createdAt","properties":["properties.language"]}]}]}]}`
	scorecardsPath = "/v1/blueprints/tool/scorecards"
)

func startWithLanguage(t *testing.T) *client {
	t.Helper()
	c := start(t, fakeport.Options{})
	c.handler = c.server // the contract between has none of these operations
	c.must("POST /v1/blueprints", `{"identifier":"tool","title":"Tool","schema":{"properties":{"language":{"type":"string"}}}}`)
	return c
}

func TestScorecardsAndPages(t *testing.T) {
	c := startWithLanguage(t)
	for _, v := range []struct{ collection, one, body string }{
		{scorecardsPath, scorecardsPath + "/s", goodScorecard},
		{"/v1/pages", "/v1/pages/p", goodPage},
	} {
		c.refused("GET "+v.one, "", 404, "not_found")
		c.must("POST "+v.collection, v.body)
		c.refused("POST "+v.collection, v.body, 409, "identifier_taken")
		c.must("GET "+v.one, "")
		c.must("DELETE "+v.one, "")
		c.refused("DELETE "+v.one, "", 404, "not_found")
	}
	c.refused("GET /v1/blueprints/nowhere/scorecards", "", 404, "not_found")
}

// TestBrokenVisuals breaks each rule in turn.
func TestBrokenVisuals(t *testing.T) {
	c := startWithLanguage(t)
	for path, breaks := range map[string][][2]string{
		scorecardsPath: {
			{`"identifier":"s",`, ``}, {`"title":"S",`, ``}, {`"level":"Gold"`, `"level":"Silver"`}, {`"property":"language"`, `"property":"none"`},
			{`"rules":[`, `"rules":[{"identifier":"e","level":"Gold"},`},
		},
		"/v1/pages": {
			{`"type":"dashboard",`, ``}, {`"type":"dashboard-widget"`, `"type":"table"`}, {`"height":400`, `"height":399`}, {`"size":8`, `"size":7`},
			{`"size":4},{"id":"b","size":8`, `"size":2},{"id":"b","size":10`}, {`{"id":"a","size":4}`, `{"id":"c","size":4}`},
			{`{"id":"a","size":4},{"id":"b","size":8}`, `{"id":"a","size":12}`}, {`{"id":"a","size":4},{"id":"b"`, `{"id":"b","size":4},{"id":"b"`},
			{`"blueprint":"tool","dataset"`, `"blueprint":"none","dataset"`}, {`"property":"language"`, `"property":"none"`},
			{`"properties.language"`, `"properties.none"`}, {`"$createdAt"`, `"none"`},
		},
	} {
		good := map[string]string{scorecardsPath: goodScorecard, "/v1/pages": goodPage}[path]
		for _, b := range breaks {
			body := strings.Replace(good, b[0], b[1], 1)
			if body == good {
				t.Fatalf("%s is not in the body", b[0])
			}
			c.refused("POST "+path, body, 422, "invalid_request")
		}
	}
}

func TestDeleteAllEntities(t *testing.T) {
	c := startWithLanguage(t)
	c.must("POST "+scorecardsPath, goodScorecard)
	c.must("POST /v1/blueprints/tool/entities/bulk?upsert=true", `{"entities":[{"identifier":"a"},{"identifier":"b"}]}`)
	c.must("POST /v1/blueprints", `{"identifier":"other","title":"O","schema":{"properties":{}},"relations":{"of":{"target":"tool","required":false,"many":false}}}`)
	c.refused("DELETE /v1/blueprints/tool/all-entities?delete_blueprint=true", "", 409, "has_dependents")
	c.must("DELETE /v1/blueprints/tool/all-entities", "")
	if got := c.server.Count("tool"); got != 0 {
		t.Errorf("%d entities left", got)
	}
	c.must("DELETE /v1/blueprints/other/all-entities?delete_blueprint=true", "")
	c.must("DELETE /v1/blueprints/tool/all-entities?delete_blueprint=true", "")
	c.refused("GET "+scorecardsPath+"/s", "", 404, "not_found")
	c.refused("DELETE /v1/blueprints/tool/all-entities", "", 404, "not_found")
}
