package backfill_test

import (
	"encoding/json"
	"testing"

	fakeport "github.com/codecov-port/codecov-port/internal/fake/port"
	"github.com/codecov-port/codecov-port/internal/fake/recordings"
	"github.com/codecov-port/codecov-port/pkg/mapper"
)

// TestTeamAndIcon are compared like everything else, teams without order, and read back with everything else.
func TestTeamAndIcon(t *testing.T) {
	for team, variants := range map[string]struct{ same, other []any }{
		`"platform"`:                     {[]any{[]any{"platform"}}, []any{[]any{"web"}, []any{"platform", "web"}, nil}},
		`["web", "platform", "web"]`:     {[]any{[]any{"platform", "web"}, []any{"web", "platform"}}, []any{[]any{"web"}, "platform", nil}},
		`[.body.repo.name, "platform"]`:  {[]any{[]any{"platform", "app"}}, []any{[]any{"platform"}}},
		`if true then [] else "x" end`:   {[]any{nil, []any{}}, nil},
		`.body.repo.name | ascii_upcase`: {[]any{[]any{"APP"}, "APP"}, []any{"app"}},
	} {
		t.Run(team, func(t *testing.T) {
			b := newBench(t, account(t, map[string][]string{"app": rows("main", recordings.Now(), 1)}, "app"))
			if err := b.port.PutBlueprint(json.RawMessage(`{"identifier":"mine","title":"Mine","schema":{"properties":{},"required":[]},"relations":{}}`)); err != nil {
				t.Fatal(err)
			}
			b.mapping(t, []mapper.Entry{{Blueprint: "mine", Entity: mapper.EntityTemplate{Identifier: ".body.repo.name", Icon: `"Git"`, Team: team}}})
			b.run(t)
			for _, stored := range variants.same {
				b.change(t, "mine", "app", func(e *fakeport.Entity) { e.Team = stored })
				if counts := b.run(t).Entities[0]; counts.Unchanged != 1 {
					t.Errorf("with team %v in Port: %+v, want it unchanged", stored, counts)
				}
			}
			for _, stored := range variants.other {
				b.change(t, "mine", "app", func(e *fakeport.Entity) { e.Team = stored })
				if counts := b.run(t).Entities[0]; counts.Updated != 1 {
					t.Errorf("with team %v in Port: %+v, want an update", stored, counts)
				}
			}
			b.change(t, "mine", "app", func(e *fakeport.Entity) { e.Icon = "GitHub" })
			if counts := b.run(t).Entities[0]; counts.Updated != 1 || b.entity(t, "mine", "app").Icon != "Git" {
				t.Errorf("with another icon in Port: %+v, want an update", counts)
			}
		})
	}
}

// TestTeamsTakeNoRequests beyond those of a mapping without teams.
func TestTeamsTakeNoRequests(t *testing.T) {
	requests := func(team string) int {
		b := newBench(t, recorded(t, "github.acme.json"))
		entries := mapper.BuiltinMapping()
		for i := range entries {
			entries[i].Entity.Team, entries[i].Entity.Icon = team, `"Git"`
		}
		b.mapping(t, entries)
		b.run(t)
		b.port.ResetCounts()
		if result := b.run(t); result.Entities[0].Unchanged != 49 || result.Entities[1].Unchanged != 1505 {
			t.Errorf("team %q: %+v", team, result.Entities)
		}
		b.port.ResetCounts()
		entries[0].Entity.Team, entries[1].Entity.Team = `"another"`, `"another"`
		b.mapping(t, entries)
		if result := b.run(t); result.Entities[0].Updated != 49 || result.Entities[1].Updated != 1505 {
			t.Errorf("team %q, then another: %+v", team, result.Entities)
		}
		return b.port.Requests().Requests
	}
	if got, most := requests(`"platform"`), 84; got > most {
		t.Errorf("%d requests to Port to change each team, want %d at most", got, most)
	}
}
