package prune_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	fakecodecov "github.com/codecov-port/codecov-port/internal/fake/codecov"
	"github.com/codecov-port/codecov-port/internal/fake/faults"
	fakeport "github.com/codecov-port/codecov-port/internal/fake/port"
	"github.com/codecov-port/codecov-port/internal/prune"
	"github.com/codecov-port/codecov-port/pkg/codecov"
	"github.com/codecov-port/codecov-port/pkg/mapper"
	"github.com/codecov-port/codecov-port/pkg/port"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestPrune(t *testing.T) {
	b := newBench(t, "hidden")
	b.hold(t, "acme", "hidden", 1)
	b.hold(t, "acme", "gone", 250)
	b.hold(t, "ACME", "gone-not", 0)
	b.hold(t, "globex", "theirs", 2)
	b.put(t, history, fakeport.Entity{Identifier: "gone@loose"}) // without a relation: what an earlier mapping wrote
	for name, page := range map[string]string{
		"own": appURL + "/gh/acme/another", "elsewhere": "https://codecov.example.com/gh/acme/elsewhere", "lab": appURL + "/gl/acme/lab",
	} {
		b.put(t, current, fakeport.Entity{Identifier: name, Properties: map[string]any{"repository": page}})
	}
	b.put(t, current, fakeport.Entity{Identifier: "nothing"})
	if err := b.codecov.HideRepository("github", "acme", "hidden"); err != nil {
		t.Fatal(err)
	}
	b.options.Limit = 0.5
	others := func() (all []string) {
		for _, name := range append([]string{"theirs", "hidden", "own", "elsewhere", "lab", "nothing"}, listed...) {
			all = append(all, b.held(name)...)
		}
		return all
	}
	before := others()
	want := []prune.Repository{
		{Owner: "acme", Name: "gone", Removed: true, Entities: 252},
		{Owner: "acme", Name: "gone-not", Removed: true, Entities: 1},
		{Owner: "acme", Name: "hidden", Kept: "Codecov still has it, but doesn't list it"},
	}

	b.options.DryRun = true
	result := b.run(t)
	if diff := cmp.Diff(want, result.Repositories); diff != "" || b.deletes() != 0 || !result.DryRun {
		t.Errorf("dry run: %d deletions, repositories (-want +got):\n%s", b.deletes(), diff)
	}
	b.options.DryRun = false
	result = b.run(t)
	if diff := cmp.Diff(want, result.Repositories); diff != "" || !result.Complete {
		t.Errorf("failures %+v, repositories (-want +got):\n%s", result.Failures, diff)
	}
	if b.deletes() != 5 {
		t.Errorf("%d delete requests, want 3 for 251 entities of the history, and 2", b.deletes())
	}
	if left := slices.Concat(b.held("gone"), b.held("gone-not")); len(left) != 0 {
		t.Errorf("Port still holds %v", left)
	}
	if diff := cmp.Diff(before, others()); diff != "" {
		t.Errorf("other entities (-before +after):\n%s", diff)
	}
	if result = b.run(t); !cmp.Equal(want[2:], result.Repositories) || b.deletes() != 5 {
		t.Errorf("second run: %+v, %d deletions", result.Repositories, b.deletes())
	}
}

func TestOnlyCodecovItselfProvesThatARepositoryIsGone(t *testing.T) {
	for name, fault := range map[string]faults.Fault{
		"no access":          {Status: 404, Body: `{"detail":"Not found."}`},
		"provider's 404":     {Status: 404, Body: `{"detail":"Github API: Not Found"}`},
		"another page":       {Status: 404, Body: `<h1>No Repository matches the given query.</h1>`},
		"no owner":           {Status: 404, Body: `{"detail":"No Owner matches the given query."}`},
		"410":                {Status: 410, Body: `{"detail":"No Repository matches the given query."}`},
		"no seat":            {Status: 403, Body: `{"detail":"Permission denied: not activated"}`},
		"provider's refusal": {Status: 401, Body: `{"detail":"Github API unauthorized error: Unauthorized"}`},
		"commits":            {Status: 200, Body: `{"count":0,"results":[]}`},
		"not JSON":           {Status: 200, Body: `[]`},
		"down":               {Status: 503},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t)
				b.hold(t, "acme", "gone", 1)
				fault.Times, fault.Match = -1, about("gone")
				b.codecov.Faults.Add(fault)
				result := b.run(t)
				if len(result.Repositories) != 1 || result.Repositories[0].Kept == "" || result.Repositories[0].Removed || b.deletes() != 0 {
					t.Errorf("repositories %+v, %d deletions", result.Repositories, b.deletes())
				}
			})
		})
	}
}

// TestOutages: a server that is down is not asked for each of many repositories.
func TestOutages(t *testing.T) {
	for name, test := range map[string]struct {
		side  func(*bench) *faults.Queue
		match func(*http.Request) bool
		kept  string
	}{
		"Codecov": {func(b *bench) *faults.Queue { return &b.codecov.Faults }, func(r *http.Request) bool { return strings.Contains(r.URL.Path, "/commits") },
			"Codecov was not asked for it: the service has stopped answering: "},
		"Port": {func(b *bench) *faults.Queue { return &b.port.Faults }, func(r *http.Request) bool { return strings.Contains(r.URL.Path, history+"/entities/search") },
			"the service has stopped answering: "},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t)
				b.options.Limit = 1
				const many = 60
				for i := range many {
					b.hold(t, "acme", fmt.Sprint("gone", i), 0)
				}
				test.side(b).Add(faults.Fault{Times: -1, Status: 503, Match: test.match})
				result := b.run(t)
				unasked := 0
				for _, r := range result.Repositories {
					if strings.HasPrefix(r.Kept, test.kept) {
						unasked++
					}
					if r.Kept == "" || r.Removed {
						t.Errorf("repository %+v, want it kept", r)
					}
				}
				if len(result.Repositories) != many || unasked < many/2 || b.deletes() != 0 {
					t.Errorf("%d repositories, %d of them not asked for, %d deletions", len(result.Repositories), unasked, b.deletes())
				}
			})
		})
	}
}

func TestRefusedCredentialsEndTheRun(t *testing.T) {
	b := newBench(t)
	b.hold(t, "acme", "gone", 1)
	b.codecov.Faults.Add(faults.Fault{Times: -1, Status: 401, Header: http.Header{"Www-Authenticate": {"Bearer"}},
		Body: `{"detail":"Invalid token."}`, Match: about("gone")})
	result, err := prune.Run(t.Context(), b.options)
	if !errors.Is(err, codecov.ErrUnauthorized) || b.deletes() != 0 || len(result.Repositories) != 1 || result.Complete {
		t.Errorf("error %v, result %+v", err, result)
	}

	b = newBench(t)
	b.hold(t, "acme", "gone", 3)
	b.hold(t, "acme", "older", 3)
	b.options.Limit = 1
	b.port.Faults.Add(faults.Fault{Times: -1, Status: 401, Match: isDelete})
	result, err = prune.Run(t.Context(), b.options)
	if !errors.Is(err, port.ErrUnauthorized) || len(result.Repositories) != 2 {
		t.Fatalf("error %v, repositories %+v", err, result.Repositories)
	}
	for _, r := range result.Repositories {
		if r.Removed || r.Entities != 0 {
			t.Errorf("%+v is reported as removed", r)
		}
	}
}

func TestMappingsThatNameEntitiesDifferently(t *testing.T) {
	identifier := mapper.BuiltinMapping()
	identifier[0].Entity.Identifier = `.body.owner.username + "/" + .body.repo.name`
	for name, entries := range map[string][]mapper.Entry{
		"another blueprint": {{Blueprint: "mine", Entity: mapper.EntityTemplate{Identifier: ".body.repo.name"}}},
		"half a mapping":    mapper.BuiltinMapping()[:1],
		"identifier":        identifier,
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.hold(t, "acme", "gone", 1)
			b.compile(t, entries)
			b.port.ResetCounts()
			if _, err := prune.Run(t.Context(), b.options); !errors.Is(err, prune.ErrMapping) {
				t.Errorf("error %v, want ErrMapping", err)
			}
			if sent := b.port.Requests().Requests + b.codecov.Requests().Requests; sent != 0 {
				t.Errorf("%d requests were sent, want none", sent)
			}
		})
	}
}

func TestLimit(t *testing.T) {
	var theirs []string
	for i := range 9 {
		theirs = append(theirs, fmt.Sprint("theirs", i))
	}
	b := newBenchOf(t, account(t, "acme", listed...), account(t, "globex", theirs...))
	for _, name := range theirs {
		b.hold(t, "globex", name, 0)
	}
	b.options.Owners = []string{"acme", "globex"}
	b.hold(t, "acme", "gone", 1)
	b.hold(t, "acme", "left", 1)
	result := b.run(t)
	var named []string
	for _, failure := range result.Failures {
		if want := "2 of the 7 repositories that Port holds for acme would go, more than the limit of 20%"; failure.Code != prune.CodeLimit || failure.Message != want {
			t.Errorf("failure %+v, want %s: %s", failure, prune.CodeLimit, want)
		}
		named = append(named, failure.Repository)
	}
	if diff := cmp.Diff([]string{"gone", "left"}, named); diff != "" || b.deletes() != 0 || result.Complete {
		t.Errorf("%d deletions, complete %t, failures (-want +got):\n%s", b.deletes(), result.Complete, diff)
	}
	b.options.Limit = 2.0 / 7
	if result := b.run(t); !result.Complete || len(b.held("gone")) != 0 {
		t.Errorf("at the limit: %+v", result)
	}
}

func TestIncompleteListsKeepTheAccount(t *testing.T) {
	for name, poison := range map[string]fakecodecov.Poison{"a row": fakecodecov.Malformed, "all from one row on": fakecodecov.Unreadable} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, "bad")
			b.hold(t, "acme", "gone", 1)
			if err := b.codecov.PoisonRepository("github", "acme", "bad", poison); err != nil {
				t.Fatal(err)
			}
			result := b.run(t)
			if len(result.Repositories) != 0 || b.deletes() != 0 {
				t.Errorf("repositories %+v, %d deletions, want none", result.Repositories, b.deletes())
			}
			if len(result.Failures) != 1 || result.Failures[0].Code != prune.CodeNotRemoved || result.Complete ||
				!strings.Contains(result.Failures[0].Message, "list the repositories of acme: ") {
				t.Errorf("failures %+v", result.Failures)
			}
		})
	}
}

func TestConfirmation(t *testing.T) {
	b := newBench(t)
	b.hold(t, "acme", "gone", 3)
	b.options.Yes = false
	if result := b.run(t); result.Repositories[0].Kept != "the removal was not confirmed" || !result.Complete {
		t.Errorf("without Ask: %+v", result.Repositories)
	}
	for _, answer := range []bool{false, true} {
		var asked []prune.Repository
		b.options.Ask = func(going []prune.Repository) bool {
			asked = going
			return answer
		}
		result := b.run(t)
		if diff := cmp.Diff([]prune.Repository{{Owner: "acme", Name: "gone", Entities: 4}}, asked); diff != "" {
			t.Errorf("asked for (-want +got):\n%s", diff)
		}
		if result.Repositories[0].Removed != answer || (len(b.held("gone")) == 0) != answer {
			t.Errorf("answered %t: %+v, Port holds %v", answer, result.Repositories, b.held("gone"))
		}
	}
}

func TestOtherEntitiesAreLeftAlone(t *testing.T) {
	for name, entity := range map[string]fakeport.Entity{
		"another account's history":    historyEntity("gone@1", appURL+"/gh/globex/gone/commit/1", "gone"),
		"another repository's history": historyEntity("gone@1", appURL+"/gh/acme/one/commit/1", "gone"),
		"another service's history":    historyEntity("gone@1", appURL+"/gl/acme/gone/commit/1", "gone"),
		"another Codecov's history":    historyEntity("gone@1", "https://codecov.example.com/gh/acme/gone/commit/1", "gone"),
		"somebody's own entity":        {Identifier: "release-1", Relations: map[string]any{"repository": "gone"}},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.hold(t, "acme", "gone", 0)
			b.put(t, history, entity)
			result := b.run(t)
			if len(result.Repositories) != 1 || !strings.Contains(result.Repositories[0].Kept, "is not part of its history") || b.deletes() != 0 {
				t.Errorf("repositories %+v, %d deletions", result.Repositories, b.deletes())
			}
		})
	}
}

func TestHistoryOfAnotherRepositoryWithThisPrefix(t *testing.T) {
	b := newBench(t)
	b.hold(t, "acme", "gone", 1)
	b.put(t, history, historyEntity("gone@2", appURL+"/gh/acme/one/commit/2", "one"))
	b.put(t, history, fakeport.Entity{Identifier: "gone@3", Relations: map[string]any{"repository": "one"}})
	result := b.run(t)
	if diff := cmp.Diff([]string{"gone@2", "gone@3"}, b.held("gone")); diff != "" || result.Repositories[0].Entities != 2 {
		t.Errorf("repositories %+v, Port holds (-want +got):\n%s", result.Repositories, diff)
	}
}

func TestARepositoryThatAnotherAccountTakesOver(t *testing.T) {
	b := newBenchOf(t, account(t, "acme", listed...), account(t, "globex", "app"))
	b.options.Owners = []string{"acme", "globex"}
	b.hold(t, "acme", "app", 1)
	if result := b.run(t); len(result.Repositories) != 0 || b.deletes() != 0 {
		t.Errorf("listed by globex: %+v", result.Repositories)
	}

	b = newBench(t)
	b.hold(t, "acme", "gone", 1)
	// A live event of another account arrives while Codecov is asked.
	b.codecov.Faults.Add(faults.Fault{Status: 404, Body: `{"detail":"No Repository matches the given query."}`, Match: func(r *http.Request) bool {
		if !about("gone")(r) {
			return false
		}
		b.put(t, current, fakeport.Entity{Identifier: "gone", Properties: map[string]any{"repository": appURL + "/gh/globex/gone"}})
		return true
	}})
	result := b.run(t)
	if len(result.Repositories) != 1 || result.Repositories[0].Kept != "its entity in Port belongs to another repository now, or is gone" || b.deletes() != 0 {
		t.Errorf("taken over during the run: %+v", result.Repositories)
	}
}

func TestAFailedRemovalIsFinishedByTheNextRun(t *testing.T) {
	for name, fault := range map[string]faults.Fault{
		"refused":      {Status: 422, Body: `{"ok":false,"error":"invalid_request","message":"no"}`},
		"forbidden":    {Status: 403, Body: `{"ok":false,"error":"forbidden"}`},
		"unmentioned":  {Status: 200, Body: `{"ok":true,"deletedEntities":[]}`},
		"no blueprint": {Status: 404, Body: `{"ok":false,"error":"not_found"}`},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.hold(t, "acme", "gone", 150)
			deletions := 0
			fault.Match = func(r *http.Request) bool {
				if isDelete(r) {
					deletions++
				}
				return isDelete(r) && deletions == 2 // the rest of the history
			}
			b.port.Faults.Add(fault)
			result := b.run(t)
			r := result.Repositories[0]
			if r.Removed || r.Entities != 100 || r.Kept == "" || len(b.held("gone")) != 51 {
				t.Errorf("%+v, Port holds %d entities", r, len(b.held("gone")))
			}
			if want := "delete 50 entities of codecov_commit_coverage: Port still holds 50 of them"; name == "unmentioned" && !strings.Contains(r.Kept, want) {
				t.Errorf("kept: %s, want %s", r.Kept, want)
			}
			if len(result.Failures) != 1 || result.Failures[0].Code != prune.CodeNotRemoved || result.Failures[0].Repository != "gone" {
				t.Errorf("failures %+v", result.Failures)
			}
			result = b.run(t)
			if r := result.Repositories[0]; !r.Removed || r.Entities != 51 || len(b.held("gone")) != 0 || !result.Complete {
				t.Errorf("second run: %+v, Port holds %v", r, b.held("gone"))
			}
		})
	}
}

func TestLostResponses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.hold(t, "acme", "gone", 150)
		b.port.Faults.Add(faults.Fault{Kind: faults.Reset, Effect: true, Match: isDelete, Times: 3})
		result := b.run(t)
		if r := result.Repositories[0]; !r.Removed || r.Entities != 151 || !result.Complete || len(b.held("gone")) != 0 {
			t.Errorf("%+v, failures %+v", r, result.Failures)
		}
	})
}

func TestInterruption(t *testing.T) {
	for moment, test := range map[string]struct {
		is   func(path, body string) bool
		left int
	}{
		"list": {func(path, _ string) bool { return strings.HasSuffix(path, "/repos") }, 251},
		"read": {func(path, body string) bool {
			return strings.HasSuffix(path, "/search") && !strings.Contains(body, "gone")
		}, 251},
		"question": {func(path, _ string) bool { return path == "question" }, 251},
		"survey":   {func(_, body string) bool { return strings.Contains(body, "gone@") }, 251},
		"removal":  {func(path, _ string) bool { return strings.HasSuffix(path, "/bulk/entities/delete") }, 151},
	} {
		t.Run(moment, func(t *testing.T) {
			b := newBench(t)
			b.hold(t, "acme", "gone", 250)
			stop := make(chan struct{})
			stopOnce := sync.OnceFunc(func() { close(stop) })
			stopAt := func(path, body string) {
				if test.is(path, body) {
					stopOnce()
				}
			}
			b.options.Stop, b.options.Yes = stop, moment == "removal"
			b.options.Ask = func([]prune.Repository) bool {
				stopAt("question", "")
				return false
			}
			watch := faults.Fault{Times: -1, Match: func(r *http.Request) bool {
				body, _ := io.ReadAll(r.Body)
				r.Body = io.NopCloser(bytes.NewReader(body))
				stopAt(r.URL.Path, string(body))
				return false
			}}
			b.port.Faults.Add(watch)
			b.codecov.Faults.Add(watch)
			result := b.run(t)
			if !result.Interrupted || result.Complete || len(b.held("gone")) != test.left {
				t.Errorf("interrupted %t, complete %t, Port holds %d entities, want %d", result.Interrupted, result.Complete, len(b.held("gone")), test.left)
			}
			for _, r := range result.Repositories {
				if r.Removed || r.Entities != 251-test.left {
					t.Errorf("%+v, want %d removed entities", r, 251-test.left)
				}
			}
			b.options.Stop, b.options.Yes = nil, true
			if result := b.run(t); !result.Repositories[0].Removed || len(b.held("gone")) != 0 {
				t.Errorf("second run: %+v", result.Repositories)
			}
		})
	}
}

func TestPortWithoutHistory(t *testing.T) {
	for name, change := range map[string]func(*testing.T, *bench) (entities int){
		"no blueprint": func(_ *testing.T, b *bench) int {
			b.port.DeleteBlueprint(history)
			return 1
		},
		"a blueprint of the user's": func(t *testing.T, b *bench) int {
			b.port.DeleteBlueprint(history)
			b.putBlueprint(t, `{"identifier":"codecov_commit_coverage","title":"History","schema":{"properties":{"coverage":{"type":"number"}},"required":[]},"relations":{}}`)
			b.put(t, history, fakeport.Entity{Identifier: "gone@1"})
			return 2
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			entities := change(t, b)
			b.put(t, current, fakeport.Entity{Identifier: "gone", Properties: map[string]any{"repository": appURL + "/github/acme/gone"}})
			if result := b.run(t); len(result.Repositories) != 1 || !result.Repositories[0].Removed || result.Repositories[0].Entities != entities {
				t.Errorf("repositories %+v, want one with %d entities", result.Repositories, entities)
			}
		})
	}
}

func TestPortWithoutRepositories(t *testing.T) {
	b := newBench(t)
	b.port.DeleteBlueprint(history)
	b.port.DeleteBlueprint(current)
	if result := b.run(t); len(result.Repositories) != 0 || !result.Complete {
		t.Errorf("without a blueprint: %+v", result)
	}
	b.putBlueprint(t, `{"identifier":"codecov_coverage","title":"Mine","schema":{"properties":{},"required":[]}}`)
	b.put(t, current, fakeport.Entity{Identifier: "gone"})
	if result := b.run(t); len(result.Repositories) != 0 || !result.Complete {
		t.Errorf("without addresses: %+v", result)
	}
}
