package mapper_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codecov-port/codecov-port/pkg/mapper"
)

func TestParseMapping(t *testing.T) {
	whole := `{"blueprint": "b", "operation": "create", "filter": "true", "itemsToParse": ".body.items", "entity": {
		"identifier": ".item.id", "title": ".t", "icon": "\"Git\"", "team": null,
		"properties": {"p": ".p"}, "relations": {"r": ".r"}}}`
	want := []mapper.Entry{{
		Blueprint: "b", Operation: "create", Filter: "true", ItemsToParse: ".body.items",
		Entity: mapper.EntityTemplate{
			Identifier: ".item.id", Title: ".t", Icon: `"Git"`,
			Properties: map[string]string{"p": ".p"}, Relations: map[string]string{"r": ".r"},
		},
	}}
	yaml := `
# as one would write it by hand
- blueprint: b
  operation: create
  filter: true
  itemsToParse: .body.items
  entity:
    identifier: .item.id
    title: ".t"
    icon: '"Git"'
    team:
    properties: {p: .p}
    relations:
      r: |-
        .r
`
	for name, document := range map[string]string{
		"array": "[" + whole + "]", "object": `{"mappings": [` + whole + `], "title": "Codecov Mapper"}`,
		"YAML": yaml, "YAML object": "title: Codecov Mapper\nmappings:" + yaml,
	} {
		t.Run(name, func(t *testing.T) {
			got, err := mapper.ParseMapping([]byte(document))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestParseMappingOperations(t *testing.T) {
	for operation, deletes := range map[string]bool{
		`"create"`: false, `{"type": "create"}`: false, `null`: false,
		`"delete"`: true, `{"type": "delete", "deleteDependents": true}`: true,
	} {
		got, err := mapper.ParseMapping([]byte(`[{"blueprint": "b", "operation": ` + operation + `, "entity": {"identifier": "."}}]`))
		if err != nil || got[0].Deletes() != deletes {
			t.Errorf("%s: deletes %t, error %v", operation, got[0].Deletes(), err)
		}
	}
}

func TestParseMappingErrors(t *testing.T) {
	good := `{"blueprint": "b", "entity": {"identifier": "."}}`
	tests := []struct{ name, document, want string }{
		{"nothing", ``, "mapping: unexpected end of the JSON"},
		{"blank", " \n", "mapping: unexpected end of the JSON"},
		{"broken YAML", "- blueprint: b\n  entity: [", "mapping: neither JSON nor YAML: yaml: line 2"},
		{"two YAML documents", "- a\n---\n- b", "mapping: there is more than one YAML document"},
		{"YAML without entries", "title: x", `mapping: expected an array of entries or an object with "mappings"`},
		{"YAML with a comment alone", "# x", "mapping: expected an array of entries, found null"},
		{"YAML with a field that is unknown", "- {blueprint: b, filters: true, entity: {identifier: .}}", "mapping entry 1: filters: unknown field"},
		{"YAML with null as a field", "- {blueprint: b, ~: x, entity: {identifier: .}}", "mapping entry 1: ~: unknown field"},
		{"YAML with a list as a field", "- {blueprint: b, [a]: x, entity: {identifier: .}}", "mapping: neither JSON nor YAML"},
		{"YAML with a list for an expression", "- blueprint: b\n  entity: {identifier: [.a]}", "mapping entry 1: entity.identifier: expected a JQ expression (a string), found an array"},
		{"broken", "[\n{]", "mapping: line 2: invalid character"},
		{"no list", `"x"`, "mapping: expected an array of entries, found a string"},
		{"object without mappings", `{"entries": []}`, `mapping: expected an array of entries or an object with "mappings"`},
		{"mappings is no list", `{"mappings": 3}`, "mapping: expected an array of entries, found a number"},
		{"empty", `[]`, "mapping: it has no entries"},
		{"trailing", `[` + good + `] []`, "mapping: unexpected data after"},
		{"entry is no object", `[` + good + `, 3]`, "mapping entry 2: expected an object, found a number"},
		{"entry is null", `[null]`, "mapping entry 1: expected an object, found null"},
		{"no blueprint", `[{"entity": {"identifier": "."}}]`, "mapping entry 1: blueprint: is missing"},
		{"blank blueprint", `[{"blueprint": " ", "entity": {"identifier": "."}}]`, "mapping entry 1: blueprint: is empty"},
		{"no entity", `[{"blueprint": "b"}]`, "mapping entry 1: entity: is missing"},
		{"entity is no object", `[{"blueprint": "b", "entity": []}]`, "mapping entry 1: entity: expected an object, found an array"},
		{"no identifier", `[{"blueprint": "b", "entity": {}}]`, "mapping entry 1: entity.identifier: is missing"},
		{"null identifier", `[{"blueprint": "b", "entity": {"identifier": null}}]`, "mapping entry 1: entity.identifier: is missing"},
		{
			"search as property", `[{"blueprint": "b", "entity": {"identifier": ".", "properties": {"p": {"combinator": "and", "rules": []}}}}]`,
			"mapping entry 1: entity.properties.p: expected a JQ expression, found a search query",
		},
		{"team is a list", `[{"blueprint": "b", "entity": {"identifier": ".", "team": ["a"]}}]`, "entity.team: expected a JQ expression (a string), found an array"},
		{"number as property", `[{"blueprint": "b", "entity": {"identifier": ".", "properties": {"p": 3}}}]`, "entity.properties.p: expected a JQ expression (a string), found a number"},
		{"empty property", `[{"blueprint": "b", "entity": {"identifier": ".", "properties": {"p": ""}}}]`, "entity.properties.p: is empty"},
		{"properties is no object", `[{"blueprint": "b", "entity": {"identifier": ".", "properties": "p"}}]`, "entity.properties: expected an object, found a string"},
		{"unknown field", `[{"blueprint": "b", "filters": "true", "entity": {"identifier": "."}}]`, "mapping entry 1: filters: unknown field"},
		{"unknown field of the entity", `[{"blueprint": "b", "entity": {"identifier": ".", "teams": "."}}]`, "mapping entry 1: entity.teams: unknown field"},
		{"operation", `[{"blueprint": "b", "operation": "update", "entity": {"identifier": "."}}]`, `operation: expected "create" or "delete", found "update"`},
		{"filter", `[{"blueprint": "b", "filter": true, "entity": {"identifier": "."}}]`, "mapping entry 1: filter: expected a JQ expression (a string), found a boolean"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := mapper.ParseMapping([]byte(test.document))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

func TestParseMappingReturnsAllErrors(t *testing.T) {
	_, err := mapper.ParseMapping([]byte(`[{"entity": {"title": 3}}, {"blueprint": "b"}]`))
	want := strings.Join([]string{
		"mapping entry 1: blueprint: is missing",
		"mapping entry 1: entity.identifier: is missing",
		"mapping entry 1: entity.title: expected a JQ expression (a string), found a number",
		"mapping entry 2: entity: is missing",
	}, "\n")
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func FuzzParseMapping(f *testing.F) {
	f.Add([]byte(`[{"blueprint": "b", "entity": {"identifier": ".body.repo.name", "properties": {"p": "'x'"}}}]`))
	f.Add([]byte(`{"mappings": [{"blueprint": "b", "operation": {"type": "delete"}, "entity": {"identifier": "."}}]}`))
	f.Add([]byte(`[{"blueprint": "b", "entity": {"identifier": {"combinator": "and", "rules": []}}}]`))
	f.Add([]byte("- &a\n  blueprint: b\n  filter: true\n  entity: {identifier: .body.repo.name, 1: 2024-01-01}\n- *a"))
	f.Add([]byte("- {<<: {blueprint: b}, entity: {? {a: b} : c, identifier: !!int x}}"))
	f.Add([]byte("[null, 3, \"\xff\"]"))
	f.Fuzz(func(t *testing.T, document []byte) {
		entries, err := mapper.ParseMapping(document)
		if err != nil {
			return
		}
		for i, e := range entries {
			searched := slices.Contains(e.Searches, "entity.identifier")
			if e.Blueprint == "" || (e.Entity.Identifier == "") != searched {
				t.Errorf("entry %d lacks what is required: %+v", i+1, e)
			}
		}
	})
}
