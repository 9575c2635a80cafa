package port_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codecov-port/codecov-port/internal/fake/faults"
	fakeport "github.com/codecov-port/codecov-port/internal/fake/port"
	"github.com/codecov-port/codecov-port/pkg/port"
)

// filled returns a Port that holds so many events.
func filled(t *testing.T, n int) *fakeport.Server {
	t.Helper()
	server := emulate(t, fakeport.Options{})
	for i := range n {
		entity := fakeport.Entity{Identifier: eventID(i), Title: "Event", Properties: map[string]any{"value": float64(i), "note": "n"}}
		if err := server.PutEntity("event", entity); err != nil {
			t.Fatal(err)
		}
	}
	return server
}

func eventID(i int) string { return fmt.Sprintf("event-%04d", i) }

func TestSearchGivesEveryEntity(t *testing.T) {
	for _, test := range []struct{ entities, limit, requests int }{
		{2500, 0, 3}, {2000, 0, 2}, {0, 0, 1}, {10, 3, 4}, {10, port.MaxSearchPage + 1, 1}, {10, -1, 1},
	} {
		server := filled(t, test.entities)
		seen := 0
		for entity, err := range connect(t, server).Search(t.Context(), "event", port.SearchOptions{Limit: test.limit}) {
			if err != nil {
				t.Fatal(err)
			}
			if value := json.Number(fmt.Sprint(seen)); entity.Identifier != eventID(seen) || entity.Properties["value"] != value || entity.Title != "Event" {
				t.Fatalf("entity %d: %+v", seen, entity)
			}
			seen++
		}
		if requests := server.Requests().ByKind[fakeport.Search]; seen != test.entities || requests != test.requests {
			t.Errorf("%d entities of %d in %d requests, want %d", seen, test.entities, requests, test.requests)
		}
	}
}

func TestSearchGivesWhatIsIncluded(t *testing.T) {
	server := filled(t, 1)
	options := port.SearchOptions{Include: []string{"$identifier", "value", "service"}}
	for entity, err := range connect(t, server).Search(t.Context(), "event", options) {
		want := port.Entity{
			Identifier: eventID(0), Properties: map[string]any{"value": json.Number("0")}, Relations: map[string]any{"service": nil},
		}
		if diff := cmp.Diff(want, entity); diff != "" || err != nil {
			t.Errorf("entity (-want +got), %v:\n%s", err, diff)
		}
	}
}

func TestSearchByAQuery(t *testing.T) {
	server := filled(t, 30)
	options := port.SearchOptions{Limit: 5, Query: map[string]any{
		"combinator": "and", "rules": []any{map[string]any{"property": "value", "operator": ">=", "value": 12}},
	}}
	found := 0
	for entity, err := range connect(t, server).Search(t.Context(), "event", options) {
		if err != nil || entity.Identifier != eventID(12+found) {
			t.Fatalf("%+v, %v", entity, err)
		}
		found++
	}
	if found != 18 {
		t.Errorf("%d found, want 18", found)
	}
}

func TestSearchErrorComesOnceAndLast(t *testing.T) {
	server := filled(t, 10)
	pages := 0
	server.Faults.Add(faults.Fault{
		Match:  func(r *http.Request) bool { return isNoToken(r) && counted(&pages) == 3 },
		Status: http.StatusForbidden, Body: `{"ok":false,"error":"e","message":"m"}`,
	})
	entities, failures := 0, 0
	for _, err := range connect(t, server).Search(t.Context(), "event", port.SearchOptions{Limit: 3}) {
		if err == nil {
			entities++
			continue
		}
		failures++
		checkAPIError(t, err, port.ErrForbidden)
	}
	if entities != 6 || failures != 1 {
		t.Errorf("%d entities and %d errors", entities, failures)
	}
}

func counted(calls *int) int {
	*calls++
	return *calls
}

func TestSearchOfAnUnknownBlueprint(t *testing.T) {
	server := emulate(t, fakeport.Options{})
	for entity, err := range connect(t, server).Search(t.Context(), "nope", port.SearchOptions{}) {
		if !errors.Is(err, port.ErrNotFound) {
			t.Errorf("%+v, %v", entity, err)
		}
	}
}

func TestSearchIsLeftEarly(t *testing.T) {
	server := filled(t, 10)
	for _, err := range connect(t, server).Search(t.Context(), "event", port.SearchOptions{Limit: 3}) {
		if err != nil {
			t.Error(err)
		}
		break
	}
	if requests := server.Requests().ByKind[fakeport.Search]; requests != 1 {
		t.Errorf("%d requests, want 1", requests)
	}
}

// TestSearchEndsWhenTheCursorStands: a cursor that comes again would never end.
func TestSearchEndsWhenTheCursorStands(t *testing.T) {
	client := connect(t, handing(http.StatusOK, `{"ok":true,"entities":[{"identifier":"a"}],"next":"same"}`))
	seen := 0
	for _, err := range client.Search(t.Context(), "event", port.SearchOptions{}) {
		if seen++; err != nil || seen > 2 {
			t.Fatalf("entity %d, %v", seen, err)
		}
	}
}

func TestSearchKeepsWholeNumbers(t *testing.T) {
	client := connect(t, handing(http.StatusOK, `{"ok":true,"entities":[{"identifier":"a","properties":{"value":9007199254740993}}]}`))
	for entity, err := range client.Search(t.Context(), "event", port.SearchOptions{}) {
		if err != nil || entity.Properties["value"] != json.Number("9007199254740993") {
			t.Errorf("%+v, %v", entity, err)
		}
	}
}
