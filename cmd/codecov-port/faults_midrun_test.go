package main

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/codecov-port/codecov-port/internal/fake/faults"
	fakeport "github.com/codecov-port/codecov-port/internal/fake/port"
	"github.com/codecov-port/codecov-port/pkg/mapper"
)

// happening is what goes wrong in the middle of a run, or in a way of its own.
type happening struct {
	side, place, name string
	options           fakeport.Options
	streamed          bool
	arrange           func(t *testing.T, b *faultBench)
	repair            func(t *testing.T, b *faultBench) // nil: the faults are taken away, and that is all
	exit              int
	lost              bool // an entity may be in Port although its answer says otherwise
	tokens            int  // requests for one, where that matters
}

var happenings = []happening{
	{side: "codecov", place: "commits", name: "503 from the second page on", exit: 3, arrange: func(_ *testing.T, b *faultBench) {
		b.codecov.Faults.Add(from(1, func(r *http.Request) bool { return r.URL.Query().Get("page") == "2" }, answer(503, refusal)))
	}},
	{side: "codecov", place: "commits", name: "token revoked in mid-run", exit: 4, arrange: revokeCodecov},
	{side: "codecov", place: "commits", name: "token revoked in mid-run, streaming", exit: 4, streamed: true, arrange: revokeCodecov},
	{side: "codecov", place: "commits", name: "the git provider refuses one repository", exit: 3, arrange: func(_ *testing.T, b *faultBench) {
		b.codecov.Faults.Add(from(1, at("GET", codecovHost, "service-0/commits"), answer(401, `{"detail":"Github API unauthorized error: Bad credentials"}`)))
	}},
	{side: "port", place: "bulk", name: "token expires again and again", options: fakeport.Options{TokenLifetime: 2 * time.Second, Latency: slow}, exit: 0},
	{side: "port", place: "bulk", name: "token expires unseen", exit: 0, tokens: 2, arrange: func(_ *testing.T, b *faultBench) {
		b.onBulk(2, b.port.RevokeTokens)
	}},
	{side: "port", place: "bulk", name: "token revoked for good", exit: 4, arrange: revokePort},
	{side: "port", place: "bulk", name: "token revoked for good, streaming", exit: 4, streamed: true, arrange: revokePort},
	{side: "port", place: "bulk", name: "503 in mid-run, for ever, streaming", exit: 3, streamed: true, arrange: func(_ *testing.T, b *faultBench) {
		b.port.Faults.Add(from(2, at("POST", portHost, "/bulk"), answer(503, refusal)))
	}},
	{side: "port", place: "bulk", name: "207 with some errors", exit: 3, arrange: meddle(meddler{status: 207, refuses: even})},
	{side: "port", place: "bulk", name: "207 with all errors", exit: 3, arrange: meddle(meddler{status: 207, refuses: all})},
	{side: "port", place: "bulk", name: "207 with misnumbered errors", exit: 3, lost: true, arrange: meddle(meddler{status: 207, refuses: even, shift: 1})},
	{side: "port", place: "bulk", name: "errors on a 200", exit: 3, arrange: meddle(meddler{status: 200, refuses: even})},
	{side: "port", place: "bulk", name: "entities missing in the answer", exit: 3, lost: true, arrange: meddle(meddler{status: 200, refuses: none, silent: true})},
	{side: "port", place: "bulk", name: "blueprint deleted in mid-run", exit: 3, arrange: func(_ *testing.T, b *faultBench) {
		b.onRequest(at("POST", portHost, historyBlueprint+"/entities/bulk"), 1, func() { b.port.DeleteBlueprint(historyBlueprint) })
	}},
	{side: "port", place: "bulk", name: "quota of entities reached", options: fakeport.Options{EntityQuota: 30}, exit: 3, repair: afresh},
	{side: "port", place: "bulk", name: "413 for more than one entity", exit: 0, arrange: func(_ *testing.T, b *faultBench) {
		b.port.Faults.Add(from(1, func(r *http.Request) bool { return at("POST", portHost, "/bulk")(r) && sent(r) > 1 }, answer(413, refusal)))
	}},
	{side: "port", place: "bulk", name: "entities above 1 MiB", exit: 3, arrange: growSome},
	{side: "port", place: "bulk", name: "a relation is refused", exit: 3, arrange: relateToServices, repair: addServices},
	{side: "port", place: "create", name: "refused once half is created", exit: 1, arrange: func(_ *testing.T, b *faultBench) {
		b.port.Faults.Add(from(2, at("POST", portHost, "/v1/blueprints"), answer(403, refusal)))
	}},
}

// TestFaultsInMidRun is TestFaultMatrix for what needs an arrangement of its own.
func TestFaultsInMidRun(t *testing.T) {
	expected := undisturbed(t)
	var rows []matrixRow
	for _, h := range happenings {
		t.Run(h.side+"/"+h.place+"/"+h.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { rows = append(rows, h.happen(t, expected)) })
		})
	}
	if *table {
		printMatrix(t, rows)
	}
}

func (h happening) happen(t *testing.T, expected map[address]fakeport.Entity) matrixRow {
	t.Helper()
	b := newFaultBench(t, h.options)
	b.streamed = h.streamed
	if h.arrange != nil {
		h.arrange(t, b)
	}
	started := time.Now()
	result, code := b.sync(t)
	took := time.Since(started)
	account := accountFor(expected, b.entities(), result, code)
	if code != h.exit {
		t.Errorf("exit code %d, want %d: %s", code, h.exit, b.said.String())
	}
	b.check(t, account, code, len(expected), h.lost)
	if got := b.port.Requests().ByKind[fakeport.Token]; h.tokens != 0 && got != h.tokens {
		t.Errorf("%d requests for a token, want %d", got, h.tokens)
	}
	if h.repair != nil {
		h.repair(t, b)
	}
	b.recover(t, expected)
	return matrixRow{side: h.side, place: h.place, fault: h.name, times: "in mid-run", took: took, exit: code, expected: len(expected), account: account}
}

func slow(*http.Request) time.Duration { return time.Second }

// from is the fault for every request that matches, from the n-th on.
func from(n int, matches func(*http.Request) bool, f faults.Fault) faults.Fault {
	var mu sync.Mutex
	f.Times = -1
	f.Match = func(r *http.Request) bool {
		if !matches(r) {
			return false
		}
		mu.Lock()
		defer mu.Unlock()
		n--
		return n < 1
	}
	return f
}

// onRequest does something when the n-th request that matches comes, before it is answered.
func (b *faultBench) onRequest(matches func(*http.Request) bool, n int, do func()) {
	once := sync.OnceFunc(do)
	watch := from(n, matches, faults.Fault{})
	reached := watch.Match
	watch.Match = func(r *http.Request) bool {
		if reached(r) {
			once()
		}
		return false
	}
	b.port.Faults.Add(watch)
}

func (b *faultBench) onBulk(n int, do func()) { b.onRequest(at("POST", portHost, "/bulk"), n, do) }

func revokeCodecov(_ *testing.T, b *faultBench) {
	b.codecov.Faults.Add(from(5, at("GET", codecovHost, "/commits"), answer(401, `{"detail":"Invalid token."}`, "Www-Authenticate", "Bearer")))
}

func revokePort(_ *testing.T, b *faultBench) {
	refuses := from(2, at("POST", portHost, "/access_token"), answer(401, refusal))
	b.port.Faults.Add(refuses)
	b.onBulk(2, b.port.RevokeTokens)
}

// bulkBody is a bulk request's.
type bulkBody struct {
	Entities []json.RawMessage `json:"entities"`
}

func bodyOf(r *http.Request) (body bulkBody) {
	text, _ := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(text))
	_ = json.Unmarshal(text, &body)
	return body
}

func sent(r *http.Request) int { return len(bodyOf(r).Entities) }

// meddler stands before Port: it refuses some entities of each bulk request and lets Port have the others.
type meddler struct {
	next    http.Handler
	status  int
	refuses func(index int) bool
	shift   int  // added to the index of each error
	silent  bool // the answer names no entities
}

func even(index int) bool { return index%2 == 0 }
func all(int) bool        { return true }
func none(int) bool       { return false }

func meddle(m meddler) func(*testing.T, *faultBench) {
	return func(_ *testing.T, b *faultBench) {
		m.next = b.port
		b.network.Hosts[portHost] = m
	}
}

// ServeHTTP answers for Port.
func (m meddler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !at("POST", portHost, "/bulk")(r) {
		m.next.ServeHTTP(w, r)
		return
	}
	var places []int // in the request, of those that Port has
	var passed bulkBody
	answer := struct {
		OK       bool             `json:"ok"`
		Entities []map[string]any `json:"entities,omitempty"`
		Errors   []map[string]any `json:"errors,omitempty"`
	}{}
	for i, entity := range bodyOf(r).Entities {
		if m.refuses(i) {
			answer.Errors = append(answer.Errors, map[string]any{"identifier": identifierOf(entity), "index": i + m.shift, "statusCode": 422, "error": "refused", "message": "no"})
			continue
		}
		places, passed.Entities = append(places, i), append(passed.Entities, entity)
	}
	if len(places) > 0 {
		recorder := httptest.NewRecorder()
		text, _ := json.Marshal(passed)
		inner := r.Clone(r.Context())
		inner.Body, inner.ContentLength = io.NopCloser(bytes.NewReader(text)), int64(len(text))
		m.next.ServeHTTP(recorder, inner)
		_ = json.Unmarshal(recorder.Body.Bytes(), &answer)
	}
	for i, place := range places {
		answer.Entities[i]["index"] = place
	}
	if m.silent {
		answer.Entities = nil
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(m.status)
	_ = json.NewEncoder(w).Encode(answer)
}

func identifierOf(entity json.RawMessage) string {
	var fields struct {
		Identifier string `json:"identifier"`
	}
	_ = json.Unmarshal(entity, &fields)
	return fields.Identifier
}

// afresh is an organisation with room for all.
func afresh(t *testing.T, b *faultBench) {
	roomy := newFaultBench(t, fakeport.Options{})
	b.port = roomy.port
	b.network.Hosts[portHost] = b.port
}

// growSome makes the mapping return some entities that no request can hold.
func growSome(_ *testing.T, b *faultBench) {
	b.entries = mapper.BuiltinMapping()
	for i := range b.entries {
		if b.entries[i].Blueprint != historyBlueprint {
			continue
		}
		properties := maps.Clone(b.entries[i].Entity.Properties)
		for _, property := range []string{"message", "author"} {
			properties[property] = `if .body.repo.name == "risk-service-0" and (.body.head.message | startswith("docs")) then "x" * 600000 else ` + properties[property] + ` end`
		}
		b.entries[i].Entity.Properties = properties
	}
}

// relateToServices has commits relate to services, of which there are none.
func relateToServices(t *testing.T, b *faultBench) {
	service := json.RawMessage(`{"identifier":"service","title":"Service","schema":{"properties":{},"required":[]},"relations":{}}`)
	if err := b.port.PutBlueprint(service); err != nil {
		t.Fatal(err)
	}
	for _, blueprint := range mapper.BuiltinBlueprints() {
		if blueprint.Identifier != historyBlueprint {
			continue
		}
		relation := blueprint.Relations["repository"]
		relation.Target, relation.Required = "service", true
		blueprint.Relations = maps.Clone(blueprint.Relations)
		blueprint.Relations["repository"] = relation
		document, err := json.Marshal(blueprint)
		if err != nil {
			t.Fatal(err)
		}
		if err := b.port.PutBlueprint(document); err != nil {
			t.Fatal(err)
		}
	}
}

func addServices(t *testing.T, b *faultBench) {
	for _, entity := range b.port.Entities(stateBlueprint) {
		if err := b.port.PutEntity("service", fakeport.Entity{Identifier: entity.Identifier}); err != nil {
			t.Fatal(err)
		}
	}
}
