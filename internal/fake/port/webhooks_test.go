package port_test

import (
	"strings"
	"testing"

	fakeport "github.com/codecov-port/codecov-port/internal/fake/port"
)

func TestWebhooks(t *testing.T) {
	c := start(t, fakeport.Options{})
	const all, one = "/v1/webhooks", "/v1/webhooks/codecov_mapper"
	const document = `{"identifier":"codecov_mapper","title":"Codecov Mapper","enabled":true,"icon":"Git",
		"mappings":[{"blueprint":"service","filter":"true","entity":{"identifier":".body.repo.name"}}]}`
	created := c.must("POST "+all, document).body["integration"]
	if at(created, "webhookKey") == nil || !strings.HasPrefix(at(created, "url").(string), "https://") || at(created, "title") != "Codecov Mapper" {
		t.Errorf("created: %v", created)
	}
	c.refused("POST "+all, document, 409, "identifier_taken")
	c.refused("POST "+all, `{"title":"A"}`, 422, "'enabled'")
	c.refused("POST "+all, `{"enabled":true}`, 422, "'title'")
	c.refused("POST "+all, `{"identifier":"`+strings.Repeat("a", 31)+`","title":"A","enabled":true}`, 422, "maxLength")
	c.refused("POST "+all, `{"title":"A","enabled":true,"mappings":[{"blueprint":"a","when":"b","entity":{"identifier":"c"}}]}`, 422, "'when'")

	c.must("PATCH "+one, `{"enabled":false}`)
	got := c.must("GET "+one, "").body["integration"]
	if at(got, "enabled") != false || at(got, "title") != "Codecov Mapper" || at(got, "url") != at(created, "url") {
		t.Errorf("after PATCH: %v", got)
	}

	c.must("POST "+all, `{"title":"Nameless","enabled":true}`)
	c.must("DELETE "+one, "")
	c.refused("GET "+one, "", 404, "not_found")
	c.refused("DELETE "+one, "", 404, "not_found")
	c.refused("PATCH "+one, "{}", 404, "not_found")
}
