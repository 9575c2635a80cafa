package backfill_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	fakecodecov "github.com/codecov-port/codecov-port/internal/fake/codecov"
	fakeport "github.com/codecov-port/codecov-port/internal/fake/port"
	"github.com/codecov-port/codecov-port/internal/fake/recordings"
)

// stays are the names of five repositories that Codecov has, with one commit each.
var stays = []string{"one", "two", "three", "four", "five"}

// staying is an account of them and of more repositories.
func staying(t testing.TB, more ...string) fakecodecov.Account {
	t.Helper()
	names, commits := slices.Concat(stays, more), make(map[string][]string)
	for _, name := range names {
		commits[name] = rows("main", recordings.Now(), 1)
	}
	return account(t, commits, names...)
}

// left is a repository that Port holds and Codecov has no more, with so many commits.
func (b *bench) left(t testing.TB, owner, name string, commits int) {
	t.Helper()
	page := "https://app.codecov.io/gh/" + owner + "/" + name
	b.put(t, current, fakeport.Entity{Identifier: name, Properties: map[string]any{"repository": page}})
	for i := range commits {
		sha := fmt.Sprintf("%04d", i)
		b.put(t, history, fakeport.Entity{
			Identifier: name + "@" + sha, Properties: map[string]any{"url": page + "/commit/" + sha}, Relations: map[string]any{"repository": name},
		})
	}
}

func (b *bench) put(t testing.TB, blueprint string, entity fakeport.Entity) {
	t.Helper()
	if err := b.port.PutEntity(blueprint, entity); err != nil {
		t.Fatal(err)
	}
}

func TestStaleRepositories(t *testing.T) {
	b := newBench(t, staying(t, "hidden"))
	b.run(t)
	b.left(t, "acme", "gone", 3)
	b.left(t, "ACME", "older", 0)
	b.left(t, "globex", "theirs", 1)
	if err := b.codecov.HideRepository("github", "acme", "hidden"); err != nil {
		t.Fatal(err)
	}
	b.put(t, current, fakeport.Entity{Identifier: "own", Properties: map[string]any{"repository": "https://app.codecov.io/gh/acme/another"}})
	b.put(t, current, fakeport.Entity{Identifier: "elsewhere", Properties: map[string]any{"repository": "https://codecov.example.com/gh/acme/elsewhere"}})
	b.put(t, current, fakeport.Entity{Identifier: "lab", Properties: map[string]any{"repository": "https://app.codecov.io/gl/acme/lab"}})
	b.put(t, current, fakeport.Entity{Identifier: "TWO", Properties: map[string]any{"repository": "https://app.codecov.io/gh/acme/TWO"}})
	b.put(t, current, fakeport.Entity{Identifier: "nothing"})
	stale := func(patterns ...string) []string {
		b.codecov.Reset()
		b.options.Selection.Repositories = patterns
		result := b.run(t)
		if len(result.Failures) > 0 && len(patterns) == 0 {
			t.Errorf("failures %+v", result.Failures)
		}
		var names []string
		for _, u := range result.StaleRepositories {
			if u.Owner != "acme" {
				t.Errorf("%+v", u)
			}
			names = append(names, strings.TrimSuffix(u.Repository+" to "+u.RenamedTo, " to "))
		}
		return names
	}
	if diff := cmp.Diff([]string{"TWO to two", "gone", "hidden", "older"}, stale()); diff != "" {
		t.Errorf("stale repositories (-want +got):\n%s", diff)
	}
	if served := b.codecov.Requests(); served.Requests != 1+len(stays) {
		t.Errorf("%d requests to Codecov: finding stale repositories takes none", served.Requests)
	}
	if diff := cmp.Diff([]string{"TWO to two", "gone"}, stale("g*", "two")); diff != "" {
		t.Errorf("of a selection (-want +got):\n%s", diff)
	}
	if deletes := b.port.Requests().ByKind[fakeport.BulkDelete]; deletes != 0 {
		t.Errorf("sync deleted entities with %d requests", deletes)
	}
}
