package setup_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/codecov-port/codecov-port/internal/backfill"
	"github.com/codecov-port/codecov-port/internal/fake/faults"
	fakeport "github.com/codecov-port/codecov-port/internal/fake/port"
	"github.com/codecov-port/codecov-port/internal/setup"
	"github.com/codecov-port/codecov-port/pkg/mapper"
	"github.com/codecov-port/codecov-port/pkg/port"
)

// snapshot is everything in Port that a removal could touch, without times.
func snapshot(t *testing.T, server *fakeport.Server) map[string]any {
	t.Helper()
	all := map[string]any{}
	for _, identifier := range server.Blueprints() {
		all[identifier] = blueprintOf(t, server, identifier)
		all[identifier+" entities"] = server.Count(identifier)
	}
	if webhook, err := connect(t, server).Webhook(t.Context(), mapper.WebhookIdentifier); err == nil {
		var mappings any
		if err := json.Unmarshal(webhook.Mappings, &mappings); err != nil {
			t.Fatal(err)
		}
		all["webhook"] = mappings
	}
	if found := visuals(t, server); len(found) > 0 {
		all["visuals"] = found
	}
	return all
}

// synced puts entities of an account into Port as a sync does.
func synced(t *testing.T, server *fakeport.Server, owner string, commits int) {
	t.Helper()
	page := appURL + "/gh/" + owner + "/app"
	putEntity(t, server, current, fakeport.Entity{Identifier: owner + "-app", Properties: map[string]any{"repository": page}})
	for i := range commits {
		putEntity(t, server, history, fakeport.Entity{Identifier: fmt.Sprintf("%s-app@%d", owner, i), Properties: map[string]any{"url": fmt.Sprintf("%s/commit/%d", page, i)}})
	}
}

func putEntity(t *testing.T, server *fakeport.Server, blueprint string, entity fakeport.Entity) {
	t.Helper()
	if err := server.PutEntity(blueprint, entity); err != nil {
		t.Fatal(err)
	}
}

// remove removes what setup has made for acme, and checks that the reported requests arrived, each at least once.
func remove(t *testing.T, server *fakeport.Server, change func(*setup.RemoveOptions)) (*setup.Removal, error) {
	t.Helper()
	server.ResetCounts()
	o := setup.RemoveOptions{
		Port: connect(t, server), Site: backfill.Site{AppURL: appURL, Service: "github", Owners: []string{"acme"}}, Confirm: func(*setup.Removal) error { return nil },
	}
	if change != nil {
		change(&o)
	}
	removal, err := setup.Remove(t.Context(), o)
	if err == nil && removal.Removed {
		sent := slices.CompactFunc(arrived(server), func(a, b port.Request) bool { return a.Method == b.Method && a.Path == b.Path })
		if diff := cmp.Diff(removal.Requests, sent, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("requests (-reported +sent):\n%s", diff)
		}
	}
	return removal, err
}

var errDeclined = errors.New("declined")

func TestRemoveAfterTheGuide(t *testing.T) {
	server := emulate(t)
	followGuide(t, server)
	putEntity(t, server, current, fakeport.Entity{Identifier: "live"})
	before := snapshot(t, server)
	run(t, server, setup.Options{Update: true})
	for i := range 3 {
		putEntity(t, server, history, fakeport.Entity{Identifier: fmt.Sprint("app@", i), Properties: map[string]any{"url": appURL + "/gh/ACME/app/commit/1"}})
	}
	updated := snapshot(t, server)
	want := setup.Removal{
		Blueprints: []setup.RemovedBlueprint{{Identifier: history, Entities: 3, Accounts: map[string]int{"gh/ACME": 3}}},
		Parts: []string{"entry for codecov_commit_coverage of webhook codecov_mapper",
			"calculation property coveragePercent of blueprint codecov_coverage", "aggregation property coverageLastMonth of blueprint codecov_coverage"},
	}
	for name, change := range map[string]func(*setup.RemoveOptions){
		"dry run":       func(o *setup.RemoveOptions) { o.DryRun = true },
		"declined":      func(o *setup.RemoveOptions) { o.Confirm = func(*setup.Removal) error { return errDeclined } },
		"nobody to ask": func(o *setup.RemoveOptions) { o.Confirm = nil },
	} {
		removal, err := remove(t, server, change)
		if err != nil && !errors.Is(err, errDeclined) {
			t.Fatal(err)
		}
		requests := removal.Requests
		removal.Requests = nil
		if diff := cmp.Diff(want, *removal, cmpopts.EquateEmpty()); diff != "" || len(requests) != 3 {
			t.Errorf("%s: %d requests, removal (-want +got):\n%s", name, len(requests), diff)
		}
		if diff := cmp.Diff(updated, snapshot(t, server)); diff != "" {
			t.Errorf("%s changed Port (-before +after):\n%s", name, diff)
		}
	}
	removal, err := remove(t, server, nil)
	if err != nil || !removal.Removed {
		t.Fatalf("error %v, removal %+v", err, removal)
	}
	if diff := cmp.Diff(before, snapshot(t, server)); diff != "" {
		t.Errorf("Port (-before setup +after removal):\n%s", diff)
	}
	if removal, err := remove(t, server, nil); err != nil || len(removal.Requests) != 0 || removal.Removed {
		t.Errorf("second removal: error %v, %+v", err, removal)
	}
}

func TestRemoveAllFromAnEmptyPort(t *testing.T) {
	server := emulate(t)
	run(t, server, setup.Options{})
	synced(t, server, "acme", 2)
	synced(t, server, "globex", 1)
	removal, err := remove(t, server, func(o *setup.RemoveOptions) { o.All = true })
	if err != nil || !removal.Removed {
		t.Fatalf("error %v, removal %+v", err, removal)
	}
	if diff := cmp.Diff([]setup.RemovedBlueprint{
		{Identifier: history, Entities: 3, Accounts: map[string]int{"gh/acme": 2, "gh/globex": 1}},
		{Identifier: current, Entities: 2, Accounts: map[string]int{"gh/acme": 1, "gh/globex": 1}},
	}, removal.Blueprints); diff != "" {
		t.Errorf("blueprints (-want +got):\n%s", diff)
	}
	if left := snapshot(t, server); len(left) != 0 {
		t.Errorf("Port still has %v", left)
	}
}

// TestRemoveWithoutAll keeps the repositories and their entry in the webhook.
func TestRemoveWithoutAll(t *testing.T) {
	server := emulate(t)
	run(t, server, setup.Options{})
	if removal, err := remove(t, server, nil); err != nil || !removal.Removed {
		t.Fatalf("error %v, removal %+v", err, removal)
	}
	entries, err := mapper.ParseMapping(webhookOf(t, server).Mappings)
	if err != nil || len(entries) != 1 || entries[0].Blueprint != current || !cmp.Equal(server.Blueprints(), []string{current}) {
		t.Errorf("error %v, webhook %+v, blueprints %v", err, entries, server.Blueprints())
	}
}

func TestRemoveKeepsWhatIsTheUsers(t *testing.T) {
	server := emulate(t)
	put(t, server, ownCoverage)
	createWebhook(t, server, `{"identifier":"codecov_mapper","title":"Mine","enabled":false,"mappings":`+strings.Replace(ownMapping, "codecov_commit_coverage", "other", 1)+`}`)
	before := snapshot(t, server)
	run(t, server, setup.Options{Update: true})
	kept := blueprintOf(t, server, current) // with documented properties that may be the user's own by now
	removal, err := remove(t, server, func(o *setup.RemoveOptions) { o.All = true })
	if err != nil || !removal.Removed {
		t.Fatalf("error %v, removal %+v", err, removal)
	}
	if diff := cmp.Diff([]string{"blueprint codecov_coverage: it differs from the built-in"}, removal.Kept); diff != "" {
		t.Errorf("kept (-want +got):\n%s", diff)
	}
	delete(kept["aggregationProperties"].(map[string]any), "coverageLastMonth")
	before[current] = kept
	if diff := cmp.Diff(before, snapshot(t, server)); diff != "" {
		t.Errorf("Port (-want +got):\n%s", diff)
	}
}

func TestRemoveRefusals(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*testing.T, *fakeport.Server)
		all    bool
		want   string
	}{
		"another account": {func(t *testing.T, s *fakeport.Server) { synced(t, s, "globex", 2) }, false,
			"blueprint codecov_commit_coverage has entities of other accounts (gh/globex: 2); --all removes them, too"},
		"entities without an address": {func(t *testing.T, s *fakeport.Server) { putEntity(t, s, history, fakeport.Entity{Identifier: "mine"}) }, false,
			"blueprint codecov_commit_coverage has entities of other accounts (unknown: 1); --all removes them, too"},
		"a property of the user's": {func(t *testing.T, s *fakeport.Server) {
			patchBlueprint(t, s, history, `{"schema":{"properties":{"mine":{"type":"string"}}}}`)
		}, true, "blueprint codecov_commit_coverage has a property mine that codecov-port hasn't made"},
		"a mirror property of the user's": {func(t *testing.T, s *fakeport.Server) {
			patchBlueprint(t, s, history, `{"mirrorProperties":{"branchOfRepository":{"path":"repository.branch"}}}`)
		}, true, "blueprint codecov_commit_coverage has a mirror property branchOfRepository that codecov-port hasn't made"},
		"a relation to the history": {func(t *testing.T, s *fakeport.Server) {
			put(t, s, `{"identifier":"release","title":"Release","schema":{"properties":{},"required":[]},"relations":{"built":{"target":"codecov_commit_coverage","required":false,"many":false}}}`)
		}, true, "relation built of blueprint release points to codecov_commit_coverage"},
		"a relation to the repositories": {func(t *testing.T, s *fakeport.Server) {
			put(t, s, `{"identifier":"service","title":"Service","schema":{"properties":{},"required":[]},"relations":{"coverage":{"target":"codecov_coverage","required":false,"many":false}}}`)
		}, true, "relation coverage of blueprint service points to codecov_coverage"},
		"an aggregation of the history": {func(t *testing.T, s *fakeport.Server) {
			patchBlueprint(t, s, current, `{"aggregationProperties":{"commits":{"title":"Commits","target":"codecov_commit_coverage","calculationSpec":{"calculationBy":"entities","func":"count"}}}}`)
		}, false, "aggregation property commits of blueprint codecov_coverage points to codecov_commit_coverage"},
		"a changed aggregation of ours": {func(t *testing.T, s *fakeport.Server) {
			patchBlueprint(t, s, current, `{"aggregationProperties":{"coverageLastMonth":{"title":"Mine","target":"codecov_commit_coverage","calculationSpec":{"calculationBy":"property","func":"average","averageOf":"total","property":"coverage"}}}}`)
		}, false, "aggregation property coverageLastMonth of blueprint codecov_coverage points to codecov_commit_coverage"},
		"a changed entry": {func(t *testing.T, s *fakeport.Server) {
			mappings := strings.Replace(string(mapper.BuiltinMappingJSON()), ".body.head.totals.hits", ".body.head.totals.misses", 1)
			updateWebhook(t, connect(t, s), `{"mappings":`+mappings+`}`)
		}, true, "entry 2 of webhook codecov_mapper writes codecov_commit_coverage and was changed: remove it in Port first"},
	} {
		t.Run(name, func(t *testing.T) {
			server := emulate(t)
			run(t, server, setup.Options{})
			test.change(t, server)
			before := snapshot(t, server)
			removal, err := remove(t, server, func(o *setup.RemoveOptions) { o.All = test.all })
			if !errors.Is(err, setup.ErrRefused) || !slices.Contains(removal.RefusedBecause, test.want) {
				t.Errorf("error %v, want reason %s", err, test.want)
			}
			if diff := cmp.Diff(before, snapshot(t, server)); diff != "" {
				t.Errorf("Port was changed (-before +after):\n%s", diff)
			}
		})
	}
}

func patchBlueprint(t *testing.T, server *fakeport.Server, identifier, patch string) {
	t.Helper()
	if err := connect(t, server).Send(t.Context(), port.NewRequest(http.MethodPatch, json.RawMessage(patch), "blueprints", identifier)); err != nil {
		t.Fatal(err)
	}
}

// TestFailedRemovalIsFinishedByTheNextOne, whichever request fails.
func TestFailedRemovalIsFinishedByTheNextOne(t *testing.T) {
	for method, status := range map[string]int{http.MethodDelete: 404, http.MethodPut: 422} {
		server := emulate(t)
		run(t, server, setup.Options{})
		synced(t, server, "acme", 2)
		server.Faults.Add(faults.Fault{Status: status, Body: `{"ok":false,"error":"invalid_request","message":"no"}`,
			Match: func(r *http.Request) bool { return r.Method == method && strings.Contains(r.URL.Path, "/blueprints/") }})
		all := func(o *setup.RemoveOptions) { o.All = true }
		apiError := (*port.APIError)(nil)
		if removal, err := remove(t, server, all); !errors.As(err, &apiError) || removal.Removed {
			t.Errorf("%s: error %v, removal %+v", method, err, removal)
		}
		if removal, err := remove(t, server, all); err != nil || !removal.Removed {
			t.Errorf("%s, second removal: error %v", method, err)
		}
		if server.Count(history) != 0 || slices.Contains(server.Blueprints(), history) {
			t.Errorf("%s: Port still has %v", method, server.Blueprints())
		}
	}
}

// TestLostResponsesOfARemoval: a repeated deletion finds nothing.
func TestLostResponsesOfARemoval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := emulate(t)
		run(t, server, setup.Options{})
		isDelete := func(r *http.Request) bool { return r.Method == http.MethodDelete }
		server.Faults.Add(faults.Fault{Effect: true, Status: http.StatusBadGateway, Match: isDelete}, faults.Fault{Effect: true, Status: http.StatusNotFound, Match: isDelete})
		if removal, err := remove(t, server, func(o *setup.RemoveOptions) { o.All = true }); err != nil || !removal.Removed {
			t.Errorf("error %v, removal %+v", err, removal)
		}
		if left := snapshot(t, server); len(left) != 0 {
			t.Errorf("Port still has %v", left)
		}
	})
}
