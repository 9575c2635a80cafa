package setup_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codecov-port/codecov-port/internal/backfill"
	fakecodecov "github.com/codecov-port/codecov-port/internal/fake/codecov"
	fakeport "github.com/codecov-port/codecov-port/internal/fake/port"
	"github.com/codecov-port/codecov-port/internal/fake/recordings"
	"github.com/codecov-port/codecov-port/internal/setup"
	"github.com/codecov-port/codecov-port/pkg/codecov"
	"github.com/codecov-port/codecov-port/pkg/mapper"
	"github.com/codecov-port/codecov-port/pkg/port"
)

// TestFromNothingToLive goes the way of a new user: setup, the history, and then a live event, which the webhook's own
// mapping turns into the same entities as a sync does.
func TestFromNothingToLive(t *testing.T) {
	server := emulate(t)
	run(t, server, setup.Options{})
	source, newest := accountWithout(t, "monolith")
	catalog := connect(t, server)
	mapping := mappingOf(t, server)
	if result := syncAccount(t, source, catalog, mapping); len(result.CreatedBlueprints) > 0 {
		t.Errorf("sync created blueprints that setup had left out: %v", result.CreatedBlueprints)
	}
	repositories, commits := server.Count(current), server.Count(history)
	before, _ := server.Entity(current, "monolith")

	live(t, catalog, mapping.Live(), payloadOf(t, newest))
	if got := server.Count(current); got != repositories {
		t.Errorf("%d entities of %s, want %d as before", got, current, repositories)
	}
	if got := server.Count(history); got != commits+1 {
		t.Errorf("%d entities of %s, want %d and one more", got, history, commits)
	}
	after, _ := server.Entity(current, "monolith")
	if report, _ := after.Properties["report"].(map[string]any); report["diff"] == nil || report["messages"] == nil || after.Properties["createdAt"] == before.Properties["createdAt"] {
		t.Errorf("the live event left the repository at %+v", after)
	}
	commit, ok := server.Entity(history, "monolith@"+newest.CommitID)
	if !ok || commit.Relations["repository"] != "monolith" {
		t.Errorf("the live event made %+v", commit)
	}

	if err := source.AddCommit("github", "acme", "monolith", newest.row); err != nil {
		t.Fatal(err)
	}
	server.ResetCounts()
	result := syncAccount(t, source, catalog, mapping)
	if got := server.Requests().EntitiesReceived; got != 0 {
		t.Errorf("the sync after the live event wrote %d entities: %+v", got, result.Entities)
	}
	want := []backfill.EntityCounts{{Blueprint: current, Unchanged: repositories}, {Blueprint: history, Unchanged: commits + 1}}
	if diff := cmp.Diff(want, result.Entities); diff != "" {
		t.Error(diff)
	}
}

// TestSyncCreatesTheSameBlueprints: of one alone it leaves out what points to the other, for setup --update to add.
func TestSyncCreatesTheSameBlueprints(t *testing.T) {
	builtin, err := mapper.Compile(mapper.BuiltinMapping(), mapper.Options{Now: recordings.Now()})
	if err != nil {
		t.Fatal(err)
	}
	alone, err := mapper.Compile(mapper.BuiltinMapping()[:1], mapper.Options{Now: recordings.Now()})
	if err != nil {
		t.Fatal(err)
	}
	source, _ := accountWithout(t, "monolith")

	server := emulate(t)
	syncAccount(t, source, connect(t, server), builtin)
	holds(t, run(t, server, setup.Options{}),
		"exists blueprint codecov_coverage", "exists blueprint codecov_commit_coverage", "created webhook codecov_mapper")

	server = emulate(t)
	syncAccount(t, source, connect(t, server), alone)
	holds(t, run(t, server, setup.Options{Update: true}),
		"updated blueprint codecov_coverage: aggregation property coverageLastMonth",
		"created blueprint codecov_commit_coverage", "created webhook codecov_mapper")
}

// syncAccount brings the account in.
func syncAccount(t *testing.T, source http.Handler, catalog *port.Client, mapping *mapper.Mapping) *backfill.Result {
	t.Helper()
	result, err := backfill.Run(t.Context(), backfill.Options{
		Codecov: clientOf(t, source), Port: catalog, Owners: []string{"acme"}, AppURL: appURL,
		Mapping: mapping, Blueprints: mapper.BuiltinBlueprints(), Now: recordings.Now(),
	})
	if err != nil || !result.Complete {
		t.Fatalf("sync: %v, result %+v", err, result)
	}
	return result
}

const (
	appURL = "https://app.codecov.io"
	token  = "2f0c8f6a-52b1-4f0e-8a4e-0d6b5a7c9e11"
)

// recordedCommit is a commit as it was recorded.
type recordedCommit struct {
	CommitID  string `json:"commitid"`
	Message   string `json:"message"`
	Timestamp string `json:"timestamp"`
	Branch    string `json:"branch"`
	State     string `json:"state"`
	Author    *struct {
		Username string  `json:"username"`
		Name     *string `json:"name"`
	} `json:"author"`
	Totals map[string]any `json:"totals"`
	row    json.RawMessage
}

// accountWithout returns the recorded account as it was before the newest usable commit of a repository, and that commit.
func accountWithout(t *testing.T, repository string) (*fakecodecov.Server, recordedCommit) {
	t.Helper()
	text, err := fs.ReadFile(recordings.Accounts, "accounts/github.acme.json")
	if err != nil {
		t.Fatal(err)
	}
	var document map[string]json.RawMessage
	var commits map[string][]json.RawMessage
	unmarshal(t, text, &document)
	unmarshal(t, document["commits"], &commits)
	var newest recordedCommit
	for i, row := range commits[repository] {
		newest = recordedCommit{row: row}
		unmarshal(t, row, &newest)
		if newest.State == "complete" && newest.Branch == "main" && newest.Totals != nil && newest.Author != nil {
			commits[repository] = commits[repository][i+1:]
			break
		}
	}
	document["commits"] = marshal(t, commits)
	account, err := fakecodecov.LoadAccount(bytes.NewReader(marshal(t, document)))
	if err != nil {
		t.Fatal(err)
	}
	return fakecodecov.New(fakecodecov.Options{
		Accounts: []fakecodecov.Account{account}, Tokens: map[string]fakecodecov.Access{token: {}},
	}), newest
}

func clientOf(t *testing.T, source http.Handler) *codecov.Client {
	t.Helper()
	client, err := codecov.NewClient(codecov.Options{Token: token, Service: "github", Transport: inside{source}})
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// mappingOf compiles what the webhook in Port holds.
func mappingOf(t *testing.T, server *fakeport.Server) *mapper.Mapping {
	t.Helper()
	entries, err := mapper.ParseMapping(webhookOf(t, server).Mappings)
	if err != nil {
		t.Fatal(err)
	}
	mapping, err := mapper.Compile(entries, mapper.Options{Now: recordings.Now()})
	if err != nil {
		t.Fatal(err)
	}
	return mapping
}

// payloadOf writes the recorded payload anew for another commit, as Codecov sends it: what REST does not return (diff,
// messages, email, the services' ids, base, compare and pull) stays as it was recorded.
func payloadOf(t *testing.T, c recordedCommit) []byte {
	t.Helper()
	payload := decode(t, []byte(testdata(t, "webhook-sample.json")))
	body := payload["body"].(map[string]any)
	repo, head, owner := body["repo"].(map[string]any), body["head"].(map[string]any), body["owner"].(map[string]any)
	author, totals := head["author"].(map[string]any), head["totals"].(map[string]any)
	owner["username"] = "acme"
	repo["name"], repo["url"] = "monolith", appURL+"/gh/acme/monolith"
	author["username"], author["name"] = c.Author.Username, c.Author.Name
	head["commitid"], head["branch"], head["message"] = c.CommitID, c.Branch, c.Message
	head["url"] = appURL + "/gh/acme/monolith/commit/" + c.CommitID
	head["timestamp"] = strings.TrimSuffix(c.Timestamp, "Z")
	for _, name := range []string{"files", "lines", "hits", "misses", "partials", "branches", "methods", "sessions", "complexity", "complexity_total"} {
		totals[name] = c.Totals[name]
	}
	totals["coverage"] = fmt.Sprintf("%.5f", 100*c.Totals["hits"].(float64)/c.Totals["lines"].(float64))
	return marshal(t, payload["body"])
}

// live does as Port does with what is posted to a webhook.
func live(t *testing.T, catalog *port.Client, mapping *mapper.Mapping, payload []byte) {
	t.Helper()
	parsed, err := mapper.ParsePayload(payload)
	if err != nil {
		t.Fatal(err)
	}
	result, err := mapping.Map(t.Context(), parsed, func(string, string) bool { return true })
	if err != nil || len(result.Entities) != 2 {
		t.Fatalf("the payload gave %+v: %v", result, err)
	}
	for _, mapped := range result.Entities {
		blueprint, err := catalog.Blueprint(t.Context(), mapped.Blueprint)
		if err != nil {
			t.Fatal(err)
		}
		entity, warnings := mapper.NewConformer(blueprint).Conform(mapped.Entity)
		var batch port.Batch
		if err := batch.Add(entity); err != nil {
			t.Fatal(err)
		}
		written, err := catalog.UpsertBatch(t.Context(), mapped.Blueprint, &batch, port.UpsertOptions{})
		if err != nil || written.Outcomes[0].Err != nil || len(warnings) > 0 {
			t.Fatalf("write %s: %v, %+v, warnings %v", entity.Identifier, err, written, warnings)
		}
	}
}

func marshal(t *testing.T, value any) []byte {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func unmarshal(t *testing.T, text []byte, into any) {
	t.Helper()
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatal(err)
	}
}
