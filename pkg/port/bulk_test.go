package port_test

import (
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/codecov-port/codecov-port/internal/fake/faults"
	fakeport "github.com/codecov-port/codecov-port/internal/fake/port"
	"github.com/codecov-port/codecov-port/pkg/port"
)

// events returns so many entities of the blueprint event: event-00, event-01 …
func events(n int) []port.Entity {
	var entities []port.Entity
	for i := range n {
		entities = append(entities, port.Entity{Identifier: fmt.Sprintf("event-%02d", i), Properties: map[string]any{"value": i}})
	}
	return entities
}

// bulkUpsert writes entities in one request.
func bulkUpsert(t testing.TB, client *port.Client, blueprint string, entities []port.Entity, o port.UpsertOptions) (port.BulkResult, error) {
	t.Helper()
	var batch port.Batch
	for _, entity := range entities {
		if err := batch.Add(entity); err != nil {
			return port.BulkResult{}, err
		}
	}
	return client.UpsertBatch(t.Context(), blueprint, &batch, o)
}

// upsert writes events that must not fail as a whole.
func upsert(t *testing.T, client *port.Client, entities []port.Entity, o port.UpsertOptions) port.BulkResult {
	t.Helper()
	result, err := bulkUpsert(t, client, "event", entities, o)
	if err != nil {
		t.Fatal(err)
	}
	if len(result.Outcomes) != len(entities) || result.TraceID == "" {
		t.Fatalf("%d outcomes of %d entities, trace id %q", len(result.Outcomes), len(entities), result.TraceID)
	}
	return result
}

func TestBulkUpsert(t *testing.T) {
	server := emulate(t, fakeport.Options{})
	client := connect(t, server)
	entities := events(port.MaxBulkEntities)
	for _, created := range []bool{true, false} {
		for i, outcome := range upsert(t, client, entities, port.UpsertOptions{}).Outcomes {
			if want := (port.Outcome{Identifier: entities[i].Identifier, Created: created}); outcome != want {
				t.Errorf("outcome %+v, want %+v", outcome, want)
			}
		}
	}
	for i, held := range server.Entities("event") {
		if held.Identifier != entities[i].Identifier || held.Properties["value"] != float64(i) {
			t.Errorf("Port holds %+v", held)
		}
	}
	if counts := server.Requests(); counts.ByKind[fakeport.Bulk] != 2 || counts.EntitiesWritten != 40 {
		t.Errorf("counts %+v", counts)
	}
}

func TestBulkUpsertIsRefusedBeforeItIsSent(t *testing.T) {
	server := emulate(t, fakeport.Options{})
	client := connect(t, server)
	long := port.Entity{Identifier: "long", Properties: map[string]any{"note": strings.Repeat("x", port.MaxBulkBytes)}}
	for name, test := range map[string]struct {
		entities []port.Entity
		want     error
	}{
		"none":         {nil, nil},
		"21":           {events(21), port.ErrBatchFull},
		"too large":    {[]port.Entity{long}, port.ErrTooLarge},
		"not a number": {[]port.Entity{{Identifier: "nan", Properties: map[string]any{"value": math.NaN()}}}, nil},
	} {
		_, err := bulkUpsert(t, client, "event", test.entities, port.UpsertOptions{})
		if err == nil || (test.want != nil && !errors.Is(err, test.want)) {
			t.Errorf("%s: error %v", name, err)
		}
	}
	if requests := server.Requests().Requests; requests != 0 {
		t.Errorf("%d requests were sent", requests)
	}
}

// TestSomeRefused: the answer is 207, and each entity has an outcome of its own.
func TestSomeRefused(t *testing.T) {
	server := emulate(t, fakeport.Options{})
	entities := events(5)
	entities[1].Properties["value"] = "text"
	entities[3].Properties["unknown"] = true
	result := upsert(t, connect(t, server), entities, port.UpsertOptions{})
	for i, outcome := range result.Outcomes {
		if refused := i == 1 || i == 3; (outcome.Err != nil) != refused || outcome.Created == refused || outcome.Identifier != entities[i].Identifier {
			t.Errorf("outcome %d: %+v", i, outcome)
		}
		if outcome.Err != nil && (outcome.Err.Status != http.StatusUnprocessableEntity || outcome.Err.Code == "" || outcome.Err.Message == "") {
			t.Errorf("outcome %d: error %+v", i, outcome.Err)
		}
	}
	if held := server.Count("event"); held != 3 {
		t.Errorf("Port holds %d entities, want 3", held)
	}
}

// TestBulkAnswers: answers for event-00 and event-01, including those that Port should never send.
func TestBulkAnswers(t *testing.T) {
	const both = `{"identifier":"event-00","index":0,"created":true},{"identifier":"event-01","index":1,"created":false}`
	for _, test := range []struct {
		name, body string
		want       []string
	}{
		{"both written", `{"ok":true,"entities":[` + both + `],"errors":[]}`, []string{"created", "updated"}},
		{"no errors listed", `{"ok":true,"entities":[` + both + `]}`, []string{"created", "updated"}},
		{"errors on a 200", `{"ok":true,"entities":[{"identifier":"event-00","index":0,"created":true}],
			"errors":[{"identifier":"event-01","index":1,"statusCode":422,"error":"e","message":"m"}]}`, []string{"created", "422 e: m"}},
		{"written and refused", `{"ok":true,"entities":[` + both + `],"errors":[{"identifier":"event-00","index":0,"statusCode":409,"error":"e","message":"m"}]}`,
			[]string{"409 e: m", "updated"}},
		{"refused, with another form of the identifier", `{"errors":[{"identifier":"EVENT-00 ","index":0,"statusCode":422,"error":"e","message":"m"}]}`,
			[]string{"422 e: m", "not mentioned"}},
		{"in another order", `{"ok":true,"entities":[{"index":1,"created":false},{"index":0,"created":true}]}`, []string{"created", "updated"}},
		{"no entities", `{"ok":true}`, []string{"not mentioned", "not mentioned"}},
		{"null", `null`, []string{"not mentioned", "not mentioned"}},
		{"null lists", `{"ok":true,"entities":null,"errors":null}`, []string{"not mentioned", "not mentioned"}},
		{"one of two", `{"ok":true,"entities":[{"identifier":"event-01","index":1,"created":true}],"errors":[]}`, []string{"not mentioned", "created"}},
		{"numbers beyond", `{"entities":[{"index":-1},{"index":2}],"errors":[{"index":-1},{"index":20}]}`, []string{"not mentioned", "not mentioned"}},
		{"no numbers", `{"entities":[{"identifier":"event-01","created":true}],"errors":[{"statusCode":422}]}`, []string{"not mentioned", "not mentioned"}},
		{"numbered from one", `{"entities":[{"identifier":"event-00","index":1,"created":true},{"identifier":"event-01","index":2,"created":true}]}`,
			[]string{"not mentioned", "not mentioned"}},
		{"a stub of the same number", `{"entities":[` + both + `,{"identifier":"stub","index":1,"created":true}]}`, []string{"created", "updated"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			server := emulate(t, fakeport.Options{})
			server.Faults.Add(faults.Fault{Match: isNoToken, Status: http.StatusOK, Body: test.body})
			var got []string
			for _, outcome := range upsert(t, connect(t, server), events(2), port.UpsertOptions{}).Outcomes {
				got = append(got, describe(outcome))
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("outcomes (-want +got):\n%s", diff)
			}
		})
	}
}

func describe(outcome port.Outcome) string {
	switch {
	case outcome.Err != nil && outcome.Err.Code == "not_mentioned":
		return "not mentioned"
	case outcome.Err != nil:
		return outcome.Err.Error()
	case outcome.Created:
		return "created"
	}
	return "updated"
}

func TestAnswerThatIsNone(t *testing.T) {
	for _, body := range []string{`[]`, `"text"`, `{"entities":{}}`, `{"entities":[{"index":"0"}]}`} {
		server := emulate(t, fakeport.Options{})
		server.Faults.Add(faults.Fault{Match: isNoToken, Status: http.StatusOK, Body: body})
		_, err := bulkUpsert(t, connect(t, server), "event", events(1), port.UpsertOptions{})
		apiError := (*port.APIError)(nil)
		if !errors.As(err, &apiError) {
			t.Errorf("%s: error %v", body, err)
		}
	}
}

func TestUpsertOptions(t *testing.T) {
	related := []port.Entity{{Identifier: "event", Relations: map[string]any{"service": "new"}}}
	for _, test := range []struct {
		name            string
		options         port.UpsertOptions
		query           string
		refused         bool
		events, targets int
	}{
		{"plain", port.UpsertOptions{}, "upsert=true&merge=true&create_missing_related_entities=false", true, 0, 0},
		{"with targets", port.UpsertOptions{CreateMissingRelated: true}, "upsert=true&merge=true&create_missing_related_entities=true", false, 1, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			server := emulate(t, fakeport.Options{})
			result := upsert(t, connect(t, server), related, test.options)
			if refused := result.Outcomes[0].Err != nil; refused != test.refused {
				t.Errorf("outcome %+v", result.Outcomes[0])
			}
			if server.Count("event") != test.events || server.Count("service") != test.targets {
				t.Errorf("Port holds %d events and %d services", server.Count("event"), server.Count("service"))
			}
			want, err := url.ParseQuery(test.query)
			if err != nil {
				t.Fatal(err)
			}
			got, err := url.ParseQuery(of(server, fakeport.Bulk)[0].Query)
			if diff := cmp.Diff(want, got); diff != "" || err != nil {
				t.Errorf("query (-want +sent), %v:\n%s", err, diff)
			}
		})
	}
}

// TestMerge: what is left out stays, and null clears.
func TestMerge(t *testing.T) {
	server := emulate(t, fakeport.Options{})
	if err := server.PutEntity("service", fakeport.Entity{Identifier: "s"}); err != nil {
		t.Fatal(err)
	}
	client := connect(t, server)
	for _, entity := range []port.Entity{
		{Identifier: "e", Title: "Title", Icon: "Git", Team: []any{"a"}, Properties: map[string]any{"value": 1, "note": "stays"}, Relations: map[string]any{"service": "s"}},
		{Identifier: "e", Properties: map[string]any{"value": 2}},
	} {
		if outcome := upsert(t, client, []port.Entity{entity}, port.UpsertOptions{}).Outcomes[0]; outcome.Err != nil {
			t.Fatal(outcome.Err)
		}
	}
	want := fakeport.Entity{
		Identifier: "e", Title: "Title", Icon: "Git", Team: []any{"a"},
		Properties: map[string]any{"value": 2.0, "note": "stays"}, Relations: map[string]any{"service": "s"},
	}
	got, _ := server.Entity("event", "e")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("merged (-want +got):\n%s", diff)
	}
	upsert(t, client, []port.Entity{{Identifier: "e", Properties: map[string]any{"note": nil}, Relations: map[string]any{"service": nil}}}, port.UpsertOptions{})
	want.Properties, want.Relations = map[string]any{"value": 2.0}, map[string]any{}
	got, _ = server.Entity("event", "e")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("cleared (-want +got):\n%s", diff)
	}
}

// TestTextArrivesAsItIs: no character is changed on the way.
func TestTextArrivesAsItIs(t *testing.T) {
	server := emulate(t, fakeport.Options{})
	const text = "<b>&amp;</b> \u2028\u2029 \x00\x1b \"\\/ ünï 🌱 \u202e"
	upsert(t, connect(t, server), []port.Entity{{Identifier: "Ünï/co:de@_.+\\=-9", Properties: map[string]any{"note": text}}}, port.UpsertOptions{})
	held, ok := server.Entity("event", "Ünï/co:de@_.+\\=-9")
	if !ok || held.Properties["note"] != text {
		t.Errorf("Port holds %+q", held.Properties["note"])
	}
}

func TestBulkUpsertOfAnUnknownBlueprint(t *testing.T) {
	server := emulate(t, fakeport.Options{})
	_, err := bulkUpsert(t, connect(t, server), "nope", events(2), port.UpsertOptions{})
	checkAPIError(t, err, port.ErrNotFound)
}

// TestLostAnswerIsRepeated: the first request took effect, and doing it again is harmless.
func TestLostAnswerIsRepeated(t *testing.T) {
	server := emulate(t, fakeport.Options{})
	server.Faults.Add(faults.Fault{Match: isNoToken, Kind: faults.Reset, Effect: true})
	result := upsert(t, connect(t, server), events(3), port.UpsertOptions{})
	if slices.ContainsFunc(result.Outcomes, func(o port.Outcome) bool { return o.Err != nil }) || server.Count("event") != 3 {
		t.Errorf("outcomes %+v, Port holds %d", result.Outcomes, server.Count("event"))
	}
	if requests := server.Requests().ByKind[fakeport.Bulk]; requests != 2 {
		t.Errorf("%d requests, want 2", requests)
	}
}

func FuzzBulkAnswer(f *testing.F) {
	for _, body := range []string{
		``, `null`, `{}`, `[]`, `{"entities":[{"index":0}]}`, `{"entities":[{"index":-1},{"index":1e3}],"errors":[{"index":2,"statusCode":422,"error":"e","message":"m"}]}`,
		`{"entities":[{"index":9223372036854775807,"identifier":"event-00"}]}`, `{"errors":[null,{"index":null}]}`, `{"entities":{"index":0}}`, `<html>`,
	} {
		f.Add(http.StatusOK, body)
		f.Add(http.StatusMultiStatus, body)
		f.Add(http.StatusUnprocessableEntity, body)
	}
	f.Fuzz(func(t *testing.T, status int, body string) {
		if status < 200 || status > 599 {
			t.Skip()
		}
		synctest.Test(t, func(t *testing.T) {
			entities := events(3)
			result, err := bulkUpsert(t, connectInside(t, handing(status, body)), "event", entities, port.UpsertOptions{})
			if err != nil {
				apiError := (*port.APIError)(nil)
				if !errors.As(err, &apiError) || strings.Contains(fmt.Sprintf("%v %+v", err, err), secret) {
					t.Errorf("error %v", err)
				}
				return
			}
			for i, outcome := range result.Outcomes {
				if outcome.Identifier != entities[i].Identifier {
					t.Errorf("outcome %d is of %q", i, outcome.Identifier)
				}
			}
			if len(result.Outcomes) != len(entities) || status > 299 {
				t.Errorf("%d outcomes of %d entities with status %d", len(result.Outcomes), len(entities), status)
			}
		})
	})
}
