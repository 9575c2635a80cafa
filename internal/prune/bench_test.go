package prune_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"

	fakecodecov "github.com/codecov-port/codecov-port/internal/fake/codecov"
	"github.com/codecov-port/codecov-port/internal/fake/faults"
	fakeport "github.com/codecov-port/codecov-port/internal/fake/port"
	"github.com/codecov-port/codecov-port/internal/prune"
	"github.com/codecov-port/codecov-port/pkg/codecov"
	"github.com/codecov-port/codecov-port/pkg/mapper"
	"github.com/codecov-port/codecov-port/pkg/port"
)

const (
	token  = "0b7c2f5a-8a4e-4c6f-9b83-6a1f0f1f2f3f"
	appURL = "https://app.codecov.io"
)

// listed are repositories that Codecov has and Port holds with one commit each.
var listed = []string{"one", "two", "three", "four", "five"}

// bench is a Codecov, a Port, and the options of a run with Yes between them. Requests need no connection, so that a
// test can run in a bubble of its own time.
type bench struct {
	codecov *fakecodecov.Server
	port    *fakeport.Server
	options prune.Options
	commits map[string]int // status of the response for a commit that no list has; without one, Codecov doesn't have it

	mu    sync.Mutex
	asked []string // the commits that were asked for by sha
}

// serveCodecov adds the commits by sha to the fake.
func (b *bench) serveCodecov(w http.ResponseWriter, r *http.Request) {
	_, sha, found := strings.Cut(strings.TrimSuffix(r.URL.Path, "/"), "/commits/")
	if !found {
		b.codecov.ServeHTTP(w, r)
		return
	}
	b.mu.Lock()
	b.asked = append(b.asked, sha)
	b.mu.Unlock()
	switch status, special := b.commits[sha]; {
	case special && status == http.StatusOK:
		_, _ = w.Write([]byte(`{}`))
	case special:
		w.WriteHeader(status)
		_, _ = w.Write([]byte(`{"detail":"Not found."}`))
	default:
		w.WriteHeader(http.StatusNotFound)
		_, _ = w.Write([]byte(`{"detail":"No Commit matches the given query."}`))
	}
}

// newBench serves the account acme with the listed repositories and more. Port holds the listed ones.
func newBench(t testing.TB, more ...string) *bench {
	t.Helper()
	return newBenchOf(t, account(t, "acme", append(listed[:len(listed):len(listed)], more...)...))
}

func newBenchOf(t testing.TB, accounts ...fakecodecov.Account) *bench {
	t.Helper()
	b := &bench{
		codecov: fakecodecov.New(fakecodecov.Options{Accounts: accounts, Tokens: map[string]fakecodecov.Access{token: {}}}),
		port:    fakeport.New(fakeport.Options{}),
	}
	network := faults.Network{Hosts: map[string]http.Handler{"codecov.test": http.HandlerFunc(b.serveCodecov), "port.test": b.port}}
	b.options = prune.Options{Owners: []string{"acme"}, AppURL: appURL, Limit: 0.2, Yes: true, Log: slog.New(slog.DiscardHandler)}
	var err error
	b.options.Codecov, err = codecov.NewClient(codecov.Options{
		BaseURL: "https://codecov.test/api/v2", Token: token, Service: "github", Transport: network,
	})
	if err != nil {
		t.Fatal(err)
	}
	b.options.Port, err = port.NewClient(port.Options{
		BaseURL: "https://port.test", ClientID: fakeport.DefaultClientID, ClientSecret: fakeport.DefaultClientSecret, Transport: network,
	})
	if err != nil {
		t.Fatal(err)
	}
	b.compile(t, mapper.BuiltinMapping())
	if _, err := b.options.Port.CreateBlueprints(t.Context(), mapper.BuiltinBlueprints()); err != nil {
		t.Fatal(err)
	}
	for _, name := range listed {
		b.hold(t, "acme", name, 1)
	}
	t.Cleanup(func() {
		for _, violation := range b.port.Violations() {
			t.Errorf("against Port's contract: %v", violation)
		}
	})
	return b
}

// account is an account at GitHub with these repositories.
func account(t testing.TB, owner string, names ...string) fakecodecov.Account {
	t.Helper()
	return accountWith(t, owner, nil, names...)
}

// accountWith is an account with commits, by repository as sha@branch, newest first.
func accountWith(t testing.TB, owner string, commits map[string][]string, names ...string) fakecodecov.Account {
	t.Helper()
	history := make(map[string][]json.RawMessage)
	for name, all := range commits {
		for i, text := range all {
			sha, branch, _ := strings.Cut(text, "@")
			history[name] = append(history[name], json.RawMessage(fmt.Sprintf(`{"commitid":%q,"message":"m","timestamp":"2026-01-01T00:%02d:00Z","ci_passed":true,"author":null,"branch":%q,"totals":null,"state":"complete","parent":null}`, sha, 59-i, branch)))
		}
	}
	encoded, err := json.Marshal(history)
	if err != nil {
		t.Fatal(err)
	}
	var rows []string
	for _, name := range names {
		rows = append(rows, fmt.Sprintf(`{"name":%q,"private":true,"updatestamp":null,"author":{"service":"github","username":%q,"name":null},"language":null,"branch":"main","active":true,"activated":true,"totals":null}`, name, owner))
	}
	document := fmt.Sprintf(`{"service":"github","owner":%q,"repos":[%s],"commits":%s}`, owner, strings.Join(rows, ","), encoded)
	loaded, err := fakecodecov.LoadAccount(strings.NewReader(document))
	if err != nil {
		t.Fatal(err)
	}
	return loaded
}

func (b *bench) compile(t testing.TB, entries []mapper.Entry) {
	t.Helper()
	mapping, err := mapper.Compile(entries, mapper.Options{})
	if err != nil {
		t.Fatal(err)
	}
	b.options.Mapping = mapping
}

// hold puts a repository with some commits into Port.
func (b *bench) hold(t testing.TB, owner, name string, commits int) {
	t.Helper()
	page := appURL + "/gh/" + owner + "/" + name
	b.put(t, current, fakeport.Entity{Identifier: name, Properties: map[string]any{"repository": page}})
	for i := range commits {
		b.put(t, history, historyEntity(fmt.Sprintf("%s@%04d", name, i), fmt.Sprintf("%s/commit/%04d", page, i), name))
	}
}

func historyEntity(identifier, page, repository string) fakeport.Entity {
	return fakeport.Entity{Identifier: identifier, Properties: map[string]any{"url": page}, Relations: map[string]any{"repository": repository}}
}

const (
	current = mapper.CurrentBlueprint
	history = mapper.HistoryBlueprint
)

func (b *bench) put(t testing.TB, blueprint string, entity fakeport.Entity) {
	t.Helper()
	if err := b.port.PutEntity(blueprint, entity); err != nil {
		t.Fatal(err)
	}
}

func (b *bench) run(t testing.TB) *prune.Result {
	t.Helper()
	result, err := prune.Run(t.Context(), b.options)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

// held returns the identifiers of all entities of a repository in Port.
func (b *bench) held(name string) []string {
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

func isDelete(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/bulk/entities/delete") }

// about returns a match for requests about one repository at Codecov.
func about(name string) func(*http.Request) bool {
	return func(r *http.Request) bool { return strings.Contains(r.URL.Path, "/"+name+"/") }
}

// putBlueprint replaces the declaration of a blueprint.
func (b *bench) putBlueprint(t testing.TB, document string) {
	t.Helper()
	if err := b.port.PutBlueprint(json.RawMessage(document)); err != nil {
		t.Fatal(err)
	}
}
