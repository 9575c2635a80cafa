package mapper_test

import (
	"slices"
	"testing"

	"github.com/codecov-port/codecov-port/pkg/mapper"
)

func TestNamesAsBuiltin(t *testing.T) {
	own := mapper.Entry{Blueprint: "mine", Entity: mapper.EntityTemplate{Identifier: ".body.head.branch"}}
	for name, test := range map[string]struct {
		change func([]mapper.Entry) []mapper.Entry
		want   bool
	}{
		"built in":         {func(e []mapper.Entry) []mapper.Entry { return e }, true},
		"blanks":           {func(e []mapper.Entry) []mapper.Entry { e[0].Entity.Identifier += " "; return e }, true},
		"other properties": {func(e []mapper.Entry) []mapper.Entry { e[0].Entity.Properties["coverage"] = "1"; return e }, true},
		"an address more":  {func(e []mapper.Entry) []mapper.Entry { e[0].Entity.Properties["url"] = ".body.head.url"; return e }, true},
		"another title":    {func(e []mapper.Entry) []mapper.Entry { e[1].Entity.Title = ".body.repo.name"; return e }, true},
		"more blueprints":  {func(e []mapper.Entry) []mapper.Entry { return append(e, own) }, true},

		"another identifier": {func(e []mapper.Entry) []mapper.Entry { e[0].Entity.Identifier = ".body.repo.url"; return e }, false},
		"another in history": {func(e []mapper.Entry) []mapper.Entry { e[1].Entity.Identifier = ".body.head.commitid"; return e }, false},
		"another address": {func(e []mapper.Entry) []mapper.Entry {
			e[0].Entity.Properties["repository"] = ".body.head.url"
			return e
		}, false},
		"no address": {func(e []mapper.Entry) []mapper.Entry { delete(e[0].Entity.Properties, "repository"); return e }, false},
		"no page":    {func(e []mapper.Entry) []mapper.Entry { delete(e[1].Entity.Properties, "url"); return e }, false},
		"another relation": {func(e []mapper.Entry) []mapper.Entry {
			e[1].Entity.Relations["repository"] = ".body.repo.url"
			return e
		}, false},
		"no relation":       {func(e []mapper.Entry) []mapper.Entry { e[1].Entity.Relations = nil; return e }, false},
		"an entity an item": {func(e []mapper.Entry) []mapper.Entry { e[0].ItemsToParse = "[1]"; return e }, false},
		"no history":        {func(e []mapper.Entry) []mapper.Entry { return e[:1] }, false},
		"no state":          {func(e []mapper.Entry) []mapper.Entry { return e[1:] }, false},
		"a second entry": {func(e []mapper.Entry) []mapper.Entry {
			return append(e, mapper.Entry{Blueprint: e[0].Blueprint, Entity: own.Entity})
		}, false},
		"nothing built in":     {func([]mapper.Entry) []mapper.Entry { return []mapper.Entry{own} }, false},
		"only deletes builtin": {func(e []mapper.Entry) []mapper.Entry { e[0].Operation = "delete"; return slices.Clip(e) }, false},
	} {
		mapping, err := mapper.Compile(test.change(mapper.BuiltinMapping()), mapper.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if got := mapping.NamesAsBuiltin(); got != test.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
