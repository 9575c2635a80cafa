package backfill_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/codecov-port/codecov-port/internal/backfill"
	fakecodecov "github.com/codecov-port/codecov-port/internal/fake/codecov"
	"github.com/codecov-port/codecov-port/internal/fake/faults"
	fakeport "github.com/codecov-port/codecov-port/internal/fake/port"
	"github.com/codecov-port/codecov-port/internal/fake/recordings"
	"github.com/codecov-port/codecov-port/pkg/codecov"
	"github.com/codecov-port/codecov-port/pkg/mapper"
	"github.com/codecov-port/codecov-port/pkg/port"
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

// pruning is a bench after a first run over an account, that will prune with --yes.
func pruning(t testing.TB, account fakecodecov.Account) *bench {
	t.Helper()
	b := newBench(t, account)
	b.run(t)
	b.options.Prune, b.options.Yes = &backfill.Prune{}, true
	return b
}

// holds gives the identifiers of all entities of a repository.
func (b *bench) holds(name string) []string {
	var found []string
	for _, blueprint := range []string{current, history} {
		for _, entity := range b.port.Entities(blueprint) {
			if entity.Identifier == name || strings.HasPrefix(entity.Identifier, name+"@") {
				found = append(found, entity.Identifier)
			}
		}
	}
	return found
}

func (b *bench) deletes() int { return b.port.Requests().ByKind[fakeport.BulkDelete] }

func TestUnlistedIsTold(t *testing.T) {
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
	told := func(patterns ...string) []string {
		b.codecov.Reset()
		b.options.Repositories = patterns
		result := b.run(t)
		if len(result.Failures) > 0 && len(patterns) == 0 {
			t.Errorf("failures %+v", result.Failures)
		}
		var names []string
		for _, u := range result.StaleRepositories {
			if u.Owner != "acme" || u.Removed || u.Entities != 0 || u.Kept != "" {
				t.Errorf("%+v", u)
			}
			names = append(names, u.Repository)
		}
		return names
	}
	if diff := cmp.Diff([]string{"gone", "hidden", "older"}, told()); diff != "" {
		t.Errorf("not listed (-want +got):\n%s", diff)
	}
	if served := b.codecov.Requests(); served.Requests != 1+len(stays) {
		t.Errorf("%d requests to Codecov: telling takes none", served.Requests)
	}
	if diff := cmp.Diff([]string{"gone"}, told("g*", "two")); diff != "" {
		t.Errorf("of a selection (-want +got):\n%s", diff)
	}
	if b.deletes() != 0 {
		t.Errorf("%d deletions unasked", b.deletes())
	}
}

func TestPrune(t *testing.T) {
	b := pruning(t, staying(t, "hidden"))
	b.left(t, "acme", "gone", 250)
	b.left(t, "acme", "gone-not", 0)
	if err := b.codecov.HideRepository("github", "acme", "hidden"); err != nil {
		t.Fatal(err)
	}
	b.left(t, "globex", "theirs", 2)
	b.put(t, history, fakeport.Entity{Identifier: "gone@loose"}) // without a relation: what an earlier mapping wrote
	b.options.Prune.Limit = 0.5
	kept := slices.Concat(b.holds("one"), b.holds("theirs"), b.holds("hidden"))
	want := []backfill.StaleRepository{
		{Owner: "acme", Repository: "gone", Removed: true, Entities: 252},
		{Owner: "acme", Repository: "gone-not", Removed: true, Entities: 1},
		{Owner: "acme", Repository: "hidden", Kept: "Codecov still has it, though in no list"},
	}

	b.options.DryRun = true
	result := b.run(t)
	if diff := cmp.Diff(want, result.StaleRepositories); diff != "" || b.deletes() != 0 {
		t.Errorf("dry run, %d deletions (-want +got):\n%s", b.deletes(), diff)
	}
	b.options.DryRun = false
	result = b.run(t)
	if diff := cmp.Diff(want, result.StaleRepositories); diff != "" || !result.Complete {
		t.Errorf("failures %+v (-want +got):\n%s", result.Failures, diff)
	}
	if b.deletes() != 5 {
		t.Errorf("%d deletions, want 3 of history, 100 at the most each, and 2", b.deletes())
	}
	if held := slices.Concat(b.holds("gone"), b.holds("gone-not")); len(held) != 0 {
		t.Errorf("Port still holds %v", held)
	}
	if diff := cmp.Diff(kept, slices.Concat(b.holds("one"), b.holds("theirs"), b.holds("hidden"))); diff != "" {
		t.Errorf("of the others, Port holds (-want +got):\n%s", diff)
	}
	if result = b.run(t); !cmp.Equal(want[2:], result.StaleRepositories) || b.deletes() != 5 {
		t.Errorf("again: %+v, %d deletions", result.StaleRepositories, b.deletes())
	}
}

func TestPruneBelievesOnlyCodecovItself(t *testing.T) {
	for name, fault := range map[string]faults.Fault{
		"no access":          {Status: 404, Body: `{"detail":"Not found."}`},
		"provider's 404":     {Status: 404, Body: `{"detail":"Github API: Not Found"}`},
		"another page":       {Status: 404, Body: `<h1>No Repository matches the given query.</h1>`},
		"no owner":           {Status: 404, Body: `{"detail":"No Owner matches the given query."}`},
		"words on a 410":     {Status: 410, Body: `{"detail":"No Repository matches the given query."}`},
		"no seat":            {Status: 403, Body: `{"detail":"Permission denied: not activated"}`},
		"provider's refusal": {Status: 401, Body: `{"detail":"Github API unauthorized error: Unauthorized"}`},
		"commits":            {Status: 200, Body: `{"count":0,"results":[]}`},
		"not JSON":           {Status: 200, Body: `[]`},
	} {
		t.Run(name, func(t *testing.T) {
			b := pruning(t, staying(t))
			b.left(t, "acme", "gone", 1)
			fault.Times, fault.Match = -1, func(r *http.Request) bool { return strings.Contains(r.URL.Path, "/gone/") }
			b.codecov.Faults.Add(fault)
			result := b.run(t)
			if len(result.StaleRepositories) != 1 || result.StaleRepositories[0].Kept == "" || result.StaleRepositories[0].Removed || b.deletes() != 0 {
				t.Errorf("%+v, %d deletions", result.StaleRepositories, b.deletes())
			}
		})
	}
}

func TestPruneEndsWithRefusedCredentials(t *testing.T) {
	challenge := http.Header{"Www-Authenticate": {"Bearer"}}
	b := pruning(t, staying(t))
	b.left(t, "acme", "gone", 1)
	b.codecov.Faults.Add(faults.Fault{Times: -1, Status: 401, Header: challenge, Body: `{"detail":"Invalid token."}`,
		Match: func(r *http.Request) bool { return strings.Contains(r.URL.Path, "/gone/") }})
	result, err := backfill.Run(t.Context(), b.options)
	if !errors.Is(err, codecov.ErrUnauthorized) || b.deletes() != 0 || len(result.StaleRepositories) != 1 {
		t.Errorf("error %v, %+v", err, result.StaleRepositories)
	}
}

func TestPruneRefusals(t *testing.T) {
	for name, change := range map[string]func(*testing.T, *bench){
		"repositories":   func(_ *testing.T, b *bench) { b.options.Repositories = []string{"!one"} },
		"a branch":       func(_ *testing.T, b *bench) { b.options.Branches = []string{"main"} },
		"since":          func(_ *testing.T, b *bench) { b.options.Since = recordings.Now().Add(-time.Hour) },
		"some commits":   func(_ *testing.T, b *bench) { b.options.MaxCommits = 9 },
		"the latest":     func(_ *testing.T, b *bench) { b.options.Latest = true },
		"every week":     func(_ *testing.T, b *bench) { b.options.Every = backfill.EveryWeek },
		"a mapping":      func(t *testing.T, b *bench) { b.mapping(t, family) },
		"half a mapping": func(t *testing.T, b *bench) { b.mapping(t, mapper.BuiltinMapping()[:1]) },
		"another identifier": func(t *testing.T, b *bench) {
			entries := mapper.BuiltinMapping()
			entries[0].Entity.Identifier = `.body.owner.username + "/" + .body.repo.name`
			b.mapping(t, entries)
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := pruning(t, staying(t))
			b.left(t, "acme", "gone", 1)
			change(t, b)
			b.port.ResetCounts()
			b.codecov.Reset()
			refusal := (*backfill.PruneError)(nil)
			if _, err := backfill.Run(t.Context(), b.options); !errors.As(err, &refusal) {
				t.Errorf("error %v", err)
			}
			if b.port.Requests().Requests+b.codecov.Requests().Requests != 0 {
				t.Error("requests were sent all the same")
			}
		})
	}
}

func TestPruneLimit(t *testing.T) {
	others, commits := []string(nil), make(map[string][]string)
	for i := range 9 {
		others = append(others, fmt.Sprint("theirs", i))
		commits[others[i]] = rows("main", recordings.Now(), 1)
	}
	b := newBench(t, staying(t), accountOf(t, "globex", commits, others...)) // 5 repositories, and 9 that do not count
	b.options.Owners = []string{"acme", "globex"}
	b.run(t)
	b.options.Prune, b.options.Yes = &backfill.Prune{}, true
	b.left(t, "acme", "gone", 1)
	b.left(t, "acme", "left", 1)
	result := b.run(t)
	var named []string
	for _, failure := range result.Failures {
		if failure.Code != backfill.CodePruneLimit || !strings.Contains(failure.Message, "of the 7 repositories that Port holds for acme, 2 would go: more than 20 %") {
			t.Errorf("failure %+v", failure)
		}
		named = append(named, failure.Repository)
	}
	if diff := cmp.Diff([]string{"gone", "left"}, named); diff != "" || b.deletes() != 0 || result.Complete {
		t.Errorf("%d deletions, named (-want +got):\n%s", b.deletes(), diff)
	}
	b.options.Prune.Limit = 2.0 / 7
	if result := b.run(t); !result.Complete || len(b.holds("gone")) != 0 {
		t.Errorf("at the limit: %+v", result)
	}
}

func TestPruneNeedsAWholeList(t *testing.T) {
	for name, poison := range map[string]fakecodecov.Poison{"a row": fakecodecov.Malformed, "all from one row on": fakecodecov.Unreadable} {
		t.Run(name, func(t *testing.T) {
			b := pruning(t, staying(t, "bad"))
			b.left(t, "acme", "gone", 1)
			if err := b.codecov.PoisonRepository("github", "acme", "bad", poison); err != nil {
				t.Fatal(err)
			}
			result := b.run(t)
			kept := slices.IndexFunc(result.StaleRepositories, func(u backfill.StaleRepository) bool { return u.Repository == "gone" })
			if kept < 0 || result.StaleRepositories[kept].Kept != "Codecov's list of acme could not be read as a whole" || b.deletes() != 0 {
				t.Errorf("%+v, %d deletions", result.StaleRepositories, b.deletes())
			}
			named := func(f backfill.Failure) bool { return f.Repository == "gone" && f.Code == backfill.CodeNotRemoved }
			if !slices.ContainsFunc(result.Failures, named) || result.Complete {
				t.Errorf("failures %+v", result.Failures)
			}
			b.options.Prune = nil
			if result := b.run(t); len(result.StaleRepositories) != 0 {
				t.Errorf("told from a list with gaps: %+v", result.StaleRepositories)
			}
		})
	}
}

func TestPruneAsks(t *testing.T) {
	b := pruning(t, staying(t))
	b.left(t, "acme", "gone", 3)
	b.options.Yes = false
	if result := b.run(t); result.StaleRepositories[0].Kept != "nobody agreed to its removal" || !result.Complete {
		t.Errorf("nobody to ask: %+v", result.StaleRepositories)
	}
	for _, answer := range []bool{false, true} {
		var asked []backfill.StaleRepository
		b.options.Prune.Ask = func(gone []backfill.StaleRepository) bool {
			asked = gone
			return answer
		}
		result := b.run(t)
		if diff := cmp.Diff([]backfill.StaleRepository{{Owner: "acme", Repository: "gone", Entities: 4}}, asked); diff != "" {
			t.Errorf("asked (-want +got):\n%s", diff)
		}
		if result.StaleRepositories[0].Removed != answer || (len(b.holds("gone")) == 0) != answer {
			t.Errorf("answered %v: %+v, Port holds %v", answer, result.StaleRepositories, b.holds("gone"))
		}
	}
}

// TestInterruptedQuestion: Ctrl-C at the question is no answer, but the end of the run.
func TestInterruptedQuestion(t *testing.T) {
	b := pruning(t, staying(t))
	b.left(t, "acme", "gone", 3)
	b.options.Yes = false
	stop := make(chan struct{})
	b.options.Stop = stop
	b.options.Prune.Ask = func([]backfill.StaleRepository) bool {
		close(stop)
		return false
	}
	if result := b.run(t); !result.Interrupted || result.StaleRepositories[0].Kept != "" || b.deletes() != 0 {
		t.Errorf("interrupted %v, %+v, %d deletions", result.Interrupted, result.StaleRepositories, b.deletes())
	}
}

func TestPruneLeavesOthersAlone(t *testing.T) {
	at := func(page string) func(*testing.T, *bench) {
		return func(t *testing.T, b *bench) {
			b.put(t, history, fakeport.Entity{Identifier: "gone@1", Properties: map[string]any{"url": page}, Relations: map[string]any{"repository": "gone"}})
		}
	}
	for name, change := range map[string]func(*testing.T, *bench){
		"another account's history":    at("https://app.codecov.io/gh/globex/gone/commit/1"),
		"another repository's history": at("https://app.codecov.io/gh/acme/one/commit/1"),
		"another service's history":    at("https://app.codecov.io/gl/acme/gone/commit/1"),
		"another Codecov's history":    at("https://codecov.example.com/gh/acme/gone/commit/1"),
		"somebody's own row": func(t *testing.T, b *bench) {
			b.put(t, history, fakeport.Entity{Identifier: "release-1", Relations: map[string]any{"repository": "gone"}})
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := pruning(t, staying(t))
			b.left(t, "acme", "gone", 0)
			change(t, b)
			result := b.run(t)
			if len(result.StaleRepositories) != 1 || !strings.Contains(result.StaleRepositories[0].Kept, "is none of its history") || b.deletes() != 0 {
				t.Errorf("%+v, %d deletions", result.StaleRepositories, b.deletes())
			}
		})
	}
}

func TestPruneLeavesTheHistoryOfLongerNames(t *testing.T) {
	b := pruning(t, staying(t))
	b.left(t, "acme", "gone", 1)
	b.put(t, history, fakeport.Entity{Identifier: "gone@2", Properties: map[string]any{"url": "https://app.codecov.io/gh/acme/one/commit/2"}, Relations: map[string]any{"repository": "one"}})
	b.put(t, history, fakeport.Entity{Identifier: "gone@3", Relations: map[string]any{"repository": "one"}})
	result := b.run(t)
	if diff := cmp.Diff([]string{"gone@2", "gone@3"}, b.holds("gone")); diff != "" || result.StaleRepositories[0].Entities != 2 {
		t.Errorf("%+v, Port holds (-want +got):\n%s", result.StaleRepositories, diff)
	}
}

func TestPruneSparesWhatAnotherRepositoryTakesOver(t *testing.T) {
	second := accountOf(t, "globex", map[string][]string{"app": rows("main", recordings.Now(), 1)}, "app")
	b := newBench(t, staying(t), second)
	b.options.Owners = []string{"acme", "globex"}
	b.run(t)
	b.change(t, current, "app", func(e *fakeport.Entity) { e.Properties["repository"] = "https://app.codecov.io/gh/acme/app" })
	b.options.Prune, b.options.Yes = &backfill.Prune{}, true
	if result := b.run(t); len(result.StaleRepositories) != 0 || b.deletes() != 0 {
		t.Errorf("%+v", result.StaleRepositories)
	}
}

func TestPruneSparesWhatIsAnothersByNow(t *testing.T) {
	b := pruning(t, staying(t))
	b.left(t, "acme", "gone", 1)
	// A live event of another account arrives while Codecov is asked.
	b.codecov.Faults.Add(faults.Fault{Status: 404, Body: `{"detail":"No Repository matches the given query."}`, Match: func(r *http.Request) bool {
		if !strings.Contains(r.URL.Path, "/gone/") {
			return false
		}
		b.put(t, current, fakeport.Entity{Identifier: "gone", Properties: map[string]any{"repository": "https://app.codecov.io/gh/globex/gone"}})
		return true
	}})
	if result := b.run(t); len(result.StaleRepositories) != 1 || result.StaleRepositories[0].Kept != "Port's entity is another's by now, or gone" || b.deletes() != 0 {
		t.Errorf("%+v", result.StaleRepositories)
	}
}

func isDelete(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/bulk/entities/delete") }

func TestBrokenOffPruneIsFinishedByRunningAgain(t *testing.T) {
	for name, fault := range map[string]faults.Fault{
		"refused":      {Status: 422, Body: `{"ok":false,"error":"invalid_request","message":"no"}`, Times: -1},
		"forbidden":    {Status: 403, Body: `{"ok":false,"error":"forbidden"}`, Times: -1},
		"unmentioned":  {Status: 200, Body: `{"ok":true,"deletedEntities":[]}`, Times: -1},
		"no blueprint": {Status: 404, Body: `{"ok":false,"error":"not_found"}`, Times: -1},
	} {
		t.Run(name, func(t *testing.T) {
			b := pruning(t, staying(t))
			b.left(t, "acme", "gone", 150)
			deletions := 0
			fault.Match = func(r *http.Request) bool {
				if isDelete(r) {
					deletions++
				}
				return isDelete(r) && deletions == 2 // what is left of the history
			}
			b.port.Faults.Add(fault)
			result := b.run(t)
			u := result.StaleRepositories[0]
			if u.Removed || u.Entities != 100 || u.Kept == "" || len(b.holds("gone")) != 51 {
				t.Errorf("%+v, Port holds %d", u, len(b.holds("gone")))
			}
			if name == "unmentioned" && !strings.Contains(u.Kept, "port still holds 50 of 50 entities of codecov_commit_coverage") {
				t.Errorf("kept: %s", u.Kept)
			}
			if len(result.Failures) != 1 || result.Failures[0].Code != backfill.CodeNotRemoved || result.Failures[0].Repository != "gone" {
				t.Errorf("failures %+v", result.Failures)
			}
			result = b.run(t)
			if u := result.StaleRepositories[0]; !u.Removed || u.Entities != 51 || len(b.holds("gone")) != 0 || !result.Complete {
				t.Errorf("again: %+v, Port holds %v", u, b.holds("gone"))
			}
		})
	}
}

func TestPruneSurvivesLostAnswers(t *testing.T) {
	b := pruning(t, staying(t))
	b.left(t, "acme", "gone", 150)
	b.port.Faults.Add(faults.Fault{Kind: faults.Reset, Effect: true, Match: isDelete, Times: 3})
	result := b.run(t)
	if u := result.StaleRepositories[0]; !u.Removed || u.Entities != 151 || !result.Complete || len(b.holds("gone")) != 0 {
		t.Errorf("%+v, failures %+v", u, result.Failures)
	}
}

func TestPruneEndsWithRefusedPortCredentials(t *testing.T) {
	b := pruning(t, staying(t))
	b.left(t, "acme", "gone", 1)
	b.port.Faults.Add(faults.Fault{Status: 401, Body: `{"ok":false,"error":"unauthorized"}`, Times: -1, Match: isDelete})
	if _, err := backfill.Run(t.Context(), b.options); !errors.Is(err, port.ErrUnauthorized) {
		t.Errorf("error %v", err)
	}
}

func TestInterruptedPrune(t *testing.T) {
	b := pruning(t, staying(t))
	b.left(t, "acme", "gone", 250)
	stop := make(chan struct{})
	b.options.Stop = stop
	stopped := false
	b.port.Faults.Add(faults.Fault{Times: -1, Match: func(r *http.Request) bool {
		if isDelete(r) && !stopped {
			stopped = true
			close(stop)
		}
		return false
	}})
	result := b.run(t)
	if u := result.StaleRepositories[0]; !result.Interrupted || u.Removed || u.Entities != 100 || len(b.holds("gone")) != 151 {
		t.Errorf("interrupted %v, %+v, Port holds %d", result.Interrupted, u, len(b.holds("gone")))
	}
	b.options.Stop = nil
	if result := b.run(t); !result.StaleRepositories[0].Removed || len(b.holds("gone")) != 0 {
		t.Errorf("again: %+v", result.StaleRepositories)
	}
}

// TestPruneInterruptedBeforeItRemoves: while it counts what would go, and at the question.
func TestPruneInterruptedBeforeItRemoves(t *testing.T) {
	for _, moment := range []string{"count", "question"} {
		b := pruning(t, staying(t))
		b.left(t, "acme", "gone", 3)
		stop := make(chan struct{})
		b.options.Stop, b.options.Yes = stop, false
		b.options.Prune.Ask = func([]backfill.StaleRepository) bool {
			if moment == "question" {
				close(stop)
			}
			return false
		}
		b.port.Faults.Add(faults.Fault{Times: -1, Match: func(r *http.Request) bool {
			body, _ := io.ReadAll(r.Body)
			r.Body = io.NopCloser(bytes.NewReader(body))
			if moment == "count" && bytes.Contains(body, []byte("gone@")) {
				moment = ""
				close(stop)
			}
			return false
		}})
		result := b.run(t)
		if u := result.StaleRepositories[0]; !result.Interrupted || u.Removed || u.Entities != 0 || len(b.holds("gone")) != 4 {
			t.Errorf("interrupted %v, %+v", result.Interrupted, u)
		}
	}
}

// TestPruneThatPortEnds tells of nothing as removed that was only counted.
func TestPruneThatPortEnds(t *testing.T) {
	b := pruning(t, staying(t))
	b.left(t, "acme", "gone", 3)
	b.left(t, "acme", "older", 3)
	b.options.Prune.Limit, b.options.Writers = 1, 1
	b.port.Faults.Add(faults.Fault{Times: -1, Status: 401, Match: isDelete})
	result, err := backfill.Run(t.Context(), b.options)
	if !errors.Is(err, port.ErrUnauthorized) || len(result.StaleRepositories) != 2 {
		t.Fatalf("error %v, %+v", err, result.StaleRepositories)
	}
	for _, u := range result.StaleRepositories {
		if u.Removed || u.Entities != 0 {
			t.Errorf("%+v", u)
		}
	}
}

func TestPruneDoesNotFollowAnInterruptedRun(t *testing.T) {
	b := pruning(t, staying(t))
	b.left(t, "acme", "gone", 1)
	stop := make(chan struct{})
	b.options.Stop = stop
	b.codecov.Faults.Add(faults.Fault{Match: func(r *http.Request) bool {
		if strings.Contains(r.URL.Path, "/one/") {
			close(stop)
		}
		return strings.Contains(r.URL.Path, "/one/")
	}, Kind: faults.Hang})
	b.codecov.Reset()
	result := b.run(t)
	if served := b.codecov.Requests(); !result.Interrupted || b.deletes() != 0 || served.Requests > 1+len(stays) {
		t.Errorf("interrupted %v, %d deletions, %d requests to Codecov", result.Interrupted, b.deletes(), served.Requests)
	}
}

func TestPruneWhatHasNoHistory(t *testing.T) {
	b := newBench(t, staying(t))
	b.mapping(t, mapper.BuiltinMapping()[:1])
	b.options.Blueprints = b.options.Blueprints[:1]
	b.run(t)
	b.mapping(t, mapper.BuiltinMapping())
	b.options.Blueprints = mapper.BuiltinBlueprints()
	b.put(t, current, fakeport.Entity{Identifier: "gone", Properties: map[string]any{"repository": "https://app.codecov.io/github/acme/gone"}})
	b.options.Prune, b.options.Yes = &backfill.Prune{}, true
	if result := b.run(t); len(result.StaleRepositories) != 1 || !result.StaleRepositories[0].Removed || result.StaleRepositories[0].Entities != 1 {
		t.Errorf("%+v", result.StaleRepositories)
	}
}

func TestPruneOverABlueprintOfTheUsers(t *testing.T) {
	b := newBench(t, staying(t))
	bare := `{"identifier":"codecov_commit_coverage","title":"History","schema":{"properties":{"coverage":{"type":"number"}},"required":[]},"relations":{}}`
	if err := b.port.PutBlueprint(json.RawMessage(bare)); err != nil {
		t.Fatal(err)
	}
	b.run(t)
	b.put(t, current, fakeport.Entity{Identifier: "gone", Properties: map[string]any{"repository": "https://app.codecov.io/gh/acme/gone"}})
	b.put(t, history, fakeport.Entity{Identifier: "gone@1"})
	b.options.Prune, b.options.Yes = &backfill.Prune{}, true
	if result := b.run(t); !result.StaleRepositories[0].Removed || result.StaleRepositories[0].Entities != 2 {
		t.Errorf("%+v", result.StaleRepositories)
	}
}
