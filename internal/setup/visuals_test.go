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
	fakeport "github.com/codecov-port/codecov-port/internal/fake/port"
	"github.com/codecov-port/codecov-port/internal/fake/recordings"
	"github.com/codecov-port/codecov-port/internal/setup"
	"github.com/codecov-port/codecov-port/pkg/codecov"
	"github.com/codecov-port/codecov-port/pkg/mapper"
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

// runOn runs setup on an extended Port, and compares the reported requests with those that arrived.
func runOn(t *testing.T, port *extended, o setup.Options) *setup.Report {
	t.Helper()
	port.changes = nil
	o.Port = connect(t, port)
	report, err := setup.Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, request := range report.Requests {
		if report.Sent {
			want = append(want, request.Method+" "+request.Path)
		}
	}
	if diff := cmp.Diff(want, port.changes); diff != "" {
		t.Errorf("requests (-reported +sent):\n%s", diff)
	}
	return report
}

func TestEverythingOnAGuidesPort(t *testing.T) {
	port := &extended{Server: emulate(t)}
	followGuide(t, port.Server)
	put(t, port.Server, serviceBlueprint)
	before := snapshot(t, port.Server)
	guides := webhookOf(t, port.Server)

	dry := everything(t)
	dry.DryRun = true
	planned := runOn(t, port, dry)
	declined := everything(t)
	declined.Confirm = func(*setup.Report) error { return errDeclined }
	declined.Port = connect(t, port)
	if report, err := setup.Run(t.Context(), declined); !errors.Is(err, errDeclined) || report.Sent || !cmp.Equal(before, snapshot(t, port.Server)) {
		t.Error("a declined run changed Port")
	}
	report := runOn(t, port, everything(t))
	if diff := cmp.Diff(planned.Requests, report.Requests); diff != "" {
		t.Errorf("requests (-dry run +run):\n%s", diff)
	}
	holds(t, report,
		"updated blueprint codecov_coverage: calculation property coveragePercent, relation service, aggregation property coverageLastMonth",
		"created blueprint codecov_commit_coverage", "created relation service",
		"differs webhook codecov_mapper: entry for codecov_commit_coverage", "created scorecard test_coverage", "created page codecov_coverage_overview")
	if after := blueprintOf(t, port.Server, current); len(after["aggregationProperties"].(map[string]any)) != 0 {
		t.Errorf("the aggregation property was added without --update")
	}
	if after := webhookOf(t, port.Server); string(after.Mappings) != string(guides.Mappings) {
		t.Errorf("the webhook was changed to %s", after.Mappings)
	}
	again := runOn(t, port, everything(t))
	if len(again.Requests) != 0 {
		t.Errorf("second run: %+v", again.Requests)
	}
	holds(t, again,
		"differs blueprint codecov_coverage: aggregation property coverageLastMonth",
		"exists blueprint codecov_commit_coverage", "exists relation service",
		"differs webhook codecov_mapper: entry for codecov_commit_coverage", "exists scorecard test_coverage", "exists page codecov_coverage_overview")

	stricter := runOn(t, port, setup.Options{Scorecard: &setup.Thresholds{60, 75, 90}})
	if step := stricter.Steps[len(stricter.Steps)-1]; step.State != setup.Differs || !strings.Contains(step.Diff, "60") || len(stricter.Requests) != 0 {
		t.Errorf("with other thresholds: step %+v, requests %v", step, stricter.Requests)
	}
	removal, err := removeFrom(t, port, nil)
	if err != nil || !removal.Removed {
		t.Fatalf("error %v, removal %+v", err, removal)
	}
	if diff := cmp.Diff([]string{"page codecov_coverage_overview", "scorecard test_coverage", "relation service of blueprint codecov_coverage",
		"calculation property coveragePercent of blueprint codecov_coverage"}, removal.Parts); diff != "" {
		t.Errorf("parts (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(before, snapshot(t, port.Server)); diff != "" || len(port.documents) != 0 {
		t.Errorf("%d documents left, Port (-before setup +after removal):\n%s", len(port.documents), diff)
	}
}

// TestLiveRelationIsRemoved from the webhook's entry as if it had never been there.
func TestLiveRelationIsRemoved(t *testing.T) {
	port := &extended{Server: emulate(t)}
	followGuide(t, port.Server)
	put(t, port.Server, serviceBlueprint)
	before := snapshot(t, port.Server)
	o := everything(t)
	o.RelateLive = true
	holds(t, runOn(t, port, o),
		"updated blueprint codecov_coverage: calculation property coveragePercent, relation service, aggregation property coverageLastMonth",
		"created blueprint codecov_commit_coverage", "created relation service",
		"updated webhook codecov_mapper: relation service in entry 1, entry for codecov_commit_coverage",
		"created scorecard test_coverage", "created page codecov_coverage_overview")
	removal, err := removeFrom(t, port, nil)
	if err != nil || !slices.Contains(removal.Parts, "relation service in entry 1 of webhook codecov_mapper") {
		t.Fatalf("error %v, removal %+v", err, removal)
	}
	if diff := cmp.Diff(before, snapshot(t, port.Server)); diff != "" {
		t.Errorf("Port (-before setup +after removal):\n%s", diff)
	}
	for _, request := range removal.Requests {
		if request.Method == http.MethodPut && bytes.Contains(request.Body, []byte("createdAt\":\"20")) {
			t.Errorf("PUT of what Port stamps: %s", request.Body)
		}
	}
}

func TestEverythingOnAnEmptyPort(t *testing.T) {
	port := &extended{Server: emulate(t)}
	put(t, port.Server, serviceBlueprint)
	o := everything(t)
	o.RelateLive = true
	holds(t, runOn(t, port, o), "created blueprint codecov_coverage: relation service", "created blueprint codecov_commit_coverage", "created relation service",
		"created webhook codecov_mapper", "created scorecard test_coverage", "created page codecov_coverage_overview")
	entries, err := mapper.ParseMapping(webhookOf(t, port.Server).Mappings)
	if err != nil || entries[0].Entity.Relations["service"] != ".body.repo.name" {
		t.Errorf("error %v, webhook %+v", err, entries)
	}
	if report := runOn(t, port, o); len(report.Requests) != 0 {
		t.Errorf("second run: %+v", report.Requests)
	}
	removal, err := removeFrom(t, port, func(o *setup.RemoveOptions) { o.All = true })
	if err != nil || !removal.Removed || len(port.documents) != 0 || !cmp.Equal(port.Server.Blueprints(), []string{"service"}) {
		t.Errorf("error %v, removal %+v, Port still has %v", err, removal, port.Server.Blueprints())
	}
}

func TestThingsOfTheUsersStay(t *testing.T) {
	port := &extended{Server: emulate(t)}
	put(t, port.Server, serviceBlueprint)
	runOn(t, port, setup.Options{})
	patchBlueprint(t, port.Server, current, `{"relations":{"service":{"title":"Mine","target":"service","required":false,"many":true}}}`)
	port.documents = []document{
		{"/v1/blueprints/codecov_coverage/scorecards/test_coverage", map[string]any{"identifier": "test_coverage", "title": "Mine", "rules": []any{map[string]any{"property": "coveragePercent"}}}},
		{"/v1/pages/codecov_coverage_overview", map[string]any{"identifier": "codecov_coverage_overview", "title": "Mine"}},
	}
	report := runOn(t, port, everything(t))
	if len(report.Requests) != 0 {
		t.Errorf("requests %+v, want none", report.Requests)
	}
	for _, step := range report.Steps {
		if want := map[setup.Kind]setup.State{setup.RelationKind: setup.Differs, setup.Scorecard: setup.Differs, setup.Page: setup.Differs}[step.Kind]; want != "" && (step.State != want || (step.State == setup.Differs) != (step.Diff != "")) {
			t.Errorf("step %+v, want %s", step, want)
		}
	}
	removal, err := removeFrom(t, port, nil)
	if err != nil || len(port.documents) != 2 {
		t.Fatalf("error %v, %d documents left", err, len(port.documents))
	}
	if diff := cmp.Diff([]string{"page codecov_coverage_overview: it was changed", "scorecard test_coverage: it was changed",
		"calculation property coveragePercent of blueprint codecov_coverage: scorecard test_coverage uses it"}, removal.Kept); diff != "" {
		t.Errorf("kept (-want +got):\n%s", diff)
	}
	after := blueprintOf(t, port.Server, current)
	if after["relations"].(map[string]any)["service"] == nil || after["calculationProperties"].(map[string]any)["coveragePercent"] == nil {
		t.Errorf("the blueprint became %v", after)
	}
}

// TestPageWithAnotherWidgetStays: the user has added it.
func TestPageWithAnotherWidgetStays(t *testing.T) {
	port := &extended{Server: emulate(t)}
	runOn(t, port, setup.Options{Dashboard: true})
	root := port.documents[0].body["widgets"].([]any)[0].(map[string]any)
	root["widgets"] = append(root["widgets"].([]any), map[string]any{"id": "mine"})
	if removal, err := removeFrom(t, port, nil); err != nil || len(port.documents) != 1 || !slices.Contains(removal.Kept, "page codecov_coverage_overview: it was changed") {
		t.Errorf("error %v, removal %+v", err, removal)
	}
}

func TestRemovalIsRefusedForScorecardsAndRelationsOfTheUsers(t *testing.T) {
	port := &extended{Server: emulate(t)}
	put(t, port.Server, serviceBlueprint)
	o := everything(t)
	o.RelateLive = true
	runOn(t, port, o)
	port.documents = append(port.documents, document{"/v1/blueprints/codecov_coverage/scorecards/mine", map[string]any{"identifier": "mine"}})
	mappings := strings.Replace(string(webhookOf(t, port.Server).Mappings), `"service":".body.repo.name"`, `"service":"\"a\""`, 1)
	updateWebhook(t, connect(t, port), `{"mappings":`+mappings+`}`)
	_, err := removeFrom(t, port, func(o *setup.RemoveOptions) { o.All = true })
	for _, want := range []string{"blueprint codecov_coverage has a scorecard mine that codecov-port hasn't made",
		"entry 1 of webhook codecov_mapper sets relation service by an expression of its own"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %s", err, want)
		}
	}
}

// TestRefusedPage: Port's API for pages is in beta, so a refusal doesn't fail the rest.
func TestRefusedPage(t *testing.T) {
	port := &extended{Server: emulate(t), refuse: "/v1/pages"}
	report := runOn(t, port, setup.Options{Dashboard: true, Scorecard: &setup.DefaultThresholds})
	step := report.Steps[len(report.Steps)-1]
	if step.Kind != setup.Page || step.State != setup.Refused || !strings.Contains(step.Error, "no such widget") || len(port.documents) != 1 {
		t.Errorf("step %+v, documents %v", step, port.documents)
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
	port := &extended{Server: emulate(t)}
	put(t, port.Server, serviceBlueprint)
	runOn(t, port, setup.Options{Relate: []setup.Relation{relation(t, `service=.body.repo.name + "-svc"`)}})
	blueprint, err := connect(t, port).Blueprint(t.Context(), current)
	if err != nil {
		t.Fatal(err)
	}
	mapping, err := mapper.Compile(mapper.AddRelations(mapper.BuiltinMapping(), blueprint), mapper.Options{Now: recordings.Now()})
	if err != nil || !mapping.NamesAsBuiltin() {
		t.Fatalf("error %v, want a mapping that names entities like the built-in one", err)
	}
	source, _ := accountWithout(t, "monolith")
	for _, name := range mustList(t, source) {
		putEntity(t, port.Server, "service", fakeport.Entity{Identifier: name + "-svc"})
	}
	syncAccount(t, source, connect(t, port.Server), mapping)
	entity, _ := port.Server.Entity(current, "monolith")
	if entity.Relations["service"] != "monolith-svc" {
		t.Errorf("monolith relates to %v", entity.Relations)
	}
}

// TestLiveEventsHaveTheSameRelation by the mapping that --relate-live has made.
func TestLiveEventsHaveTheSameRelation(t *testing.T) {
	port := &extended{Server: emulate(t)}
	followGuide(t, port.Server)
	put(t, port.Server, serviceBlueprint)
	putEntity(t, port.Server, "service", fakeport.Entity{Identifier: "monolith-svc"})
	runOn(t, port, setup.Options{Update: true, RelateLive: true, Relate: []setup.Relation{relation(t, `service=.body.repo.name + "-svc"`)}})
	_, newest := accountWithout(t, "monolith")
	live(t, connect(t, port.Server), mappingOf(t, port.Server).Live(), payloadOf(t, newest))
	if entity, _ := port.Server.Entity(current, "monolith"); entity.Relations["service"] != "monolith-svc" {
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

// TestBodies: the scorecard is valid by Port's contract, and the page by the rules that Port's docs name.
func TestBodies(t *testing.T) {
	port := &extended{Server: emulate(t)}
	report := runOn(t, port, setup.Options{Scorecard: &setup.Thresholds{60, 75.5, 90}, Dashboard: true})
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
			checkPage(t, decode(t, body), knownNames(t))
			if !bytes.Contains(body, []byte(`"value":60`)) {
				t.Errorf("page without the lowest threshold: %s", body)
			}
		}
	}
}

// knownNames returns what widgets may name of the built-in blueprints.
func knownNames(t *testing.T) map[string][]string {
	t.Helper()
	names := map[string][]string{}
	for _, b := range mapper.BuiltinBlueprints() {
		for name := range b.Schema.Properties {
			names[b.Identifier] = append(names[b.Identifier], name)
		}
		for name := range decode(t, b.CalculationProperties) {
			names[b.Identifier] = append(names[b.Identifier], name)
		}
	}
	return names
}

// checkPage checks the rules for layout, and that widgets only name known blueprints and properties.
func checkPage(t *testing.T, page map[string]any, known map[string][]string) {
	t.Helper()
	roots, _ := page["widgets"].([]any)
	if page["type"] != "dashboard" || len(roots) != 1 {
		t.Fatalf("type %v with %d root widgets", page["type"], len(roots))
	}
	root := roots[0].(map[string]any)
	var placed, present []string
	for _, row := range root["layout"].([]any) {
		row := row.(map[string]any)
		columns, sum := row["columns"].([]any), 0.0
		for _, column := range columns {
			column := column.(map[string]any)
			size := column["size"].(float64)
			if size < 3 || size > 12 {
				t.Errorf("column %v has size %g", column["id"], size)
			}
			sum += size
			placed = append(placed, column["id"].(string))
		}
		if row["height"].(float64) < 400 || len(columns) > 4 || sum != 12 {
			t.Errorf("row of height %v with %d columns of size %g", row["height"], len(columns), sum)
		}
	}
	for _, widget := range root["widgets"].([]any) {
		widget := widget.(map[string]any)
		present = append(present, widget["id"].(string))
		checkWidget(t, widget, known)
	}
	if diff := cmp.Diff(slices.Sorted(slices.Values(placed)), slices.Sorted(slices.Values(present))); diff != "" {
		t.Errorf("widgets (-in the layout +defined):\n%s", diff)
	}
}

func checkWidget(t *testing.T, widget map[string]any, known map[string][]string) {
	t.Helper()
	lines, _ := widget["lines"].([]any)
	if len(lines) == 0 {
		lines = []any{widget}
	}
	for _, line := range lines {
		line := line.(map[string]any)
		blueprint, _ := line["blueprint"].(string)
		var used []string
		for _, field := range []string{"property", "measureTimeBy"} {
			if name, ok := line[field].(string); ok {
				used = append(used, name)
			}
		}
		properties, _ := line["properties"].([]any)
		for _, property := range properties {
			used = append(used, strings.TrimPrefix(property.(string), "properties."))
		}
		dataset, _ := line["dataset"].(map[string]any)
		rules, _ := dataset["rules"].([]any)
		for _, rule := range rules {
			used = append(used, rule.(map[string]any)["property"].(string))
		}
		if known[blueprint] == nil {
			t.Errorf("widget %v names blueprint %q", widget["id"], blueprint)
		}
		for _, name := range used {
			if !slices.Contains(known[blueprint], name) {
				t.Errorf("widget %v names property %s, which %s doesn't have", widget["id"], name, blueprint)
			}
		}
	}
}
