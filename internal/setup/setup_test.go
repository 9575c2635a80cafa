package setup_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/codecov-port/codecov-port/internal/fake/faults"
	fakeport "github.com/codecov-port/codecov-port/internal/fake/port"
	"github.com/codecov-port/codecov-port/internal/setup"
	"github.com/codecov-port/codecov-port/pkg/mapper"
	"github.com/codecov-port/codecov-port/pkg/port"
)

const (
	current = "codecov_coverage"
	history = mapper.HistoryBlueprint
)

// emulate returns an empty Port. Each request that reaches it is checked against Port's contract.
func emulate(t testing.TB) *fakeport.Server {
	t.Helper()
	server := fakeport.New(fakeport.Options{KeepRequests: true})
	t.Cleanup(func() {
		for _, violation := range server.Violations() {
			t.Error(violation)
		}
	})
	return server
}

// connect returns a client that calls a handler without a connection.
func connect(t testing.TB, handler http.Handler) *port.Client {
	t.Helper()
	client, err := port.NewClient(port.Options{
		ClientID: fakeport.DefaultClientID, ClientSecret: fakeport.DefaultClientSecret, Transport: inside{handler},
	})
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// inside is a RoundTripper that calls a handler.
type inside struct{ handler http.Handler }

func (i inside) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body == nil {
		r.Body = http.NoBody
	}
	recorder := httptest.NewRecorder()
	i.handler.ServeHTTP(recorder, r)
	return recorder.Result(), nil
}

// run runs setup and compares the reported requests with those that arrived.
func run(t *testing.T, server *fakeport.Server, o setup.Options) *setup.Report {
	t.Helper()
	server.ResetCounts()
	o.Port = connect(t, server)
	report, err := setup.Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	want := report.Requests
	if !report.Sent {
		want = nil
	}
	if diff := cmp.Diff(want, arrived(server), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("requests (-reported +sent):\n%s", diff)
	}
	return report
}

// arrived returns the requests that change something, as the emulator saw them.
func arrived(server *fakeport.Server) []port.Request {
	var requests []port.Request
	for _, seen := range server.Seen() {
		switch seen.Kind {
		case fakeport.Token, fakeport.BlueprintRead, fakeport.BlueprintList, fakeport.WebhookRead, fakeport.VisualRead, fakeport.Search:
		default:
			path := strings.TrimSuffix(seen.Path+"?"+seen.Query, "?")
			requests = append(requests, port.Request{Method: seen.Method, Path: path, Body: seen.Body})
		}
	}
	return requests
}

// states sums the steps up.
func states(report *setup.Report) []string {
	var lines []string
	for _, step := range report.Steps {
		line := string(step.State) + " " + string(step.Kind) + " " + step.Identifier
		lines = append(lines, strings.TrimSuffix(line+": "+strings.Join(append(step.Added, step.Missing...), ", "), ": "))
	}
	return lines
}

func holds(t *testing.T, report *setup.Report, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, states(report)); diff != "" {
		t.Errorf("steps (-want +got):\n%s", diff)
	}
}

func put(t *testing.T, server *fakeport.Server, blueprint string) {
	t.Helper()
	if err := server.PutBlueprint([]byte(blueprint)); err != nil {
		t.Fatal(err)
	}
}

func updateWebhook(t *testing.T, client *port.Client, patch string) {
	t.Helper()
	if err := client.Send(t.Context(), port.NewRequest(http.MethodPatch, json.RawMessage(patch), "webhooks", mapper.WebhookIdentifier)); err != nil {
		t.Fatal(err)
	}
}

func createWebhook(t *testing.T, server *fakeport.Server, document string) {
	t.Helper()
	if err := connect(t, server).Send(t.Context(), port.NewRequest(http.MethodPost, json.RawMessage(document), "webhooks")); err != nil {
		t.Fatal(err)
	}
}

func webhookOf(t *testing.T, server *fakeport.Server) port.Webhook {
	t.Helper()
	webhook, err := connect(t, server).Webhook(t.Context(), mapper.WebhookIdentifier)
	if err != nil {
		t.Fatal(err)
	}
	return webhook
}

// blueprintOf returns a blueprint without what changes with time.
func blueprintOf(t *testing.T, server *fakeport.Server, identifier string) map[string]any {
	t.Helper()
	text, ok := server.Blueprint(identifier)
	if !ok {
		t.Fatalf("no blueprint %s", identifier)
	}
	blueprint := decode(t, text)
	delete(blueprint, "updatedAt")
	return blueprint
}

func decode(t *testing.T, text []byte) (object map[string]any) {
	t.Helper()
	if err := json.Unmarshal(text, &object); err != nil {
		t.Fatal(err)
	}
	return object
}

func testdata(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile("../../testdata/port/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestEmptyPort(t *testing.T) {
	server := emulate(t)
	report := run(t, server, setup.Options{})
	holds(t, report, "created blueprint codecov_coverage", "created blueprint codecov_commit_coverage", "created webhook codecov_mapper")
	for _, blueprint := range mapper.BuiltinBlueprints() {
		text, err := json.Marshal(blueprint)
		if err != nil {
			t.Fatal(err)
		}
		got := blueprintOf(t, server, blueprint.Identifier)
		stamped := cmpopts.IgnoreMapEntries(func(name string, _ any) bool { return name == "createdAt" || strings.HasSuffix(name, "edBy") })
		if diff := cmp.Diff(decode(t, text), got, stamped); diff != "" {
			t.Errorf("blueprint (-built-in +got):\n%s", diff)
		}
	}
	webhook := webhookOf(t, server)
	if webhook.Title != "Codecov Mapper" || webhook.Icon != "Git" || !webhook.Enabled || webhook.URL == "" || webhook.URL != report.Webhook.URL ||
		webhook.Description != "A webhook configuration to map Codecov coverage to Port" {
		t.Errorf("title %q, icon %q, enabled %t, url %q, description %q", webhook.Title, webhook.Icon, webhook.Enabled, webhook.URL, webhook.Description)
	}
	mapping, err := mapper.ParseMapping(webhook.Mappings)
	if diff := cmp.Diff(mapper.BuiltinMapping(), mapping, cmpopts.IgnoreFields(mapper.Entry{}, "Origin")); diff != "" || err != nil {
		t.Errorf("mapping (-built-in +got): %v\n%s", err, diff)
	}
}

func TestAgain(t *testing.T) {
	server := emulate(t)
	run(t, server, setup.Options{})
	for _, o := range []setup.Options{{}, {Update: true}, {DryRun: true}} {
		report := run(t, server, o)
		holds(t, report, "exists blueprint codecov_coverage", "exists blueprint codecov_commit_coverage", "exists webhook codecov_mapper")
		if len(report.Requests) > 0 || report.Webhook.URL == "" {
			t.Errorf("%+v: requests %v, url %q", o, report.Requests, report.Webhook.URL)
		}
	}
}

// followGuide makes Port as its guide has its users make it.
func followGuide(t *testing.T, server *fakeport.Server) {
	t.Helper()
	put(t, server, testdata(t, "port-blueprint.json"))
	createWebhook(t, server, `{"identifier":"codecov_mapper","title":"Codecov Mapper","icon":"Git","enabled":true,
		"description":"A webhook configuration to map Codecov coverage to Port","mappings":`+testdata(t, "port-webhook-mapping.json")+`}`)
}

func TestWhatTheGuideMakesIsLeftAlone(t *testing.T) {
	server := emulate(t)
	followGuide(t, server)
	blueprint, webhook := blueprintOf(t, server, current), webhookOf(t, server)
	report := run(t, server, setup.Options{})
	holds(t, report,
		"differs blueprint codecov_coverage: calculation property coveragePercent, aggregation property coverageLastMonth",
		"created blueprint codecov_commit_coverage",
		"differs webhook codecov_mapper: entry for codecov_commit_coverage")
	if diff := cmp.Diff(blueprint, blueprintOf(t, server, current)); diff != "" {
		t.Errorf("blueprint changed:\n%s", diff)
	}
	if after := webhookOf(t, server); string(after.Mappings) != string(webhook.Mappings) {
		t.Errorf("mapping changed to %s", after.Mappings)
	}
	for i, lines := range map[int][]string{
		0: {"--- in Port\n", "+++ built-in\n", `+    "coveragePercent": {`, ` "icon": "Git"`},
		2: {`-          "createdAt": ".body.head.timestamp | (strptime`, `+          "createdAt": ".body.head.timestamp | .[0:19] |`, `+      "blueprint": "codecov_commit_coverage",`},
	} {
		for _, line := range lines {
			if !strings.Contains(report.Steps[i].Diff, line) {
				t.Errorf("step %d: no %q in the diff:\n%s", i, line, report.Steps[i].Diff)
			}
		}
	}
	if minus := strings.Count(report.Steps[0].Diff, "\n-"); minus != 0 {
		t.Errorf("Port's blueprint has nothing of its own, but the diff says so %d times:\n%s", minus, report.Steps[0].Diff)
	}
}

func TestUpdateOfWhatTheGuideMakes(t *testing.T) {
	server := emulate(t)
	followGuide(t, server)
	dry := run(t, server, setup.Options{Update: true, DryRun: true})
	report := run(t, server, setup.Options{Update: true})
	if diff := cmp.Diff(dry.Requests, report.Requests); diff != "" {
		t.Errorf("requests (-dry run +run):\n%s", diff)
	}
	holds(t, report,
		"updated blueprint codecov_coverage: calculation property coveragePercent, aggregation property coverageLastMonth",
		"created blueprint codecov_commit_coverage",
		"updated webhook codecov_mapper: entry for codecov_commit_coverage")
	if !setup.LiveExtendsHistory(webhookOf(t, server)) {
		t.Error("live events do not extend the history")
	}
	// The user's own expression stays, and with it the difference.
	report = run(t, server, setup.Options{Update: true})
	holds(t, report, "exists blueprint codecov_coverage", "exists blueprint codecov_commit_coverage", "differs webhook codecov_mapper")
	if !strings.Contains(report.Steps[2].Diff, "createdAt") || strings.Contains(report.Steps[2].Diff, "committedAt") {
		t.Errorf("diff:\n%s", report.Steps[2].Diff)
	}
}

const ownCoverage = `{"identifier":"codecov_coverage","title":"Ours","icon":"Lock","description":"of us","ownership":{"type":"Direct"},
	"schema":{"required":["team"],"properties":{
		"team":{"type":"string","enum":["a","b"],"enumColors":{"a":"red"}},
		"coverage":{"type":"number","title":"Percent"},
		"coveragePercent":{"type":"number"}}},
	"calculationProperties":{"half":{"type":"number","calculation":".properties.coverage / 2"}},
	"aggregationProperties":{"many":{"title":"Many","target":"codecov_coverage","calculationSpec":{"calculationBy":"entities","func":"count"}}},
	"relations":{"self":{"target":"codecov_coverage","required":false,"many":true}}}`

const ownHistory = `{"identifier":"codecov_commit_coverage","title":"Commits","schema":{"properties":{"mine":{"type":"boolean"}}},
	"relations":{"other":{"target":"codecov_coverage","required":false,"many":false}}}`

const ownMapping = `[{"blueprint":"mine","entity":{"identifier":{"combinator":"and","rules":[{"property":"a","operator":"=","value":".body.a > 1"}]}}},
	{"blueprint":"codecov_coverage","itemsToParse":".body.items","entity":{"identifier":".item.name"}},
	{"blueprint":"codecov_commit_coverage","operation":{"type":"delete","deleteDependents":true},"entity":{"identifier":".body.gone"}}]`

func TestUpdateKeepsWhatIsTheUsers(t *testing.T) {
	server := emulate(t)
	put(t, server, ownCoverage)
	put(t, server, ownHistory)
	createWebhook(t, server, `{"identifier":"codecov_mapper","title":"Mine","enabled":false,"mappings":`+ownMapping+`}`)
	before := map[string]map[string]any{current: blueprintOf(t, server, current), history: blueprintOf(t, server, history)}

	report := run(t, server, setup.Options{Update: true})
	holds(t, report,
		"updated blueprint codecov_coverage: property author, property branch, property createdAt, property files, property lines, "+
			"property report, property repository, property service, aggregation property coverageLastMonth",
		"updated blueprint codecov_commit_coverage: property author, property branch, property commit, property committedAt, property coverage, "+
			"property files, property hits, property lines, property message, property misses, property partials, property url, relation repository",
		"updated webhook codecov_mapper: entry for codecov_commit_coverage")
	for identifier, was := range before {
		kept(t, identifier, was, blueprintOf(t, server, identifier))
	}
	webhook := webhookOf(t, server)
	var mapping, own []any
	if err := errors.Join(json.Unmarshal(webhook.Mappings, &mapping), json.Unmarshal([]byte(ownMapping), &own)); err != nil {
		t.Fatal(err)
	}
	if len(mapping) != 4 || webhook.Enabled || webhook.Title != "Mine" {
		t.Errorf("%d entries, enabled %t, title %q", len(mapping), webhook.Enabled, webhook.Title)
	}
	if diff := cmp.Diff(own, mapping[:3]); diff != "" {
		t.Errorf("own entries (-before +after):\n%s", diff)
	}
	// Each part that is added to is sent as a whole, in case that Port replaces it.
	patches := map[string]map[string]any{current: {}, history: {}}
	for _, request := range report.Requests {
		if identifier, ok := strings.CutPrefix(request.Path, "/v1/blueprints/"); ok {
			patches[identifier] = decode(t, request.Body)
		}
	}
	for identifier, was := range before {
		for part, patched := range patches[identifier] {
			kept(t, identifier+" patch of "+part, was[part], patched)
		}
	}
	holds(t, run(t, server, setup.Options{Update: true}),
		"differs blueprint codecov_coverage", "differs blueprint codecov_commit_coverage", "differs webhook codecov_mapper")
}

// kept checks that everything that was is still there, as it was.
func kept(t *testing.T, place string, was, is any) {
	t.Helper()
	object, ok := was.(map[string]any)
	now, stillObject := is.(map[string]any)
	if !ok || !stillObject {
		if diff := cmp.Diff(was, is); diff != "" {
			t.Errorf("%s (-before +after):\n%s", place, diff)
		}
		return
	}
	for name, value := range object {
		kept(t, place+"."+name, value, now[name])
	}
}

func TestDryRunOnAnEmptyPort(t *testing.T) {
	server := emulate(t)
	dry := run(t, server, setup.Options{DryRun: true})
	holds(t, dry, "created blueprint codecov_coverage", "created blueprint codecov_commit_coverage", "created webhook codecov_mapper")
	if len(server.Blueprints()) > 0 || dry.Webhook.URL != "" {
		t.Errorf("blueprints %v, url %q", server.Blueprints(), dry.Webhook.URL)
	}
	if diff := cmp.Diff(dry.Requests, run(t, server, setup.Options{}).Requests); diff != "" {
		t.Errorf("requests (-dry run +run):\n%s", diff)
	}
}

func TestWhatPortFillsInIsNoDifference(t *testing.T) {
	server := emulate(t)
	run(t, server, setup.Options{})
	client := connect(t, server)
	aggregations := mapper.BuiltinBlueprints()[0].AggregationProperties
	filled := strings.Replace(string(aggregations), `"title"`, `"type":"number","pathFilter":[],"title"`, 1)
	if err := client.Send(t.Context(), port.NewRequest(http.MethodPatch, json.RawMessage(`{"description":"","aggregationProperties":`+filled+`}`), "blueprints", current)); err != nil {
		t.Fatal(err)
	}
	mapping := strings.Replace(string(mapper.BuiltinMappingJSON()), `"filter": "true"`, `"operation":{"type":"create"}`, 1)
	updateWebhook(t, client, `{"mappings":`+mapping+`}`)
	report := run(t, server, setup.Options{})
	holds(t, report, "exists blueprint codecov_coverage", "exists blueprint codecov_commit_coverage", "exists webhook codecov_mapper")
}

func TestEveryAnswerLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := emulate(t)
		lost := 0
		for _, path := range []string{"/v1/blueprints", "/v1/blueprints", "/v1/blueprints/" + current, "/v1/webhooks"} {
			server.Faults.Add(faults.Fault{Effect: true, Status: http.StatusBadGateway, Match: func(r *http.Request) bool {
				return r.Method != http.MethodGet && r.URL.Path == path
			}})
			lost++
		}
		if _, err := setup.Run(t.Context(), setup.Options{Port: connect(t, server)}); err != nil {
			t.Fatal(err)
		}
		if server.Faults.Met() != lost {
			t.Errorf("%d answers lost", server.Faults.Met())
		}
		report, err := setup.Run(t.Context(), setup.Options{Port: connect(t, server)})
		if err != nil {
			t.Fatal(err)
		}
		holds(t, report, "exists blueprint codecov_coverage", "exists blueprint codecov_commit_coverage", "exists webhook codecov_mapper")
	})
}

func TestErrorsNameWhatWasDone(t *testing.T) {
	for name, test := range map[string]struct {
		method, path, want string
	}{
		"read blueprint":   {"GET", "/v1/blueprints/" + history, "read blueprint codecov_commit_coverage: "},
		"create blueprint": {"POST", "/v1/blueprints", "create blueprint codecov_coverage: "},
		"add aggregation":  {"PATCH", "/v1/blueprints/" + current, "add the aggregations of blueprint codecov_coverage: "},
		"read webhook":     {"GET", "/v1/webhooks/codecov_mapper", "read webhook codecov_mapper: "},
		"create webhook":   {"POST", "/v1/webhooks", "create webhook codecov_mapper: "},
	} {
		t.Run(name, func(t *testing.T) {
			server := emulate(t)
			server.Faults.Add(faults.Fault{
				Times: -1, Status: http.StatusForbidden, Body: `{"ok":false,"error":"forbidden","message":"not yours"}`,
				Match: func(r *http.Request) bool { return r.Method == test.method && r.URL.Path == test.path },
			})
			_, err := setup.Run(t.Context(), setup.Options{Port: connect(t, server)})
			if !errors.Is(err, port.ErrForbidden) || !strings.HasPrefix(err.Error(), test.want) || !strings.Contains(err.Error(), "not yours") {
				t.Errorf("error %v", err)
			}
		})
	}
}

func TestUnreadableMapping(t *testing.T) {
	for _, mappings := range []string{`[1]`, `{"a":1}`, `[{"blueprint":7}]`, `[{"blueprint":"a","operation":7}]`} {
		if setup.LiveExtendsHistory(port.Webhook{Enabled: true, Mappings: json.RawMessage(mappings)}) {
			t.Errorf("%s extends the history", mappings)
		}
	}
}

func TestLiveExtendsHistory(t *testing.T) {
	for name, test := range map[string]struct {
		enabled  bool
		mappings string
		want     bool
	}{
		"built-in":      {true, string(mapper.BuiltinMappingJSON()), true},
		"disabled":      {false, string(mapper.BuiltinMappingJSON()), false},
		"documented":    {true, testdata(t, "port-webhook-mapping.json"), false},
		"no mapping":    {true, ``, false},
		"null":          {true, `null`, false},
		"deletes":       {true, `[{"blueprint":"codecov_commit_coverage","operation":"delete","entity":{"identifier":".a"}}]`, false},
		"also deletes":  {true, `[{"blueprint":"codecov_commit_coverage","operation":{"type":"delete"},"entity":{"identifier":".a"}}]`, false},
		"creates":       {true, `[{"blueprint":"codecov_commit_coverage","operation":"create","entity":{"identifier":".a"}}]`, true},
		"with a search": {true, `[{"blueprint":"codecov_commit_coverage","entity":{"identifier":{"combinator":"and","rules":[]}}}]`, true},
	} {
		t.Run(name, func(t *testing.T) {
			if got := setup.LiveExtendsHistory(port.Webhook{Enabled: test.enabled, Mappings: json.RawMessage(test.mappings)}); got != test.want {
				t.Errorf("got %t", got)
			}
		})
	}
}

func TestHistoryBlueprintIsBuiltIn(t *testing.T) {
	if got := mapper.BuiltinBlueprints()[1].Identifier; got != mapper.HistoryBlueprint {
		t.Errorf("the second built-in blueprint is %s", got)
	}
}

func TestOverview(t *testing.T) {
	server := emulate(t)
	followGuide(t, server)
	missing := []string{"calculation property coveragePercent of blueprint codecov_coverage", "aggregation property coverageLastMonth of blueprint codecov_coverage"}
	entry := "entry for codecov_commit_coverage of webhook codecov_mapper"
	present := []string{"blueprint codecov_coverage", "blueprint codecov_commit_coverage", "webhook codecov_mapper"}
	for _, test := range []struct {
		options setup.Options
		want    setup.Overview
	}{
		{setup.Options{DryRun: true}, setup.Overview{Present: []string{present[0], present[2]}, Missing: append(missing[:2:2], present[1], entry), Next: "codecov-port setup"}},
		{setup.Options{DryRun: true, Update: true}, setup.Overview{Present: []string{present[0], present[2]}, Missing: append(missing[:2:2], present[1], entry), Next: "codecov-port setup --update"}},
		{setup.Options{}, setup.Overview{Present: []string{present[0], present[1] + " (created)", present[2]}, Missing: append(missing[:2:2], entry), Next: "codecov-port setup --update"}},
		{setup.Options{Update: true}, setup.Overview{Present: []string{present[0] + " (updated)", present[1], present[2] + " (updated)"}, Missing: []string{}, Next: "codecov-port sync"}},
		{setup.Options{}, setup.Overview{Present: present, Missing: []string{}, Next: "codecov-port sync"}},
	} {
		if diff := cmp.Diff(test.want, run(t, server, test.options).Overview(test.options)); diff != "" {
			t.Errorf("%+v (-want +got):\n%s", test.options, diff)
		}
	}
}
