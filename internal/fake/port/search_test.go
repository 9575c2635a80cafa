package port_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	fakeport "github.com/codecov-port/codecov-port/internal/fake/port"
)

const search = "POST /v1/blueprints/service/entities/search"

// found returns the identifiers in an answer, and its cursor.
func found(body map[string]any) (identifiers []string, next any) {
	entities, _ := body["entities"].([]any)
	for _, entity := range entities {
		identifiers = append(identifiers, fmt.Sprint(at(entity, "identifier")))
	}
	return identifiers, body["next"]
}

func searchable(t *testing.T) *client {
	t.Helper()
	c := start(t, fakeport.Options{})
	for _, entity := range []fakeport.Entity{
		{Identifier: "root", Title: "Root", Properties: map[string]any{"tier": 1, "language": "go", "since": "2024-01-01T00:00:00Z"}},
		{Identifier: "left", Title: "Left", Team: []any{"x"}, Properties: map[string]any{"tier": 2, "tags": []any{"a", "b"}, "since": "2024-06-01T00:00:00+02:00"}, Relations: map[string]any{"parent": "root"}},
		{Identifier: "right", Properties: map[string]any{"tier": 3, "language": "rust", "tags": []any{"b"}}, Relations: map[string]any{"parent": "left"}},
	} {
		if err := c.server.PutEntity("service", entity); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

func TestSearchRules(t *testing.T) {
	c := searchable(t)
	for _, test := range []struct {
		rule string
		want []string
	}{
		{`{"property":"$identifier","operator":"=","value":"left"}`, []string{"left"}},
		{`{"property":"$identifier","operator":"in","value":["left","right","z"]}`, []string{"left", "right"}},
		{`{"property":"$identifier","operator":"beginsWith","value":"r"}`, []string{"root", "right"}},
		{`{"property":"language","operator":"=","value":null}`, []string{"left"}},
		{`{"property":"tier","operator":"=","value":2}`, []string{"left"}},
		{`{"property":"tier","operator":">=","value":3}`, []string{"right"}},
		{`{"relation":"parent","operator":"=","value":"root"}`, []string{"left"}},
		{`{"property":"tier","operator":"=","value":1},{"property":"tier","operator":"=","value":3}`, []string{"root", "right"}},
		{``, []string{"root", "left", "right"}},
	} {
		combinator := "or"
		if test.rule == "" {
			combinator = "and"
		}
		got, next := found(c.must(search, `{"query":{"combinator":"`+combinator+`","rules":[`+test.rule+`]}}`).body)
		if diff := cmp.Diff(test.want, got); diff != "" || next != nil {
			t.Errorf("%s: next %v (-want +got):\n%s", test.rule, next, diff)
		}
	}
}

func TestSearchRefuses(t *testing.T) {
	c := searchable(t)
	rule := func(rule string) string { return `{"query":{"combinator":"and","rules":[` + rule + `]}}` }
	for _, test := range []struct{ body, message string }{
		{rule(`{"property":"unheard","operator":"=","value":1}`), "'unheard'"},
		{rule(`{"relation":"unheard","operator":"=","value":"a"}`), "'unheard'"},
		{rule(`{"property":"tier","operator":"like","value":1}`), "body/query"},
		{rule(`{"property":"since","operator":"between","value":{"preset":"lastMonth"}}`), "not emulated"},
		{rule(`{"property":"since","operator":"between","value":{"from":"2024-01-01T00:00:00Z","to":"2025-01-01T00:00:00Z","preset":"today"}}`), "body/query"},
		{rule(`{"property":"since","operator":"isExpired"}`), "not emulated"},
		{rule(`{"operator":"relatedTo","blueprint":"service","value":"root"}`), "not emulated"},
		{`{"include":["unheard"]}`, "include: 'unheard'"},
		{`{"include":["parent.tier"]}`, "include: 'parent.tier'"},
		{`{"limit":0}`, "limit: minimum"},
		{`{"limit":1001}`, "limit: maximum"},
		{`{"from":"garbage"}`, "from"},
		{`{"offset":1}`, "'offset'"},
	} {
		c.refused(search, test.body, 422, test.message)
	}
	c.refused("POST /v1/blueprints/nowhere/entities/search", "{}", 404, "not_found")
}

func TestSearchGivesWhatIsIncluded(t *testing.T) {
	c := searchable(t)
	const left = `"query":{"combinator":"and","rules":[{"property":"$identifier","operator":"=","value":"left"}]}`
	for _, test := range []struct {
		body string
		want map[string]any
	}{
		{`{` + left + `}`, map[string]any{
			"identifier": "left", "title": "Left", "team": []any{"x"},
			"properties": map[string]any{"tier": 2.0, "language": nil, "tags": []any{"a", "b"}, "since": "2024-05-31T22:00:00.000Z"},
			"relations":  map[string]any{"parent": "root"},
		}},
		{`{` + left + `,"include":["$identifier","$title","tier","parent"]}`, map[string]any{
			"identifier": "left", "title": "Left", "properties": map[string]any{"tier": 2.0}, "relations": map[string]any{"parent": "root"},
		}},
		{`{` + left + `,"include":["tier"]}`, map[string]any{"properties": map[string]any{"tier": 2.0}, "relations": map[string]any{}}},
	} {
		got, _ := c.must(search, test.body).body["entities"].([]any)
		if len(got) != 1 {
			t.Fatalf("%s: %d entities", test.body, len(got))
		}
		if diff := cmp.Diff(test.want, got[0]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.body, diff)
		}
	}
}

// TestSearchPages shows that pages neither lose nor repeat an entity while others come and go.
func TestSearchPages(t *testing.T) {
	c := start(t, fakeport.Options{})
	for i := range 450 {
		if err := c.server.PutEntity("service", fakeport.Entity{Identifier: fmt.Sprint("e", 1000-i)}); err != nil {
			t.Fatal(err)
		}
	}
	first, next := found(c.must(search, `{}`).body)
	if len(first) != 200 || next == nil {
		t.Fatalf("first page: %d entities, next %v", len(first), next)
	}
	c.must("POST /v1/blueprints/service/bulk/entities/delete?delete_dependents=false", fmt.Sprintf(`{"entities":[%q,%q]}`, first[199], first[0]))
	if err := c.server.PutEntity("service", fakeport.Entity{Identifier: "late"}); err != nil {
		t.Fatal(err)
	}
	second, next := found(c.must(search, fmt.Sprintf(`{"from":%q,"limit":250}`, next)).body)
	if len(second) != 250 || next == nil {
		t.Fatalf("second page: %d entities, next %v", len(second), next)
	}
	third, next := found(c.must(search, fmt.Sprintf(`{"from":%q,"limit":1}`, next)).body)
	if diff := cmp.Diff([]string{"late"}, third); diff != "" || next != nil {
		t.Errorf("third page: next %v (-want +got):\n%s", next, diff)
	}
	seen := map[string]bool{}
	for _, identifier := range append(append(first, second...), third...) {
		if seen[identifier] {
			t.Errorf("%s came twice", identifier)
		}
		seen[identifier] = true
	}
}
