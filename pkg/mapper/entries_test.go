package mapper_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codecov-port/codecov-port/pkg/mapper"
)

// totalsKeys are the keys of totals that the REST API can tell.
var totalsKeys = []string{
	"branches", "complexity", "complexity_total", "coverage", "files", "hits", "lines", "methods", "misses", "partials", "sessions",
}

func TestEntriesOfTheBuiltinMapping(t *testing.T) {
	want := []mapper.EntryInfo{
		{
			Index: 0, Blueprint: "codecov_coverage", Title: true,
			Properties: []string{"author", "branch", "coverage", "createdAt", "files", "lines", "report", "repository", "service"},
			Relations:  []string{},
			Unknown:    []string{"entity.properties.report"},
			Partial:    map[string][]string{"report": totalsKeys},
		},
		{
			Index: 1, Blueprint: "codecov_commit_coverage", Title: true, PerCommit: true,
			Properties: []string{
				"author", "branch", "commit", "committedAt", "coverage", "files", "hits", "lines", "message", "misses", "partials", "url",
			},
			Relations: []string{"repository"},
		},
	}
	if diff := cmp.Diff(want, compile(t, mapper.BuiltinMapping()).Entries()); diff != "" {
		t.Error(diff)
	}
}

func TestEntriesTellWhatIsKnown(t *testing.T) {
	entries := []mapper.Entry{{Blueprint: "b", Entity: mapper.EntityTemplate{
		Identifier: `"id"`, Icon: `"Git"`, Team: `"a"`,
		Properties: map[string]string{
			"known": ".body.repo.name", "none": ".body.none", "author": ".body.head.author", "pull": ".body.pull",
			"number": `.body.pull.number // "none"`, "sometimes": ".body.head.service_url",
			"made": "{name: .body.repo.name, pull: .body.pull.number}",
		},
		Relations: map[string]string{"base": ".body.base.commitid", "repository": ".body.repo.name"},
	}}}
	info := compile(t, entries).Entries()[0]
	want := map[string][]string{"author": {"name", "service", "username"}, "made": {"name"}}
	if diff := cmp.Diff(want, info.Partial); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"base", "number", "pull"}, info.Unwritten); diff != "" {
		t.Error(diff)
	}
	if info.Title || !info.Icon || !info.Team {
		t.Errorf("title %t, icon %t, team %t, want the last two", info.Title, info.Icon, info.Team)
	}
}

func TestEntriesTellWhoseIdentifierIsTheCommits(t *testing.T) {
	for identifier, want := range map[string]bool{
		".body.repo.name": false,
		`.body.owner.username + "/" + .body.repo.name`: false,
		`.body.repo.name + ":" + .body.head.branch`:    false,
		`.body.repo.name + "@" + .body.head.commitid`:  true,
		`.body.head.timestamp`:                         true,
		`.body.head.message`:                           true,
		`.body.head.author.username`:                   true,
		`.body.head.totals.coverage`:                   true,
		`.body.none`:                                   false,
	} {
		e := entry(".")
		e.Entity.Identifier = identifier
		if got := compile(t, []mapper.Entry{e}).Entries()[0].PerCommit; got != want {
			t.Errorf("%s: got %t, want %t", identifier, got, want)
		}
	}
	items := entry(".")
	items.ItemsToParse, items.Entity.Identifier = "[.body.head.commitid]", ".item"
	if !compile(t, []mapper.Entry{items}).Entries()[0].PerCommit {
		t.Error("an identifier of an item that holds the commit: got false, want true")
	}
}

func TestOnly(t *testing.T) {
	mapping := compile(t, mapper.BuiltinMapping())
	part, err := mapping.Only("codecov_commit_coverage")
	if err != nil {
		t.Fatal(err)
	}
	if entries := part.Entries(); len(entries) != 1 || entries[0].Index != 1 || entries[0].Blueprint != "codecov_commit_coverage" {
		t.Errorf("got %+v, want the second entry alone", entries)
	}
	result, err := part.Map(t.Context(), samplePayload(), takeAll)
	if err != nil || len(result.Entities) != 1 || result.Entities[0].Blueprint != "codecov_commit_coverage" {
		t.Errorf("got %+v and %v, want the commit's entity alone", result, err)
	}
	_, err = mapping.Only("codecov_coverage", "service")
	if err == nil || !strings.Contains(err.Error(), `"service", only codecov_coverage, codecov_commit_coverage`) {
		t.Errorf("got %v, want an error that names the blueprint and those that there are", err)
	}
}

func TestInactivePayload(t *testing.T) {
	payload := mapper.InactivePayload(sampleAccount(), sampleRepository())
	for _, key := range []string{"repo", "owner", "base", "compare", "pull"} {
		if diff := cmp.Diff(part(t, samplePayload(), "body", key), part(t, payload, "body", key)); diff != "" {
			t.Errorf("%s: %s", key, diff)
		}
	}
	if head := part(t, payload, "body", "head"); head != nil {
		t.Errorf("head: got %v, want null", head)
	}
	entities := mapBuiltin(t, payload)
	if len(entities) != 1 || entities[0].Entity.Identifier != "codecov-example" || entities[0].Entity.Properties["coverage"] != nil {
		t.Errorf("got %+v, want the repository's entity alone, without coverage", entities)
	}
}
