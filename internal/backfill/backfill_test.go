package backfill_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/codecov-port/codecov-port/internal/backfill"
	fakecodecov "github.com/codecov-port/codecov-port/internal/fake/codecov"
	"github.com/codecov-port/codecov-port/internal/fake/faults"
	fakeport "github.com/codecov-port/codecov-port/internal/fake/port"
	"github.com/codecov-port/codecov-port/internal/fake/recordings"
	"github.com/codecov-port/codecov-port/pkg/codecov"
	"github.com/codecov-port/codecov-port/pkg/mapper"
	"github.com/codecov-port/codecov-port/pkg/port"
)

func TestMain(m *testing.M) {
	if flag.Parse(); flag.Lookup("test.bench").Value.String() == "" {
		debug.SetGCPercent(400) // tests hold little, and collecting it would take a fifth of their time
	}
	goleak.VerifyTestMain(m)
}

const token = "0b7c2f5a-8a4e-4c6f-9b83-6a1f0f1f2f3f"

// bench is both emulators and the options for a run between them.
type bench struct {
	source  codecov.Options
	codecov *fakecodecov.Server
	port    *fakeport.Server
	options backfill.Options
}

// newBench serves the accounts, and a Port whose every request is held to the contract.
func newBench(t testing.TB, accounts ...fakecodecov.Account) *bench {
	t.Helper()
	return newBenchOver(t, func(rt http.RoundTripper) http.RoundTripper { return rt }, accounts...)
}

// newBenchOver is newBench with a network that wraps the real one.
func newBenchOver(t testing.TB, wrap func(http.RoundTripper) http.RoundTripper, accounts ...fakecodecov.Account) *bench {
	t.Helper()
	b := &bench{
		codecov: fakecodecov.New(fakecodecov.Options{Accounts: accounts, Tokens: map[string]fakecodecov.Access{token: {}}}),
		port:    fakeport.New(fakeport.Options{}),
	}
	b.connect(t, accounts[0], wrap)
	b.mapping(t, mapper.BuiltinMapping())
	t.Cleanup(func() {
		for _, violation := range b.port.Violations() {
			t.Errorf("against Port's contract: %v", violation)
		}
	})
	return b
}

// connect puts clients between the emulators, on connections of their own that end with the test.
func (b *bench) connect(t testing.TB, account fakecodecov.Account, wrap func(http.RoundTripper) http.RoundTripper) {
	t.Helper()
	codecovServer, portServer := httptest.NewServer(b.codecov), httptest.NewServer(b.port)
	network := &http.Transport{MaxIdleConnsPerHost: 64}
	t.Cleanup(func() {
		network.CloseIdleConnections()
		codecovServer.Close()
		portServer.Close()
	})
	wrapped := wrap(network)
	b.source = codecov.Options{
		BaseURL: codecovServer.URL + "/api/v2", Token: token, Service: codecov.Service(account.Service), Transport: wrapped,
	}
	source, err := codecov.NewClient(b.source)
	if err != nil {
		t.Fatal(err)
	}
	catalog, err := port.NewClient(port.Options{
		BaseURL: portServer.URL, ClientID: fakeport.DefaultClientID, ClientSecret: fakeport.DefaultClientSecret, Transport: wrapped,
	})
	if err != nil {
		t.Fatal(err)
	}
	b.options = backfill.Options{
		Codecov: source, Port: catalog, Owners: []string{account.Owner.Username}, AppURL: "https://app.codecov.io",
		Blueprints: mapper.BuiltinBlueprints(), Now: recordings.Now(),
	}
}

// pageSize makes the listings come in pages of so many rows.
func (b *bench) pageSize(t testing.TB, rows int) {
	t.Helper()
	b.source.PageSize = rows
	source, err := codecov.NewClient(b.source)
	if err != nil {
		t.Fatal(err)
	}
	b.options.Codecov = source
}

func (b *bench) mapping(t testing.TB, entries []mapper.Entry) {
	t.Helper()
	mapping, err := mapper.Compile(entries, mapper.Options{Now: recordings.Now()})
	if err != nil {
		t.Fatal(err)
	}
	b.options.Mapping = mapping
}

func (b *bench) run(t testing.TB) *backfill.Result {
	t.Helper()
	result, err := backfill.Run(t.Context(), b.options)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

// entity returns one of Port's entities, which must be there.
func (b *bench) entity(t testing.TB, blueprint, identifier string) fakeport.Entity {
	t.Helper()
	entity, ok := b.port.Entity(blueprint, identifier)
	if !ok {
		t.Fatalf("Port holds no %s %s", blueprint, identifier)
	}
	return entity
}

const (
	current = "codecov_coverage"
	history = "codecov_commit_coverage"
)

func recorded(t testing.TB, file string) fakecodecov.Account {
	t.Helper()
	f, err := recordings.Accounts.Open("accounts/" + file)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	account, err := fakecodecov.LoadAccount(f)
	if err != nil {
		t.Fatal(err)
	}
	return account
}

// account makes an account of repositories and their commits, written as rows of the API.
func account(t testing.TB, repositories map[string][]string, order ...string) fakecodecov.Account {
	t.Helper()
	return accountOf(t, "acme", repositories, order...)
}

func accountOf(t testing.TB, owner string, repositories map[string][]string, order ...string) fakecodecov.Account {
	t.Helper()
	var rows []string
	commits := make(map[string][]json.RawMessage)
	for _, name := range order {
		rows = append(rows, fmt.Sprintf(`{"name":%q,"private":true,"updatestamp":null,"author":{"service":"github","username":%q,"name":null},"language":null,"branch":"main","active":true,"activated":true,"totals":null}`, name, owner))
		for _, row := range repositories[name] {
			commits[name] = append(commits[name], json.RawMessage(row))
		}
	}
	encoded, err := json.Marshal(commits)
	if err != nil {
		t.Fatal(err)
	}
	text := fmt.Sprintf(`{"service":"github","owner":%q,"repos":[%s],"commits":%s}`, owner, strings.Join(rows, ","), encoded)
	loaded, err := fakecodecov.LoadAccount(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return loaded
}

// commit is a usable row; author and totals are JSON.
func commit(sha, timestamp, author, totals string) string {
	return fmt.Sprintf(`{"commitid":%q,"message":"m","timestamp":%q,"ci_passed":true,"author":%s,"branch":"main","totals":%s,"state":"complete","parent":null}`,
		sha, timestamp, author, totals)
}

const (
	ann        = `{"service":"github","username":"ann","name":"Ann"}`
	ninety     = `{"files":2,"lines":100,"hits":90,"misses":10,"partials":0,"coverage":90.0,"branches":0,"methods":0,"sessions":1,"complexity":0.0,"complexity_total":0.0,"complexity_ratio":0,"diff":0}`
	fifty      = `{"files":2,"lines":100,"hits":50,"misses":50,"partials":0,"coverage":50.0,"branches":0,"methods":0,"sessions":1,"complexity":0.0,"complexity_total":0.0,"complexity_ratio":0,"diff":0}`
	zeroOfZero = `{"files":1,"lines":0,"hits":0,"misses":0,"partials":0,"coverage":0.0,"branches":0,"methods":0,"sessions":1,"complexity":0.0,"complexity_total":0.0,"complexity_ratio":0,"diff":0}`
)

func TestRecordedAccountsArriveWhole(t *testing.T) {
	files, err := fs.Glob(recordings.Accounts, "accounts/*.json")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][2]int{
		"accounts/bitbucket.stash_team.json":      {1, 1},
		"accounts/github.acme.json":               {49, 1505},
		"accounts/github.slanks.json":             {1, 1},
		"accounts/github_enterprise.initech.json": {1, 1},
	}
	if len(files) != len(want) {
		t.Fatalf("recorded accounts %v", files)
	}
	for _, file := range files {
		t.Run(file, func(t *testing.T) {
			b := newBench(t, recorded(t, strings.TrimPrefix(file, "accounts/")))
			result := b.run(t)
			if got := [2]int{b.port.Count(current), b.port.Count(history)}; got != want[file] {
				t.Errorf("Port holds %v, want %v", got, want[file])
			}
			if !result.Complete || len(result.DroppedValues) != 0 || !slices.Equal(result.CreatedBlueprints, []string{current, history}) {
				t.Errorf("result %+v", result)
			}
			counts := b.port.Requests()
			if most := (want[file][0]+19)/20 + (want[file][1]+19)/20; counts.ByKind[fakeport.Bulk] != most {
				t.Errorf("%d bulk requests, want %d: batches fill up across repositories", counts.ByKind[fakeport.Bulk], most)
			}
		})
	}
}

func TestNewestWinsAndHistoryIsKept(t *testing.T) {
	b := newBench(t, recorded(t, "github.slanks.json"))
	b.run(t)
	entity := b.entity(t, current, "codecov-example")
	for property, want := range map[string]any{
		"repository": "https://app.codecov.io/gh/slanks/codecov-example", "service": "github", "branch": "main",
	} {
		if got := entity.Properties[property]; got != want {
			t.Errorf("%s is %v, want %v", property, got, want)
		}
	}
	for _, row := range b.port.Entities(history) {
		if row.Relations["repository"] != "codecov-example" {
			t.Errorf("%s relates to %v", row.Identifier, row.Relations)
		}
	}
}

func TestFutureCommitDoesNotHideThePresent(t *testing.T) {
	b := newBench(t, account(t, map[string][]string{"app": {
		commit("future", "2099-01-01T00:00:00Z", ann, ninety),
		commit("tomorrow", "2026-11-23T10:00:00Z", ann, fifty),
		commit("past", "2026-11-01T00:00:00Z", ann, ninety),
	}}, "app"))
	b.run(t)
	if got := b.entity(t, current, "app").Properties["createdAt"]; got != "2026-11-23T10:00:00.000Z" {
		t.Errorf("the current state is of %v", got)
	}
	if got := b.port.Count(history); got != 3 {
		t.Errorf("%d rows of history, want all 3", got)
	}
}

func TestOddRows(t *testing.T) {
	b := newBench(t, account(t, map[string][]string{"app": {
		commit("nobody", "2026-11-03T00:00:00Z", "null", ninety),
		commit("empty", "2026-11-02T00:00:00Z", ann, zeroOfZero),
	}}, "app"))
	if result := b.run(t); !result.Complete {
		t.Errorf("failures %+v", result.Failures)
	}
	if author, has := b.entity(t, history, "app@nobody").Properties["author"]; has {
		t.Errorf("a commit without an author has author %v", author)
	}
	if got := b.entity(t, history, "app@empty").Properties["coverage"]; got != 0.0 {
		t.Errorf("0 of 0 lines with a coverage of 0 is %v", got)
	}
}

// family maps each repository onto its name up to the first dash: several may meet.
var family = []mapper.Entry{{Blueprint: current, Entity: mapper.EntityTemplate{
	Identifier: `(.body.repo.name | split("-")[0]) + "@" + .body.head.commitid`,
	Properties: map[string]string{"repository": ".body.repo.url"},
}}}

// twins are two repositories with the same commits, so many that they fill a batch.
func twins(t testing.TB) fakecodecov.Account {
	var rows []string
	for i := range port.MaxBulkEntities {
		rows = append(rows, commit(fmt.Sprintf("c%02d", i), fmt.Sprintf("2026-11-03T00:00:%02dZ", 59-i), ann, ninety))
	}
	return account(t, map[string][]string{"app-one": rows, "app-two": rows}, "app-one", "app-two")
}

func checkFirstKeeps(t *testing.T, b *bench, result *backfill.Result) {
	t.Helper()
	for _, entity := range b.port.Entities(current) {
		if got := entity.Properties["repository"]; got != "https://app.codecov.io/gh/acme/app-one" {
			t.Errorf("%s is of %v, want it to be of the first repository in the list", entity.Identifier, got)
		}
	}
	if b.port.Count(current) != port.MaxBulkEntities || len(result.Failures) != port.MaxBulkEntities {
		t.Errorf("%d entities, %d failures", b.port.Count(current), len(result.Failures))
	}
	for _, failure := range result.Failures {
		if failure.Repository != "app-two" || failure.Code != backfill.CodeTaken || !strings.Contains(failure.Message, "app-one") {
			t.Errorf("failure %+v", failure)
		}
	}
}

func TestTwoRepositoriesOfOneIdentifier(t *testing.T) {
	b := newBench(t, twins(t))
	b.mapping(t, family)
	b.options.Readers = 1
	checkFirstKeeps(t, b, b.run(t))
}

// heldBack is a network on which some requests wait until something has happened.
type heldBack struct {
	next    http.RoundTripper
	waits   func(*http.Request) bool
	happens func(*http.Request) bool
	until   chan struct{}
	once    sync.Once
}

func (h *heldBack) RoundTrip(r *http.Request) (*http.Response, error) {
	if h.waits(r) {
		select {
		case <-h.until:
		case <-r.Context().Done():
			return nil, r.Context().Err()
		}
	}
	resp, err := h.next.RoundTrip(r)
	if h.happens(r) {
		h.once.Do(func() { close(h.until) })
	}
	return resp, err
}

func TestFirstInTheListKeepsTheIdentifierAlsoWhenItIsReadLast(t *testing.T) {
	// The first repository's commits are asked for only after the second's entities have arrived in Port.
	network := &heldBack{
		until:   make(chan struct{}),
		waits:   func(r *http.Request) bool { return strings.Contains(r.URL.Path, "/app-one/") },
		happens: func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/bulk") },
	}
	b := newBenchOver(t, func(rt http.RoundTripper) http.RoundTripper { network.next = rt; return network }, twins(t))
	b.mapping(t, family)
	b.options.Yes = true
	checkFirstKeeps(t, b, b.run(t))
}

func TestRelationToSomebodyElsesBlueprintInventsNothing(t *testing.T) {
	b := newBench(t, account(t, map[string][]string{"app": {commit("one", "2026-11-03T00:00:00Z", ann, ninety)}}, "app"))
	for _, blueprint := range []string{
		`{"identifier":"service","title":"Service","schema":{"properties":{},"required":[]},"relations":{}}`,
		`{"identifier":"coverage","title":"Coverage","schema":{"properties":{},"required":[]},
		  "relations":{"service":{"title":"Service","target":"service","required":false,"many":false}}}`,
	} {
		if err := b.port.PutBlueprint(json.RawMessage(blueprint)); err != nil {
			t.Fatal(err)
		}
	}
	b.mapping(t, []mapper.Entry{{Blueprint: "coverage", Entity: mapper.EntityTemplate{
		Identifier: ".body.repo.name", Relations: map[string]string{"service": ".body.repo.name"},
	}}})
	result := b.run(t)
	if got := b.port.Count("service"); got != 0 {
		t.Errorf("%d services invented", got)
	}
	if !result.Complete || b.port.Count("coverage") != 1 {
		t.Errorf("without the service: %d entities written, want 1; failures %+v", b.port.Count("coverage"), result.Failures)
	}
	if result := b.run(t); result.Entities[0].Unchanged != 1 {
		t.Errorf("second run without the service: %+v, want 1 unchanged", result.Entities)
	}
	if err := b.port.PutEntity("service", fakeport.Entity{Identifier: "app"}); err != nil {
		t.Fatal(err)
	}
	if result := b.run(t); !result.Complete || result.Entities[0].Updated != 1 {
		t.Errorf("with the service: %+v, want 1 updated; failures %+v", result.Entities, result.Failures)
	}
}

func TestMissingBlueprintOfTheUsersEndsBeforeAnythingIsWritten(t *testing.T) {
	b := newBench(t, account(t, map[string][]string{"app": {commit("one", "2026-11-03T00:00:00Z", ann, ninety)}}, "app"))
	b.mapping(t, append(mapper.BuiltinMapping(), mapper.Entry{Blueprint: "mine", Entity: mapper.EntityTemplate{Identifier: ".body.repo.name"}}))
	_, err := backfill.Run(t.Context(), b.options)
	if err == nil || !strings.Contains(err.Error(), `"mine"`) {
		t.Errorf("error %v", err)
	}
	if len(b.port.Blueprints()) != 0 {
		t.Errorf("created %v", b.port.Blueprints())
	}
}

func TestForbiddenIdentifierIsNamed(t *testing.T) {
	b := newBench(t, account(t, map[string][]string{"app": {commit("one", "2026-11-03T00:00:00Z", ann, ninety)}}, "app"))
	b.mapping(t, []mapper.Entry{{Blueprint: current, Entity: mapper.EntityTemplate{Identifier: `.body.repo.name + " #1"`}}})
	result := b.run(t)
	if len(result.Failures) != 1 || result.Failures[0].Code != backfill.CodeForbiddenIdentifier || result.Failures[0].Identifier != "app #1" {
		t.Errorf("failures %+v", result.Failures)
	}
}

func TestItemsThatPortIgnoresAreCounted(t *testing.T) {
	b := newBench(t, account(t, map[string][]string{"app": {commit("one", "2026-11-03T00:00:00Z", ann, ninety)}}, "app"))
	b.mapping(t, []mapper.Entry{{Blueprint: current, ItemsToParse: "[range(503) | tostring]", Entity: mapper.EntityTemplate{Identifier: ".item"}}})
	result := b.run(t)
	want := []backfill.DroppedValue{{
		Blueprint: current, Property: "itemsToParse", Reason: "returned more than 500 items, and Port ignores the others", Count: 3,
	}}
	if b.port.Count(current) != 500 || !slices.Equal(result.DroppedValues, want) {
		t.Errorf("%d entities and dropped values %+v, want 500 and %+v", b.port.Count(current), result.DroppedValues, want)
	}
}

func TestRepositoryThatCannotBeReadIsNamedAndTheOthersArrive(t *testing.T) {
	b := newBench(t, account(t, map[string][]string{
		"good": {commit("one", "2026-11-03T00:00:00Z", ann, ninety)},
		"bad":  {commit("two", "2026-11-02T00:00:00Z", ann, fifty)},
	}, "good", "bad"))
	b.codecov.Faults.Add(faults.Fault{Kind: faults.Answer, Times: -1, Status: 403, Body: `{"detail":"Github API rate limit error: Forbidden"}`,
		Header: http.Header{"Content-Type": {"application/json"}},
		Match:  func(r *http.Request) bool { return strings.Contains(r.URL.Path, "/bad/") }})
	result := b.run(t)
	if b.port.Count(current) != 1 || result.Repositories.Failed != 1 || result.Complete {
		t.Errorf("%d entities, result %+v", b.port.Count(current), result)
	}
	if failure := result.Failures[0]; failure.Repository != "bad" || failure.Status != 403 || !strings.Contains(failure.Message, "rate limit") {
		t.Errorf("failure %+v", failure)
	}
}

// holds matches the bulk requests that hold an entity.
func holds(identifier string) func(*http.Request) bool {
	return func(r *http.Request) bool {
		if !strings.HasSuffix(r.URL.Path, "/entities/bulk") {
			return false
		}
		body, err := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		return err == nil && bytes.Contains(body, []byte(`"identifier":"`+identifier+`"`))
	}
}

func TestEntityThatSpoilsItsBatchIsNamedAndTheOthersArrive(t *testing.T) {
	const spoiler = "ties@"
	for _, status := range []int{400, 413, 422} {
		b := newBench(t, recorded(t, "github.acme.json"))
		b.options.Selection.Repositories = []string{"ties"}
		var identifier string
		for commit, err := range b.options.Codecov.Commits(t.Context(), "acme", "ties", codecov.CommitsOptions{Branch: "main"}) {
			if err != nil {
				t.Fatal(err)
			}
			identifier = spoiler + commit.CommitID
		}
		b.port.Faults.Add(faults.Fault{Kind: faults.Answer, Times: -1, Status: status, Body: `{"ok":false,"error":"invalid_request","message":"no"}`, Match: holds(identifier)})
		result := b.run(t)
		if len(result.Failures) != 1 || result.Failures[0].Identifier != identifier || result.Failures[0].Code != "invalid_request" || result.Failures[0].Repository != "ties" {
			t.Errorf("%d: failures %+v", status, result.Failures)
		}
		if got := b.port.Count(history); got != 59 {
			t.Errorf("%d: %d rows of history, want all 60 but one", status, got)
		}
	}
}

func TestDeadPortIsToldOnceAndEverythingIsNamed(t *testing.T) {
	b := newBench(t, recorded(t, "github.acme.json"))
	b.options.Writers = 1
	b.port.Faults.Add(faults.Fault{Kind: faults.Answer, Times: -1, Status: 503, Header: http.Header{"Retry-After": {"0"}}, Body: `{"ok":false,"error":"unavailable"}`,
		Match: func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/bulk") }})
	result := b.run(t)
	named := make(map[string]bool) // by its entities or, if it was not read to its end, by its own name
	for _, failure := range result.Failures {
		named[failure.Repository] = true
	}
	if len(named) < 49 || result.Complete {
		t.Errorf("%d repositories named, want each of the 49 with entities", len(named))
	}
	if got := b.port.Requests().ByKind[fakeport.Bulk]; got > 20 {
		t.Errorf("%d bulk requests to a dead Port", got)
	}
}

func TestDryRunWritesNothing(t *testing.T) {
	b := newBench(t, recorded(t, "github.acme.json"))
	b.options.DryRun = true
	result := b.run(t)
	if result.Entities[0].Created != 49 || result.Entities[1].Created != 1505 || len(b.port.Blueprints()) != 0 {
		t.Errorf("entities %+v, blueprints %v", result.Entities, b.port.Blueprints())
	}
}

func TestStopFinishesWhatIsOnItsWay(t *testing.T) {
	for _, yes := range []bool{false, true} {
		b := newBench(t, recorded(t, "github.acme.json"))
		stop := make(chan struct{})
		b.options.Stop, b.options.Readers, b.options.Yes = stop, 1, yes
		asked := 0
		b.codecov.Faults.Add(faults.Fault{Times: -1, Match: func(r *http.Request) bool {
			if strings.HasSuffix(r.URL.Path, "/commits") {
				if asked++; asked == 3 {
					close(stop)
				}
			}
			return false
		}})
		result := b.run(t)
		if !result.Interrupted || result.Complete {
			t.Errorf("yes %v: result %+v", yes, result)
		}
		created := result.Entities[0].Created + result.Entities[1].Created
		if got := b.port.Count(current) + b.port.Count(history); got != created {
			t.Errorf("yes %v: Port holds %d, created were %d", yes, got, created)
		}
		if streamed := created > 0; streamed != yes || result.NotWritten > 0 == yes {
			t.Errorf("yes %v: created %d, held back %d", yes, created, result.NotWritten)
		}
		// Running it again finishes it.
		b.options.Stop = nil
		if result := b.run(t); !result.Complete || b.port.Count(history) != 1505 {
			t.Errorf("yes %v: the second run left %d rows of history", yes, b.port.Count(history))
		}
	}
}

func TestStopWhileBlueprintsAreCreated(t *testing.T) {
	b := newBench(t, recorded(t, "github.acme.json"))
	stop := make(chan struct{})
	b.options.Stop, b.options.Yes = stop, true
	b.port.Faults.Add(faults.Fault{Kind: faults.Hang, Match: func(r *http.Request) bool {
		if r.Method != http.MethodPost || r.URL.Path != "/v1/blueprints" {
			return false
		}
		close(stop)
		return true
	}})
	if result := b.run(t); !result.Interrupted || len(result.Failures) > 0 {
		t.Errorf("interrupted %t, failures %v", result.Interrupted, result.Failures)
	}
}

func TestEndedContextEndsTheRun(t *testing.T) {
	b := newBench(t, recorded(t, "github.acme.json"))
	ctx, cancel := context.WithCancel(t.Context())
	b.port.Faults.Add(faults.Fault{Times: -1, Match: func(r *http.Request) bool {
		if strings.HasSuffix(r.URL.Path, "/bulk") {
			cancel()
		}
		return false
	}})
	if _, err := backfill.Run(ctx, b.options); err == nil || ctx.Err() == nil {
		t.Errorf("error %v", err)
	}
}

func TestRefusedCredentialsEndTheRun(t *testing.T) {
	unauthorized := faults.Fault{Kind: faults.Answer, Times: -1, Status: 401, Header: http.Header{"Www-Authenticate": {"Bearer"}}, Body: `{"detail":"Invalid token."}`}
	b := newBench(t, recorded(t, "github.acme.json"))
	b.codecov.Faults.Add(unauthorized)
	if _, err := backfill.Run(t.Context(), b.options); !errors.Is(err, codecov.ErrUnauthorized) || len(b.port.Blueprints()) != 0 {
		t.Errorf("codecov: error %v, blueprints %v", err, b.port.Blueprints())
	}
	b = newBench(t, recorded(t, "github.acme.json"))
	b.port.Faults.Add(faults.Fault{Kind: faults.Answer, Times: -1, Status: 401, Body: `{"ok":false,"error":"unauthorized"}`})
	if _, err := backfill.Run(t.Context(), b.options); !errors.Is(err, port.ErrUnauthorized) {
		t.Errorf("port: error %v", err)
	}
}
