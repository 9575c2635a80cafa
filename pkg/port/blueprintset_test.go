package port_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/codecov-port/codecov-port/internal/fake/faults"
	fakeport "github.com/codecov-port/codecov-port/internal/fake/port"
	"github.com/codecov-port/codecov-port/pkg/port"
)

// pair returns two blueprints that need each other: the part relates to the whole, which aggregates the parts.
func pair() (whole, part port.Blueprint) {
	whole = port.Blueprint{
		Identifier: "whole/one", Title: "Whole",
		AggregationProperties: json.RawMessage(`{"mean":` + mean("part") + `,"services":{"title":"Services","target":"service",
			"calculationSpec":{"calculationBy":"entities","func":"count"}}}`),
	}
	part = port.Blueprint{
		Identifier: "part", Title: "Part",
		Schema:    port.Schema{Properties: map[string]port.Property{"size": {Type: "number"}}},
		Relations: map[string]port.Relation{"whole": {Target: "whole/one"}},
	}
	return whole, part
}

func mean(target string) string {
	return `{"title":"Mean","target":"` + target + `","calculationSpec":{"calculationBy":"property","func":"average","averageOf":"total","property":"size"}}`
}

func TestCreateBlueprintsThatNeedEachOther(t *testing.T) {
	whole, part := pair()
	set := []port.Blueprint{whole, part}
	server := emulate(t, fakeport.Options{})
	created, err := connect(t, server).CreateBlueprints(t.Context(), set)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"whole/one", "part"}, created); diff != "" {
		t.Error(diff)
	}
	if got := aggregations(t, server, "whole/one"); !cmp.Equal(got, []string{"mean", "services"}) {
		t.Errorf("aggregations %v", got)
	}
	want, err := port.CreateBlueprintsRequests(set)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, request := range want {
		lines = append(lines, request.Method+" "+request.Path)
	}
	if diff := cmp.Diff([]string{"POST /v1/blueprints", "POST /v1/blueprints", "PATCH /v1/blueprints/whole%2Fone"}, lines); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(want, arrived(server)); diff != "" {
		t.Errorf("requests (-want +sent):\n%s", diff)
	}
}

// aggregations returns the names of a blueprint's aggregation properties, sorted.
func aggregations(t *testing.T, server *fakeport.Server, identifier string) []string {
	t.Helper()
	text, ok := server.Blueprint(identifier)
	if !ok {
		t.Fatalf("no blueprint %s", identifier)
	}
	var names []string
	for _, name := range []string{"mean", "services"} {
		if strings.Contains(string(text), `"`+name+`":{`) {
			names = append(names, name)
		}
	}
	return names
}

func TestCreateBlueprintsLeavesOutWhatPointsNowhere(t *testing.T) {
	whole, _ := pair()
	server := emulate(t, fakeport.Options{})
	created, err := connect(t, server).CreateBlueprints(t.Context(), []port.Blueprint{whole})
	if err != nil || len(created) != 1 {
		t.Fatalf("created %v: %v", created, err)
	}
	if got := aggregations(t, server, "whole/one"); !cmp.Equal(got, []string{"services"}) {
		t.Errorf("aggregations %v", got)
	}
}

func TestCreateBlueprintsLeavesAloneWhatExists(t *testing.T) {
	whole, part := pair()
	server := emulate(t, fakeport.Options{})
	if err := server.PutBlueprint([]byte(`{"identifier":"whole/one","title":"Theirs","schema":{"properties":{}},"relations":{}}`)); err != nil {
		t.Fatal(err)
	}
	before, _ := server.Blueprint("whole/one")
	created, err := connect(t, server).CreateBlueprints(t.Context(), []port.Blueprint{whole, part})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"part"}, created); diff != "" {
		t.Error(diff)
	}
	if after, _ := server.Blueprint("whole/one"); string(before) != string(after) {
		t.Errorf("changed from %s to %s", before, after)
	}
}

func TestCreateBlueprintsAfterALostAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		whole, part := pair()
		server := emulate(t, fakeport.Options{})
		server.Faults.Add(faults.Fault{Match: isNoToken, Effect: true, Status: http.StatusBadGateway})
		created, err := connectInside(t, server).CreateBlueprints(t.Context(), []port.Blueprint{whole, part})
		if err != nil {
			t.Fatal(err)
		}
		if statuses := server.Requests().ByStatus; statuses[http.StatusConflict] != 1 {
			t.Fatalf("the answer was not lost: %v", statuses)
		}
		if len(created) != 2 || len(aggregations(t, server, "whole/one")) != 2 {
			t.Errorf("created %v, aggregations %v", created, aggregations(t, server, "whole/one"))
		}
	})
}

func TestCreateBlueprintsTellsHowFarItCame(t *testing.T) {
	whole, part := pair()
	part.Relations["other"] = port.Relation{Target: "nope"}
	server := emulate(t, fakeport.Options{})
	created, err := connect(t, server).CreateBlueprints(t.Context(), []port.Blueprint{whole, part})
	if err == nil || !strings.Contains(err.Error(), "create blueprint part: ") {
		t.Errorf("error %v", err)
	}
	if diff := cmp.Diff([]string{"whole/one"}, created); diff != "" {
		t.Error(diff)
	}
}

func TestReadLosesNothing(t *testing.T) {
	server := emulate(t, fakeport.Options{})
	const theirs = `{"identifier":"theirs","title":"Theirs","ownership":{"type":"Direct"},"relations":{},
		"schema":{"properties":{"state":{"type":"string","enum":["a"],"enumColors":{"a":"red"}}},"required":[]}}`
	if err := server.PutBlueprint([]byte(theirs)); err != nil {
		t.Fatal(err)
	}
	client := connect(t, server)
	got, err := client.Read(t.Context(), "blueprint", "blueprints", "theirs")
	if err != nil {
		t.Fatal(err)
	}
	want, _ := server.Blueprint("theirs")
	if diff := cmp.Diff(object(t, want), object(t, got)); diff != "" {
		t.Error(diff)
	}
	_, err = client.Read(t.Context(), "blueprint", "blueprints", "nope")
	checkAPIError(t, err, port.ErrNotFound)
}

func TestPatchBlueprint(t *testing.T) {
	server := emulate(t, fakeport.Options{})
	client := connect(t, server)
	if err := client.Send(t.Context(), port.NewRequest(http.MethodPatch, json.RawMessage(`{"title":"Renamed"}`), "blueprints", "event")); err != nil {
		t.Fatal(err)
	}
	got, err := client.Blueprint(t.Context(), "event")
	if err != nil || got.Title != "Renamed" || len(got.Schema.Properties) != 2 {
		t.Errorf("blueprint %+v: %v", got, err)
	}
	checkAPIError(t, client.Send(t.Context(), port.NewRequest(http.MethodPatch, json.RawMessage(`{}`), "blueprints", "nope")), port.ErrNotFound)
}
