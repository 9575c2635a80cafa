package mapper_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codecov-port/codecov-port/pkg/mapper"
)

// The known keys of the payload of a commit.
var (
	totalsShape = mapper.Shape{
		"branches": nil, "complexity": nil, "complexity_total": nil, "coverage": nil, "files": nil, "hits": nil, "lines": nil,
		"methods": nil, "misses": nil, "partials": nil, "sessions": nil,
	}
	headShape = mapper.Shape{
		"author": {"name": nil, "service": nil, "username": nil}, "branch": nil, "commitid": nil, "message": nil, "service_url": nil,
		"timestamp": nil, "totals": totalsShape, "url": nil,
	}
	bodyShape = mapper.Shape{
		"head": headShape, "owner": {"service": nil, "username": nil}, "repo": {"name": nil, "private": nil, "url": nil},
	}
)

func TestEntriesOfTheBuiltinMapping(t *testing.T) {
	want := []mapper.EntryInfo{
		{
			Index: 0, Blueprint: "codecov_coverage", Title: true,
			Properties: []string{"author", "branch", "coverage", "createdAt", "files", "lines", "report", "repository", "service"},
			Relations:  []string{},
			Partial:    map[string]mapper.Shape{"report": totalsShape},
		},
		{
			Index: 1, Blueprint: "codecov_commit_coverage", Title: true, PerCommit: true,
			Properties: []string{
				"author", "branch", "commit", "committedAt", "coverage", "files", "hits", "lines", "message", "misses", "partials", "url",
			},
			Relations: []string{"repository"},
		},
	}
	mapping := compile(t, mapper.BuiltinMapping())
	if diff := cmp.Diff(want, mapping.Entries()); diff != "" {
		t.Error(diff)
	}
	if limits := mapping.Limits(); len(limits) > 0 {
		t.Errorf("limits %+v, want none", limits)
	}
}

func TestPerCommit(t *testing.T) {
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

func TestInactivePayload(t *testing.T) {
	payload := mapper.Payload(sampleAccount(), sampleRepository(), nil)
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
