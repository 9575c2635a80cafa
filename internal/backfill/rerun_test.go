package backfill_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codecov-port/codecov-port/internal/backfill"
	fakeport "github.com/codecov-port/codecov-port/internal/fake/port"
	"github.com/codecov-port/codecov-port/pkg/mapper"
)

func TestSecondRunSendsNothing(t *testing.T) {
	b := newBench(t, recorded(t, "github.acme.json"))
	b.run(t)
	b.port.ResetCounts()
	result := b.run(t)
	counts := b.port.Requests()
	if counts.EntitiesReceived != 0 || counts.ByKind[fakeport.Bulk] != 0 {
		t.Errorf("%d entities in %d requests", counts.EntitiesReceived, counts.ByKind[fakeport.Bulk])
	}
	want := []backfill.EntityCounts{{Blueprint: current, Unchanged: 49}, {Blueprint: history, Unchanged: 1505}}
	if diff := cmp.Diff(want, result.Entities); diff != "" {
		t.Error(diff)
	}
}

func TestRunAfterOneCommitSendsWhatItChanges(t *testing.T) {
	b := newBench(t, recorded(t, "github.acme.json"))
	b.run(t)
	row := commit("1111111111111111111111111111111111111111", "2026-11-22T12:00:00Z", ann, fifty)
	if err := b.codecov.AddCommit("github", "acme", "monolith", json.RawMessage(row)); err != nil {
		t.Fatal(err)
	}

	b.options.DryRun = true
	result := b.run(t)
	want := []backfill.EntityCounts{{Blueprint: current, Updated: 1, Unchanged: 48}, {Blueprint: history, Created: 1, Unchanged: 1505}}
	if diff := cmp.Diff(want, result.Entities); diff != "" {
		t.Errorf("dry run: %s", diff)
	}
	changes := make(map[string]string)
	for _, change := range result.Changes {
		changes[change.Property] = fmt.Sprintf("%s %v to %v", change.Identifier, change.From, change.To)
	}
	if len(result.Changes) != 6 || changes["coverage"] != "monolith 80.60000 to 50.00000" || changes["branch"] != "" {
		t.Errorf("changes %v", changes)
	}

	b.options.DryRun = false
	b.port.ResetCounts()
	result = b.run(t)
	if diff := cmp.Diff(want, result.Entities); diff != "" {
		t.Error(diff)
	}
	if counts := b.port.Requests(); counts.EntitiesReceived != 2 || counts.EntitiesCreated != 1 {
		t.Errorf("%d entities received, %d created, want 2 and 1", counts.EntitiesReceived, counts.EntitiesCreated)
	}
	if got := b.entity(t, current, "monolith").Properties["coverage"]; got != "50.00000" {
		t.Errorf("coverage %v", got)
	}
}

// change alters one of Port's entities as somebody else would.
func (b *bench) change(t *testing.T, blueprint, identifier string, alter func(*fakeport.Entity)) {
	t.Helper()
	entity := b.entity(t, blueprint, identifier)
	alter(&entity)
	if err := b.port.PutEntity(blueprint, entity); err != nil {
		t.Fatal(err)
	}
}

func TestWhatALiveEventToldStays(t *testing.T) {
	b := newBench(t, account(t, map[string][]string{"app": {commit("one", "2026-11-03T00:00:00Z", ann, ninety)}}, "app"))
	b.run(t)
	live := func(e *fakeport.Entity) {
		report := e.Properties["report"].(map[string]any)
		report["messages"], report["diff"] = 0.0, []any{0.0, 1.0, nil}
	}
	b.change(t, current, "app", live)
	if result := b.run(t); result.Entities[0].Unchanged != 1 {
		t.Errorf("an entity that a live event filled up counts as %+v", result.Entities[0])
	}
	// Where something else differs, what the live event brought is not written over.
	b.change(t, current, "app", func(e *fakeport.Entity) { e.Properties["branch"] = "elsewhere" })
	if result := b.run(t); result.Entities[0].Updated != 1 {
		t.Errorf("a changed branch counts as %+v", result.Entities[0])
	}
	entity := b.entity(t, current, "app")
	report := entity.Properties["report"].(map[string]any)
	if entity.Properties["branch"] != "main" || report["diff"] == nil || report["messages"] == nil {
		t.Errorf("entity %+v", entity)
	}
	// Where the report itself differs, it is written.
	b.change(t, current, "app", func(e *fakeport.Entity) { e.Properties["report"].(map[string]any)["hits"] = 1.0 })
	b.run(t)
	if hits := b.entity(t, current, "app").Properties["report"].(map[string]any)["hits"]; hits != 90.0 {
		t.Errorf("hits %v", hits)
	}
}

func TestEqualByMeaning(t *testing.T) {
	blueprint := `{"identifier":"mine","title":"Mine","schema":{"properties":{
		"at":{"type":"string","format":"date-time"},"number":{"type":"number"},"text":{"type":"string"},"flag":{"type":"boolean"},
		"list":{"type":"array","items":{"type":"string","format":"date-time"}},"object":{"type":"object"}},"required":[]},"relations":{}}`
	b := newBench(t, account(t, map[string][]string{"app": {commit("one", "2026-11-03T00:00:00.123456Z", ann, ninety)}}, "app"))
	if err := b.port.PutBlueprint(json.RawMessage(blueprint)); err != nil {
		t.Fatal(err)
	}
	b.mapping(t, []mapper.Entry{{Blueprint: "mine", Entity: mapper.EntityTemplate{
		Identifier: ".body.repo.name",
		Title:      ".body.repo.name",
		Properties: map[string]string{
			"at": `"2026-11-03T02:00:00.123456+02:00"`, "number": `"1e2"`, "text": "90.0", "flag": "true",
			"list": `["2026-11-03T00:00:00Z"]`, "object": `{a: null, b: [1, 2.0], c: 9007199254740993}`,
		},
	}}})
	b.run(t)
	if result := b.run(t); result.Entities[0].Unchanged != 1 {
		t.Errorf("entities %+v, Port holds %+v", result.Entities, b.entity(t, "mine", "app"))
	}
	for property, value := range map[string]any{"at": "2026-11-03T00:00:01Z", "number": 101, "text": "91", "flag": false, "list": []any{}, "object": map[string]any{"b": []any{2, 1}}} {
		b.change(t, "mine", "app", func(e *fakeport.Entity) { e.Properties[property] = value })
		if result := b.run(t); result.Entities[0].Updated != 1 {
			t.Errorf("a changed %s counts as %+v", property, result.Entities[0])
		}
	}
	b.change(t, "mine", "app", func(e *fakeport.Entity) { e.Title = "another" })
	if result := b.run(t); result.Entities[0].Updated != 1 {
		t.Errorf("a changed title counts as %+v", result.Entities[0])
	}
}

func TestEntityOfAnotherAccountIsLeftAlone(t *testing.T) {
	b := newBench(t, account(t, map[string][]string{"app": {commit("one", "2026-11-03T00:00:00Z", ann, ninety)}}, "app"))
	b.run(t)
	b.change(t, current, "app", func(e *fakeport.Entity) {
		e.Properties["repository"], e.Properties["branch"] = "https://app.codecov.io/gh/globex/app", "theirs"
	})
	result := b.run(t)
	if got := b.entity(t, current, "app").Properties["branch"]; got != "theirs" {
		t.Errorf("branch %v", got)
	}
	for _, failure := range result.Failures {
		if failure.Code != backfill.CodeOtherAccount || !strings.Contains(failure.Message, "for account globex, which Codecov doesn't have: it looks renamed to acme") {
			t.Errorf("failure %+v", failure)
		}
	}
	if len(result.Failures) != 2 { // the state, and the history that would relate to it
		t.Errorf("failures %+v", result.Failures)
	}
	b.options.Adopt = true
	if result := b.run(t); !result.Complete || b.entity(t, current, "app").Properties["branch"] != "main" {
		t.Errorf("forced: %+v", result.Failures)
	}
}

func TestWhatAnEntityLeavesOutIsNoReasonToWriteIt(t *testing.T) {
	b := newBench(t, recorded(t, "github.slanks.json"))
	b.run(t)
	silent := mapper.BuiltinMapping()[:1]
	silent[0].Entity.Title = "null"
	silent[0].Entity.Properties["files"] = "[1, 2]" // fits no string
	b.mapping(t, silent)
	if result := b.run(t); result.Entities[0].Unchanged != 1 {
		t.Errorf("entities %+v", result.Entities)
	}
	silent[0].Entity.Properties["branch"] = `"another"`
	b.mapping(t, silent)
	if result := b.run(t); result.Entities[0].Updated != 1 {
		t.Errorf("a change beside what is left out: entities %+v", result.Entities)
	}
	if entity := b.entity(t, current, "codecov-example"); entity.Title == "" || entity.Properties["files"] == nil || entity.Properties["branch"] != "another" {
		t.Errorf("entity %+v", entity)
	}
}
