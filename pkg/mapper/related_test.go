package mapper_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codecov-port/codecov-port/pkg/mapper"
	"github.com/codecov-port/codecov-port/pkg/port"
)

func TestAddRelations(t *testing.T) {
	builtin := mapper.BuiltinMapping()
	own, search, deletes := builtin[0], builtin[0], builtin[0]
	own.Entity.Relations = map[string]string{"service": `"own"`, "other": `"x"`}
	search.Searches, search.Entity.Relations = []string{"entity.relations.service"}, map[string]string{"service": ""}
	deletes.Operation = "delete"
	blueprint := port.Blueprint{Identifier: mapper.CurrentBlueprint, Relations: map[string]port.Relation{
		"service": {Target: "service", Description: mapper.MarkRelation(".body.repo.name")},
		"mine":    {Target: "service", Description: "mine"},
	}}
	var got []map[string]string
	for _, e := range mapper.AddRelations([]mapper.Entry{builtin[0], builtin[1], own, search, deletes}, blueprint) {
		got = append(got, e.Entity.Relations)
	}
	want := []map[string]string{{"service": ".body.repo.name"}, {"repository": ".body.repo.name"}, {"service": `"own"`, "other": `"x"`}, {"service": ""}, nil}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("relations (-want +got):\n%s", diff)
	}
	if len(own.Entity.Relations) != 2 || len(builtin[0].Entity.Relations) != 0 {
		t.Error("the entries of the caller were changed")
	}
}
