package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/codecov-port/codecov-port/internal/backfill"
	fakecodecov "github.com/codecov-port/codecov-port/internal/fake/codecov"
	"github.com/codecov-port/codecov-port/internal/fake/faults"
	fakeport "github.com/codecov-port/codecov-port/internal/fake/port"
	"github.com/codecov-port/codecov-port/pkg/port"
)

const syncSchema = "../../docs/sync-output.schema.json"

// holdToSchema checks that text is one document as the schema has it, and returns it.
func holdToSchema(t *testing.T, text string) backfill.Result {
	t.Helper()
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	schema, err := compiler.Compile(syncSchema)
	if err != nil {
		t.Fatal(err)
	}
	instance, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		t.Fatalf("not one JSON document: %v\n%s", err, text)
	}
	if err := schema.Validate(instance); err != nil {
		t.Errorf("%v\n%s", err, text)
	}
	var d backfill.Result
	if err := json.Unmarshal([]byte(text), &d); err != nil {
		t.Fatal(err)
	}
	return d
}

// refusesHistory is a Port that refuses the history.
func refusesHistory() faults.Fault {
	return faults.Fault{Times: -1, Status: 422, Header: http.Header{"X-Trace-Id": {"trace-1"}}, Body: `{"ok":false,"error":"invalid_request","message":"no <history>"}`,
		Match: func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, historyBlueprint+"/entities/bulk") }}
}

// badRequest answers 400, which is not retried.
var badRequest = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadRequest) })

// TestDocuments holds what --output json writes to its schema, however the run ends, and to the exit code.
func TestDocuments(t *testing.T) {
	repositories, commits := hostileCodecov(t, append(hostileNames, soundNames...)...)
	hostileAccount := codecovWith(t, repositories, commits)
	small := fakecodecov.New(fakecodecov.Options{Accounts: []fakecodecov.Account{synthetic()}, Tokens: map[string]fakecodecov.Access{scriptToken: {}}})
	type check = func(backfill.Result) bool
	for name, test := range map[string]struct {
		codecov     http.Handler
		refuses     bool // Port refuses the history
		environment map[string]string
		before      []string // of a run before it
		arguments   []string
		exit        int
		check       check
	}{
		"clean": {codecov: small, check: func(d backfill.Result) bool {
			return d.Complete && d.Error == nil && len(d.Histories) == 3 && d.Coverage != nil && len(d.Coverage.Trend) == 24 && d.Entities[1].Created == 60 && len(d.CreatedBlueprints) == 2
		}},
		"nothing new": {codecov: small, before: []string{}, check: func(d backfill.Result) bool { return d.Complete && d.Entities[1].Unchanged == 60 }},
		"dry run":     {codecov: small, arguments: []string{"--dry-run"}, check: func(d backfill.Result) bool { return d.DryRun && d.Entities[1].Created == 60 && d.PortURL == nil }},
		"changes": {codecov: small, before: []string{"--no-history"}, arguments: []string{"--mapping", "testdata-changed", "--dry-run"}, check: func(d backfill.Result) bool {
			return len(d.Changes) > 0 && d.Changes[0].Identifier != "" && d.Changes[0].To == "x\u202e"
		}},
		"failures": {codecov: hostileAccount, exit: exitPartial, check: func(d backfill.Result) bool {
			return !d.Complete && d.Error != nil && len(d.Failures) >= len(hostileNames) && d.Failures[0].Code != ""
		}},
		"refused by Port": {codecov: small, refuses: true, exit: exitPartial, check: func(d backfill.Result) bool {
			return d.Entities[1].Failed == 60 && d.Failures[59].TraceID == "trace-1" && d.Failures[59].Status == 422
		}},
		"no identifier": {codecov: small, arguments: []string{"--mapping", "testdata-no-identifier", "--dry-run"}, exit: exitPartial, check: func(d backfill.Result) bool {
			return reflect.DeepEqual(d.EntriesWithoutIdentifier, []int{2})
		}},
		"missing variable": {codecov: small, environment: map[string]string{"CODECOV_TOKEN": ""}, exit: exitUsage, check: func(d backfill.Result) bool {
			return strings.Contains(d.Error.Message, "CODECOV_TOKEN") && d.Error.Hint != "" && d.Duration == 0
		}},
		"wrong flag": {codecov: small, arguments: []string{"--since", "yesterday", "--dry-run"}, exit: exitUsage, check: func(d backfill.Result) bool { return d.DryRun }},
		"refused credentials": {codecov: small, environment: map[string]string{"PORT_CLIENT_SECRET": "wrong"}, exit: exitCredentials, check: func(d backfill.Result) bool {
			return strings.Contains(d.Error.Message, "401") && !d.Complete
		}},
		"unknown account": {codecov: small, arguments: []string{"--owner", "nobody"}, exit: exitUsage, check: func(d backfill.Result) bool { return d.Coverage == nil }},
		"flood":           {codecov: small, arguments: []string{"--max-entities", "1"}, exit: exitUsage, check: func(d backfill.Result) bool { return d.Entities[1].Created == 0 }},
		"failed sign-in":  {codecov: small, environment: map[string]string{"PORT_BASE_URL": listen(t, badRequest)}, arguments: []string{"--mapping", "builtin"}, exit: exitFailed, check: func(d backfill.Result) bool { return d.Error != nil }},
	} {
		t.Run(name, func(t *testing.T) {
			catalog := fakeport.New(fakeport.Options{})
			export(t, listen(t, test.codecov), listen(t, catalog), test.environment)
			if test.before != nil {
				if got := say(t, append([]string{"sync"}, test.before...)...); got.code != exitDone {
					t.Fatal(got.text())
				}
			}
			if test.refuses {
				catalog.Faults.Add(refusesHistory())
			}
			arguments := slices.Clone(test.arguments)
			for i, argument := range arguments {
				if mapping, ok := testMappings[argument]; ok {
					arguments[i] = filepath.Join(t.TempDir(), "mapping.json")
					if err := os.WriteFile(arguments[i], []byte(mapping), 0o600); err != nil {
						t.Fatal(err)
					}
				}
			}
			got := say(t, append([]string{"sync", "--output", "json"}, arguments...)...)
			assertFit(t, name, got.text())
			d := holdToSchema(t, got.out)
			if got.code != test.exit || d.ExitCode != test.exit || (d.Error == nil) != (test.exit == exitDone) || !test.check(d) {
				t.Errorf("exit code %d, want %d: %s\n%s", got.code, test.exit, got.out, got.err)
			}
		})
	}
}

var testMappings = map[string]string{
	"testdata-changed": `[{"blueprint": "codecov_coverage", "entity": {"identifier": ".body.repo.name", "properties": {"branch": "\"x\u202e\""}}}]`,
	"testdata-no-identifier": `[{"blueprint": "codecov_coverage", "entity": {"identifier": ".body.repo.name"}},
		{"blueprint": "codecov_coverage", "entity": {"identifier": ".body.repo.nickname"}}]`,
}

// TestDocumentOfEverything: fields that no real run has at the same time.
func TestDocumentOfEverything(t *testing.T) {
	const link = "https://app.port.io/codecov_coverages"
	everything := backfill.NewResult()
	result := &everything
	*result = backfill.Result{
		SchemaVersion: backfill.SchemaVersion,
		Interrupted:   true, NotWritten: 1, EntriesWithoutIdentifier: []int{1}, UnusedMappingEntries: []int{2}, CreatedBlueprints: []string{historyBlueprint}, Duration: backfill.Seconds(3 * time.Minute),
		Commits:              backfill.CommitCounts{Read: 3, Replayed: 1, Skipped: map[string]int{"pending": 2}, Every: backfill.EveryWeek},
		Entities:             []backfill.EntityCounts{{Blueprint: "mine\x1b[31m", Failed: 2}},
		DroppedValues:        []backfill.DroppedValue{{Blueprint: "mine", Property: "files", Reason: "it is no number", Count: 1200}},
		Relations:            []backfill.Relation{{Blueprint: "mine", Relation: "service", Target: "service", Unrelated: 1, Repositories: []string{"acme/app"}}},
		Plan:                 &backfill.DryRunPlan{Requests: 2, Delay: backfill.Seconds(time.Minute), MaxEntities: 1, NeedsConfirmation: true},
		EmptyDefaultBranches: []backfill.EmptyBranch{{Owner: "acme", Repository: "renamed", Branch: "main", Newest: "develop"}},
		StaleRepositories:    []backfill.StaleRepository{{Owner: "acme", Repository: "gone\u202e"}},
		Changes:              []backfill.Change{{Blueprint: "mine", Identifier: "app", Property: "files", To: "3"}},
		Failures: []backfill.Failure{
			{Blueprint: "mine", Identifier: "a#b", Repository: "app", Status: 422, Code: "invalid", Message: "no\nnumber", TraceID: "trace-1"},
			{Code: backfill.CodeListStopped, Status: 500, Message: "the repositories of acme cannot be read from row 3 of 4 on"},
		},
		Requests:  backfill.Requests{Port: port.Counts{Requests: 6000, Retries: 40, WaitedSeconds: 120}},
		Histories: []backfill.History{{Owner: "acme", Repository: "日本", Commits: 1, Points: []backfill.Point{{At: time.Unix(0, 0).UTC(), Coverage: 50, Lines: 10}}}},
	}
	var out strings.Builder
	complete(result, link, partial("2 failures"))
	if err := writeJSON(&out, result); err != nil {
		t.Fatal(err)
	}
	assertFit(t, "everything", out.String())
	d := holdToSchema(t, out.String())
	if d.StaleRepositories[0].Owner != "acme" || d.NotWritten != 1 || d.DroppedValues[0].Count != 1200 || *d.PortURL != link || d.Requests.Port.WaitedSeconds != 120 {
		t.Error(out.String())
	}
}

// TestSchemaHasEachField: the schema describes each field that is written, and no other.
func TestSchemaHasEachField(t *testing.T) {
	text, err := os.ReadFile(syncSchema)
	if err != nil {
		t.Fatal(err)
	}
	var schema schemaNode
	if err := json.Unmarshal(text, &schema); err != nil {
		t.Fatal(err)
	}
	holdToFields(t, "", reflect.TypeFor[backfill.Result](), &schema, schema.Definitions)
}

type schemaNode struct {
	Ref         string                 `json:"$ref"`
	Description string                 `json:"description"`
	Properties  map[string]*schemaNode `json:"properties"`
	Required    []string               `json:"required"`
	Additional  any                    `json:"additionalProperties"`
	Items       *schemaNode            `json:"items"`
	Definitions map[string]*schemaNode `json:"$defs"`
}

func holdToFields(t *testing.T, path string, kind reflect.Type, node *schemaNode, definitions map[string]*schemaNode) {
	t.Helper()
	for node != nil && node.Ref != "" {
		node = definitions[strings.TrimPrefix(node.Ref, "#/$defs/")]
	}
	switch {
	case node == nil:
		t.Errorf("%s: not in the schema", path)
	case kind.Kind() == reflect.Pointer:
		holdToFields(t, path, kind.Elem(), node, definitions)
	case kind.Kind() == reflect.Slice:
		holdToFields(t, path+"[]", kind.Elem(), node.Items, definitions)
	case kind.Kind() == reflect.Struct && kind != reflect.TypeFor[time.Time]():
		var names, required []string
		for i := range kind.NumField() {
			name, option, _ := strings.Cut(kind.Field(i).Tag.Get("json"), ",")
			if name == "-" {
				continue
			}
			names = append(names, name)
			if option == "" {
				required = append(required, name)
			}
			holdToFields(t, path+"."+name, kind.Field(i).Type, node.Properties[name], definitions)
		}
		if node.Additional != false {
			t.Errorf("%s: additionalProperties: %v", path, node.Additional)
		}
		if len(names) != len(node.Properties) {
			t.Errorf("%s: %d fields, the schema has %d", path, len(names), len(node.Properties))
		}
		slices.Sort(required)
		slices.Sort(node.Required)
		if diff := cmp.Diff(required, node.Required); diff != "" {
			t.Errorf("%s: required (-fields +schema):\n%s", path, diff)
		}
	}
}

// TestOutputFlag: what --output refuses.
func TestOutputFlag(t *testing.T) {
	export(t, listen(t, http.NotFoundHandler()), listen(t, http.NotFoundHandler()), nil)
	for arguments, want := range map[string]string{
		"--output xml":             `error: --output "xml": expected text, json or jsonl`,
		"--output jsonl":           "error: --output jsonl prints what would be written: it requires --dry-run",
		"--output json\u202e":      "error: --output",
		"--output JSON --dry-run":  `error: --output "JSON"`,
		"--output jsonl --adopt":   "error: --output jsonl",
		"--output= --dry-run":      `error: --output ""`,
		"--output json,text --yes": "error: --output",
	} {
		got := say(t, append([]string{"sync"}, strings.Fields(arguments)...)...)
		if got.code != exitUsage || !strings.Contains(got.err, want) || got.out != "" {
			t.Errorf("%s: exit code %d: %s", arguments, got.code, fmt.Sprint(got.out, got.err))
		}
	}
}
