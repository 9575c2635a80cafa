package port_test

import (
	"encoding/json"
	"errors"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	fakeport "github.com/codecov-port/codecov-port/internal/fake/port"
	"github.com/codecov-port/codecov-port/pkg/port"
)

// fullBlueprint has every field of a Blueprint.
func fullBlueprint() port.Blueprint {
	one, five, half := 1, 5, 0.5
	return port.Blueprint{
		Identifier: "full", Title: "Full", Icon: "Git", Description: "everything",
		Schema: port.Schema{
			Required: []string{"text"},
			Properties: map[string]port.Property{
				"text":   {Title: "Text", Description: "some text", Icon: "Git", Type: "string", MinLength: &one, MaxLength: &five, Pattern: "^[a-z]+$"},
				"choice": {Type: "string", Enum: []any{"a", "b"}},
				"at":     {Type: "string", Format: "date-time"},
				"number": {Type: "number", Minimum: &half, Maximum: &half},
				"flag":   {Type: "boolean"},
				"object": {Type: "object"},
				"links":  {Type: "array", MinItems: &one, MaxItems: &five, Items: &port.Property{Type: "string", Format: "url"}},
			},
		},
		MirrorProperties:      json.RawMessage(`{}`),
		CalculationProperties: json.RawMessage(`{"doubled":{"calculation":".properties.number * 2","title":"Doubled","type":"number"}}`),
		AggregationProperties: json.RawMessage(`{}`),
		Relations: map[string]port.Relation{
			"service": {Title: "Service", Target: "service", Required: true},
			"others":  {Target: "service", Many: true},
		},
	}
}

// create creates one blueprint without aggregations.
func create(t *testing.T, client *port.Client, blueprint port.Blueprint) error {
	t.Helper()
	requests, err := port.CreateBlueprintsRequests([]port.Blueprint{blueprint})
	if err != nil {
		t.Fatal(err)
	}
	return client.Send(t.Context(), requests[0])
}

func TestBlueprintRoundTrip(t *testing.T) {
	server := emulate(t, fakeport.Options{})
	client := connect(t, server)
	want := fullBlueprint()
	if err := create(t, client, want); err != nil {
		t.Fatal(err)
	}
	got, err := client.Blueprint(t.Context(), "full")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("blueprint (-created +read):\n%s", diff)
	}
}

// TestDocumentedBlueprint creates the one of Port's guide and holds what arrives to what was meant.
func TestDocumentedBlueprint(t *testing.T) {
	text, err := os.ReadFile("../../testdata/port/port-blueprint.json")
	if err != nil {
		t.Fatal(err)
	}
	var blueprint port.Blueprint
	if err := json.Unmarshal(text, &blueprint); err != nil {
		t.Fatal(err)
	}
	server := emulate(t, fakeport.Options{})
	if err := create(t, connect(t, server), blueprint); err != nil {
		t.Fatal(err)
	}
	created := of(server, fakeport.BlueprintCreate)
	if len(created) != 1 {
		t.Fatalf("%d requests", len(created))
	}
	if diff := cmp.Diff(object(t, text), object(t, created[0].Body)); diff != "" {
		t.Errorf("blueprint (-documented +sent):\n%s", diff)
	}
}

func object(t testing.TB, text []byte) (object map[string]any) {
	t.Helper()
	if err := json.Unmarshal(text, &object); err != nil {
		t.Fatal(err)
	}
	return object
}

// TestSmallestBlueprint has no properties and no relations.
func TestSmallestBlueprint(t *testing.T) {
	server := emulate(t, fakeport.Options{})
	if err := create(t, connect(t, server), port.Blueprint{Identifier: "small", Title: "Small"}); err != nil {
		t.Fatal(err)
	}
	if _, ok := server.Blueprint("small"); !ok {
		t.Error("not created")
	}
}

func TestBlueprintErrors(t *testing.T) {
	server := emulate(t, fakeport.Options{})
	client := connect(t, server)
	_, err := client.Blueprint(t.Context(), "nope")
	checkAPIError(t, err, port.ErrNotFound)

	before, _ := server.Blueprint("service")
	err = create(t, client, port.Blueprint{Identifier: "service", Title: "Other"})
	checkAPIError(t, err, port.ErrExists)
	if after, _ := server.Blueprint("service"); string(before) != string(after) {
		t.Errorf("changed from %s to %s", before, after)
	}

	lost := fullBlueprint()
	lost.Relations["service"] = port.Relation{Target: "nope"}
	checkAPIError(t, create(t, client, lost), nil)
	if _, created := server.Blueprint("full"); created {
		t.Error("created though a relation's target is missing")
	}
}

// checkAPIError checks that err is an *APIError with Port's code and message, and wraps the sentinel if there is one.
func checkAPIError(t *testing.T, err, sentinel error) {
	t.Helper()
	apiError := (*port.APIError)(nil)
	if !errors.As(err, &apiError) {
		t.Fatalf("error %v is no *APIError", err)
	}
	if sentinel != nil && !errors.Is(err, sentinel) {
		t.Errorf("%v is not %v", err, sentinel)
	}
	if apiError.Status == 0 || apiError.Code == "" || apiError.Message == "" || apiError.RequestID == "" {
		t.Errorf("error %+v: status, code, message or request id is missing", *apiError)
	}
}

// TestIdentifierIsOneSegment: an identifier may hold slashes.
func TestIdentifierIsOneSegment(t *testing.T) {
	server := emulate(t, fakeport.Options{})
	client := connect(t, server)
	const identifier = `team/service:a+b`
	if err := create(t, client, port.Blueprint{Identifier: identifier, Title: "Odd"}); err != nil {
		t.Fatal(err)
	}
	if got, err := client.Blueprint(t.Context(), identifier); err != nil || got.Identifier != identifier {
		t.Errorf("%q, %v", got.Identifier, err)
	}
}
