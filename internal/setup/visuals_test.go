package setup_test

import (
	"bytes"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codecov-port/codecov-port/internal/backfill"
	"github.com/codecov-port/codecov-port/internal/fake/contract"
	"github.com/codecov-port/codecov-port/internal/fake/faults"
	fakeport "github.com/codecov-port/codecov-port/internal/fake/port"
	"github.com/codecov-port/codecov-port/internal/fake/recordings"
	"github.com/codecov-port/codecov-port/internal/setup"
	"github.com/codecov-port/codecov-port/pkg/codecov"
	"github.com/codecov-port/codecov-port/pkg/mapper"
	"github.com/codecov-port/codecov-port/pkg/port"
)

// everything are options for all that setup can make.
func everything(t *testing.T) setup.Options {
	t.Helper()
	return setup.Options{Scorecard: &setup.DefaultThresholds, Dashboard: true, Relate: []setup.Relation{relation(t, "service")}}
}

func relation(t *testing.T, text string) setup.Relation {
	t.Helper()
	r, err := setup.ParseRelation(text)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

const serviceBlueprint = `{"identifier":"service","title":"Service","schema":{"properties":{},"required":[]}}`

// visuals returns the scorecards and the page in Port.
func visuals(t *testing.T, server *fakeport.Server) []map[string]any {
	t.Helper()
	client := connect(t, server)
	var all []map[string]any
	documents, err := client.Read(t.Context(), "scorecards", "blueprints", current, "scorecards")
	if err == nil {
		unmarshal(t, documents, &all)
	}
	page, pageErr := client.Read(t.Context(), "page", "pages", "codecov_coverage_overview")
	if pageErr == nil {
		all = append(all, decode(t, page))
	}
	for _, err := range []error{err, pageErr} {
		if err != nil && !errors.Is(err, port.ErrNotFound) {
			t.Fatal(err)
		}
	}
	return all
}

// send changes something in Port as its users do.
func send(t *testing.T, server *fakeport.Server, request port.Request) {
	t.Helper()
	if err := connect(t, server).Send(t.Context(), request); err != nil {
		t.Fatal(err)
	}
}

func TestEverythingOnAGuidesPort(t *testing.T) {
	server := emulate(t)
	followGuide(t, server)
	put(t, server, serviceBlueprint)
	before := snapshot(t, server)
	guides := webhookOf(t, server)

	dry := everything(t)
	dry.DryRun = true
	planned := run(t, server, dry)
	declined := everything(t)
	declined.Confirm = func(*setup.Report) error { return errDeclined }
	declined.Port = connect(t, server)
	if report, err := setup.Run(t.Context(), declined); !errors.Is(err, errDeclined) || report.Sent || !cmp.Equal(before, snapshot(t, server)) {
		t.Error("a declined run changed Port")
	}
	report := run(t, server, everything(t))
	if diff := cmp.Diff(planned.Requests, report.Requests); diff != "" {
		t.Errorf("requests (-dry run +run):\n%s", diff)
	}
	holds(t, report,
		"updated blueprint codecov_coverage: calculation property coveragePercent, relation service, aggregation property coverageLastMonth",
		"created blueprint codecov_commit_coverage", "created relation service",
		"differs webhook codecov_mapper: entry for codecov_commit_coverage", "created scorecard test_coverage", "created page codecov_coverage_overview")
	if after := blueprintOf(t, server, current); len(after["aggregationProperties"].(map[string]any)) != 0 {
		t.Errorf("the aggregation property was added without --update")
	}
	if after := webhookOf(t, server); string(after.Mappings) != string(guides.Mappings) {
		t.Errorf("the webhook was changed to %s", after.Mappings)
	}
	again := run(t, server, everything(t))
	if len(again.Requests) != 0 {
		t.Errorf("second run: %+v", again.Requests)
	}
	holds(t, again,
		"differs blueprint codecov_coverage: aggregation property coverageLastMonth",
		"exists blueprint codecov_commit_coverage", "exists relation service",
		"differs webhook codecov_mapper: entry for codecov_commit_coverage", "exists scorecard test_coverage", "exists page codecov_coverage_overview")

	stricter := run(t, server, setup.Options{Scorecard: &setup.Thresholds{60, 75, 90}})
	if step := stricter.Steps[len(stricter.Steps)-1]; step.State != setup.Differs || !strings.Contains(step.Diff, "60") || len(stricter.Requests) != 0 {
		t.Errorf("with other thresholds: step %+v, requests %v", step, stricter.Requests)
	}
	removal, err := remove(t, server, nil)
	if err != nil || !removal.Removed {
		t.Fatalf("error %v, removal %+v", err, removal)
	}
	if diff := cmp.Diff([]string{"page codecov_coverage_overview", "scorecard test_coverage", "relation service of blueprint codecov_coverage",
		"calculation property coveragePercent of blueprint codecov_coverage"}, removal.Parts); diff != "" {
		t.Errorf("parts (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(before, snapshot(t, server)); diff != "" || len(visuals(t, server)) != 0 {
		t.Errorf("%d documents left, Port (-before setup +after removal):\n%s", len(visuals(t, server)), diff)
	}
}

// TestLiveRelationIsRemoved from the webhook's entry as if it had never been there.
func TestLiveRelationIsRemoved(t *testing.T) {
	server := emulate(t)
	followGuide(t, server)
	put(t, server, serviceBlueprint)
	before := snapshot(t, server)
	o := everything(t)
	o.RelateLive = true
	holds(t, run(t, server, o),
		"updated blueprint codecov_coverage: calculation property coveragePercent, relation service, aggregation property coverageLastMonth",
		"created blueprint codecov_commit_coverage", "created relation service",
		"updated webhook codecov_mapper: relation service in entry 1, entry for codecov_commit_coverage",
		"created scorecard test_coverage", "created page codecov_coverage_overview")
	removal, err := remove(t, server, nil)
	if err != nil || !slices.Contains(removal.Parts, "relation service in entry 1 of webhook codecov_mapper") {
		t.Fatalf("error %v, removal %+v", err, removal)
	}
	if diff := cmp.Diff(before, snapshot(t, server)); diff != "" {
		t.Errorf("Port (-before setup +after removal):\n%s", diff)
	}
	for _, request := range removal.Requests {
		if request.Method == http.MethodPut && bytes.Contains(request.Body, []byte("createdAt\":\"20")) {
			t.Errorf("PUT of what Port stamps: %s", request.Body)
		}
	}
}

func TestEverythingOnAnEmptyPort(t *testing.T) {
	server := emulate(t)
	put(t, server, serviceBlueprint)
	o := everything(t)
	o.RelateLive = true
	holds(t, run(t, server, o), "created blueprint codecov_coverage: relation service", "created blueprint codecov_commit_coverage", "created relation service",
		"created webhook codecov_mapper", "created scorecard test_coverage", "created page codecov_coverage_overview")
	entries, err := mapper.ParseMapping(webhookOf(t, server).Mappings)
	if err != nil || entries[0].Entity.Relations["service"] != ".body.repo.name" {
		t.Errorf("error %v, webhook %+v", err, entries)
	}
	if report := run(t, server, o); len(report.Requests) != 0 {
		t.Errorf("second run: %+v", report.Requests)
	}
	removal, err := remove(t, server, func(o *setup.RemoveOptions) { o.All = true })
	if err != nil || !removal.Removed || len(visuals(t, server)) != 0 || !cmp.Equal(server.Blueprints(), []string{"service"}) {
		t.Errorf("error %v, removal %+v, Port still has %v", err, removal, server.Blueprints())
	}
}

func TestThingsOfTheUsersStay(t *testing.T) {
	server := emulate(t)
	put(t, server, serviceBlueprint)
	run(t, server, setup.Options{})
	patchBlueprint(t, server, current, `{"relations":{"service":{"title":"Mine","target":"service","required":false,"many":true}}}`)
	send(t, server, port.NewRequest(http.MethodPost, ownScorecard("test_coverage"), "blueprints", current, "scorecards"))
	send(t, server, port.NewRequest(http.MethodPost, []byte(`{"identifier":"codecov_coverage_overview","title":"Mine","type":"dashboard","widgets":[{"id":"root","type":"dashboard-widget",
		"layout":[{"height":400,"columns":[{"id":"a","size":12}]}],"widgets":[{"id":"a","type":"table-entities-explorer","blueprint":"codecov_coverage"}]}]}`), "pages"))
	report := run(t, server, everything(t))
	if len(report.Requests) != 0 {
		t.Errorf("requests %+v, want none", report.Requests)
	}
	for _, step := range report.Steps {
		if want := map[setup.Kind]setup.State{setup.RelationKind: setup.Differs, setup.Scorecard: setup.Differs, setup.Page: setup.Differs}[step.Kind]; want != "" && (step.State != want || (step.State == setup.Differs) != (step.Diff != "")) {
			t.Errorf("step %+v, want %s", step, want)
		}
	}
	removal, err := remove(t, server, nil)
	if err != nil || len(visuals(t, server)) != 2 {
		t.Fatalf("error %v, %d documents left", err, len(visuals(t, server)))
	}
	if diff := cmp.Diff([]string{"page codecov_coverage_overview: it was changed", "scorecard test_coverage: it was changed",
		"calculation property coveragePercent of blueprint codecov_coverage: scorecard test_coverage uses it"}, removal.Kept); diff != "" {
		t.Errorf("kept (-want +got):\n%s", diff)
	}
	after := blueprintOf(t, server, current)
	if after["relations"].(map[string]any)["service"] == nil || after["calculationProperties"].(map[string]any)["coveragePercent"] == nil {
		t.Errorf("the blueprint became %v", after)
	}
}

// ownScorecard is a scorecard of the user's that needs coveragePercent.
func ownScorecard(identifier string) []byte {
	return []byte(`{"identifier":"` + identifier + `","title":"Mine","levels":[{"title":"Basic","color":"paleBlue"},{"title":"Gold","color":"gold"}],
		"rules":[{"identifier":"r","title":"R","level":"Gold","query":{"combinator":"and","conditions":[{"property":"coveragePercent","operator":">=","value":1}]}}]}`)
}

// TestPageWithAnotherWidgetStays: the user has added it.
func TestPageWithAnotherWidgetStays(t *testing.T) {
	server := emulate(t)
	run(t, server, setup.Options{Dashboard: true})
	body := visuals(t, server)[0]
	delete(body, "createdAt")
	root := body["widgets"].([]any)[0].(map[string]any)
	root["widgets"] = append(root["widgets"].([]any), map[string]any{"id": "mine", "type": "table-entities-explorer", "blueprint": current})
	root["layout"] = append(root["layout"].([]any), map[string]any{"height": 400, "columns": []any{map[string]any{"id": "mine", "size": 12}}})
	send(t, server, port.NewRequest(http.MethodDelete, nil, "pages", "codecov_coverage_overview"))
	send(t, server, port.NewRequest(http.MethodPost, marshal(t, body), "pages"))
	if removal, err := remove(t, server, nil); err != nil || len(visuals(t, server)) != 1 || !slices.Contains(removal.Kept, "page codecov_coverage_overview: it was changed") {
		t.Errorf("error %v, removal %+v", err, removal)
	}
}

func TestRemovalIsRefusedForScorecardsAndRelationsOfTheUsers(t *testing.T) {
	server := emulate(t)
	put(t, server, serviceBlueprint)
	o := everything(t)
	o.RelateLive = true
	run(t, server, o)
	send(t, server, port.NewRequest(http.MethodPost, ownScorecard("mine"), "blueprints", current, "scorecards"))
	mappings := strings.Replace(string(webhookOf(t, server).Mappings), `"service":".body.repo.name"`, `"service":"\"a\""`, 1)
	updateWebhook(t, connect(t, server), `{"mappings":`+mappings+`}`)
	_, err := remove(t, server, func(o *setup.RemoveOptions) { o.All = true })
	for _, want := range []string{"blueprint codecov_coverage has a scorecard mine that codecov-port hasn't made",
		"entry 1 of webhook codecov_mapper sets relation service by an expression of its own"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %s", err, want)
		}
	}
}

// TestRefusedPage: Port's API for pages is in beta, so a refusal doesn't fail the rest.
func TestRefusedPage(t *testing.T) {
	server := emulate(t)
	server.Faults.Add(faults.Fault{Status: http.StatusUnprocessableEntity, Body: `{"ok":false,"error":"invalid_request","message":"no such widget"}`,
		Match: func(r *http.Request) bool { return r.Method == http.MethodPost && r.URL.Path == "/v1/pages" }})
	report := run(t, server, setup.Options{Dashboard: true, Scorecard: &setup.DefaultThresholds})
	step := report.Steps[len(report.Steps)-1]
	if step.Kind != setup.Page || step.State != setup.Refused || !strings.Contains(step.Error, "no such widget") || len(visuals(t, server)) != 1 {
		t.Errorf("step %+v, scorecards %v", step, visuals(t, server))
	}
	if missing := report.Overview(setup.Options{}).Missing; !slices.Contains(missing, "page codecov_coverage_overview") {
		t.Errorf("missing %v", missing)
	}
}

func TestRelationToAMissingBlueprint(t *testing.T) {
	_, err := setup.Run(t.Context(), setup.Options{Port: connect(t, emulate(t)), Relate: []setup.Relation{relation(t, "service")}})
	missing := (*backfill.NoMatchError)(nil)
	if !errors.As(err, &missing) || missing.Value != "service" {
		t.Errorf("error %v", err)
	}
}

// TestSyncRelates: a sync finds the expression in Port alone.
func TestSyncRelates(t *testing.T) {
	server := emulate(t)
	put(t, server, serviceBlueprint)
	run(t, server, setup.Options{Relate: []setup.Relation{relation(t, `service=.body.repo.name + "-svc"`)}})
	blueprint, err := connect(t, server).Blueprint(t.Context(), current)
	if err != nil {
		t.Fatal(err)
	}
	mapping, err := mapper.Compile(mapper.AddRelations(mapper.BuiltinMapping(), blueprint), mapper.Options{Now: recordings.Now()})
	if err != nil || !mapping.NamesAsBuiltin() {
		t.Fatalf("error %v, want a mapping that names entities like the built-in one", err)
	}
	source, _ := accountWithout(t, "monolith")
	for _, name := range mustList(t, source) {
		putEntity(t, server, "service", fakeport.Entity{Identifier: name + "-svc"})
	}
	syncAccount(t, source, connect(t, server), mapping)
	entity, _ := server.Entity(current, "monolith")
	if entity.Relations["service"] != "monolith-svc" {
		t.Errorf("monolith relates to %v", entity.Relations)
	}
}

// TestLiveEventsHaveTheSameRelation by the mapping that --relate-live has made.
func TestLiveEventsHaveTheSameRelation(t *testing.T) {
	server := emulate(t)
	followGuide(t, server)
	put(t, server, serviceBlueprint)
	putEntity(t, server, "service", fakeport.Entity{Identifier: "monolith-svc"})
	run(t, server, setup.Options{Update: true, RelateLive: true, Relate: []setup.Relation{relation(t, `service=.body.repo.name + "-svc"`)}})
	_, newest := accountWithout(t, "monolith")
	live(t, connect(t, server), mappingOf(t, server).Live(), payloadOf(t, newest))
	if entity, _ := server.Entity(current, "monolith"); entity.Relations["service"] != "monolith-svc" {
		t.Errorf("monolith relates to %v", entity.Relations)
	}
}

// mustList returns the names of the account's repositories.
func mustList(t *testing.T, source http.Handler) (names []string) {
	t.Helper()
	for r, err := range clientOf(t, source).Repositories(t.Context(), "acme", codecov.RepositoriesOptions{}) {
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, r.Name)
	}
	return names
}

func TestParseRelation(t *testing.T) {
	for text, want := range map[string]setup.Relation{
		"service":                     {Blueprint: "service", Identifier: ".body.repo.name"},
		" service = .body.repo.name ": {Blueprint: "service", Identifier: ".body.repo.name"},
		`a=.body.repo | .name == "b"`: {Blueprint: "a", Identifier: `.body.repo | .name == "b"`},
	} {
		if got, err := setup.ParseRelation(text); err != nil || got != want {
			t.Errorf("ParseRelation(%q) = %+v, %v, want %+v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "=a", "service=", "service=.body |", "service=nonesuch"} {
		if got, err := setup.ParseRelation(text); err == nil {
			t.Errorf("ParseRelation(%q) = %+v, want an error", text, got)
		}
	}
}

func TestParseThresholds(t *testing.T) {
	if got, err := setup.ParseThresholds("60, 75.5,100"); err != nil || got != (setup.Thresholds{60, 75.5, 100}) {
		t.Errorf("got %v, %v", got, err)
	}
	for _, text := range []string{"", "60", "60,75", "60,75,90,95", "60,50,90", "0,50,60", "60,75,101", "a,b,c", "NaN,NaN,NaN"} {
		if got, err := setup.ParseThresholds(text); err == nil {
			t.Errorf("ParseThresholds(%q) = %v, want an error", text, got)
		}
	}
}

// TestBodies: the scorecard is valid by Port's contract, and the page by the rules of Port's docs, which the fake Port checks.
func TestBodies(t *testing.T) {
	server := emulate(t)
	report := run(t, server, setup.Options{Scorecard: &setup.Thresholds{60, 75.5, 90}, Dashboard: true})
	for _, request := range report.Requests {
		body := request.Body
		switch {
		case strings.HasSuffix(request.Path, "/scorecards"):
			if err := contract.CheckBody("POST /v1/blueprints/{blueprint_identifier}/scorecards", decode(t, body)); err != nil {
				t.Errorf("scorecard: %v", err)
			}
			if !bytes.Contains(body, []byte("75.5")) || !bytes.Contains(body, []byte("Coverage is at least 60%")) {
				t.Errorf("scorecard without the thresholds: %s", body)
			}
		case request.Path == "/v1/pages":
			if !bytes.Contains(body, []byte(`"value":60`)) {
				t.Errorf("page without the lowest threshold: %s", body)
			}
		}
	}
}
