package main

import (
	"flag"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"text/tabwriter"
	"time"

	"github.com/codecov-port/codecov-port/internal/fake/faults"
	fakeport "github.com/codecov-port/codecov-port/internal/fake/port"
)

var table = flag.Bool("table", false, "print the matrix of faults")

// place is a kind of request that can meet a fault.
type place struct {
	side, name string
	matches    func(*http.Request) bool
	seeded     bool // only a Port that holds something sees such requests
}

const codecovHost, portHost = "codecov.test", "port.test"

func at(method, host, suffix string) func(*http.Request) bool {
	return func(r *http.Request) bool {
		return r.Method == method && r.Host == host && strings.HasSuffix(strings.TrimSuffix(r.URL.Path, "/"), suffix)
	}
}

var places = []place{
	{side: "codecov", name: "listing", matches: at("GET", codecovHost, "/repos")},
	{side: "codecov", name: "commits", matches: at("GET", codecovHost, "/commits")},
	{side: "port", name: "token", matches: at("POST", portHost, "/access_token")},
	{side: "port", name: "webhook", matches: at("GET", portHost, "/webhooks/codecov_mapper")},
	{side: "port", name: "blueprint", matches: at("GET", portHost, "/blueprints/"+historyBlueprint)},
	{side: "port", name: "create", matches: at("POST", portHost, "/v1/blueprints")},
	{side: "port", name: "search", matches: at("POST", portHost, "/search"), seeded: true},
	{side: "port", name: "bulk", matches: at("POST", portHost, "/bulk")},
}

// codes are the exit codes that a fault leads to, by place, met once and by every request.
type codes map[string][2]int

// passing is what a fault leads to that may pass: tried again, it is got over; for ever, it ends what needs the answer.
var passing = codes{
	"listing": {0, 1}, "commits": {0, 3},
	"token": {0, 1}, "webhook": {0, 1}, "blueprint": {0, 1}, "create": {0, 1}, "search": {0, 1}, "bulk": {0, 3},
}

// staying is what a refusal leads to that is not worth another try.
var staying = codes{
	"listing": {1, 1}, "commits": {3, 3},
	"token": {1, 1}, "webhook": {1, 1}, "blueprint": {1, 1}, "create": {1, 1}, "search": {1, 1}, "bulk": {3, 3},
}

// but is the same but at some places.
func (e codes) but(others codes) codes {
	changed := codes{}
	for place, codes := range e {
		changed[place] = codes
	}
	for place, codes := range others {
		changed[place] = codes
	}
	return changed
}

// kindOfFault is what goes wrong, and the exit codes that it leads to.
type kindOfFault struct {
	faults.Fault
	refused bool // the connection
	codes   codes
	lost    bool // an entity may be in Port although its answer says otherwise
}

// patience is how long the fault may hold a run up: a refusal is reported at once, a dead service within two minutes and a
// little for what is asked besides. A server that asks to wait is waited for two minutes before each attempt, and by
// each kind of request for seven minutes in all, however many wait.
func (k kindOfFault) patience(times int) time.Duration {
	switch {
	case k.Header.Get("Retry-After") != "", k.Header.Get("X-Ratelimit-Reset") != "":
		return 15 * time.Minute
	case k.codes["commits"] == staying["commits"]:
		return time.Second
	case times > 0:
		return time.Minute
	}
	return 2*time.Minute + 10*time.Second
}

func answer(status int, body string, header ...string) faults.Fault {
	f := faults.Fault{Name: fmt.Sprint(status), Kind: faults.Answer, Status: status, Body: body, Header: http.Header{"Content-Type": {"application/json"}}}
	for i := 0; i < len(header); i += 2 {
		f.Header.Set(header[i], header[i+1])
		f.Name += ", " + header[i]
	}
	return f
}

func named(name string, f faults.Fault) faults.Fault {
	f.Name = name
	return f
}

const (
	refusal = `{"detail":"no","ok":false,"error":"refused","message":"no"}`
	html    = "<!doctype html><title>Sign in</title>"
)

// theFaults are the rows of the matrix. At the webhook and the blueprint a 404, which a truncated body does not change,
// reads as "there is none yet"; what was created already is there the next time that it is to be created.
var theFaults = []kindOfFault{
	{Fault: faults.Fault{Name: "connection refused"}, refused: true, codes: passing},
	{Fault: faults.Fault{Name: "reset before the answer", Kind: faults.Reset}, codes: passing},
	{Fault: faults.Fault{Name: "reset after it took effect", Kind: faults.Reset, Effect: true}, codes: passing, lost: true},
	{Fault: faults.Fault{Name: "reset during the answer", Kind: faults.Cut}, codes: passing, lost: true},
	{Fault: faults.Fault{Name: "time-out", Kind: faults.Hang}, codes: passing},
	{Fault: faults.Fault{Name: "time-out after it took effect", Kind: faults.Hang, Effect: true}, codes: passing, lost: true},
	{Fault: faults.Fault{Name: "truncated JSON", Kind: faults.Truncate}, codes: passing.but(codes{"webhook": {0, 0}, "blueprint": {0, 0}, "create": {0, 0}}), lost: true},
	{Fault: named("garbled JSON", answer(200, `{"results":[{"na\u0000`)), codes: passing},
	{Fault: named("HTML for JSON", answer(200, html, "Content-Type", "text/html")), codes: passing},
	{Fault: named("empty 200", answer(200, "")), codes: passing},
	{Fault: named("another object", answer(200, `{"status":"fine"}`)), codes: staying},
	{Fault: named("redirect to another host", answer(307, "", "Location", "https://elsewhere.test/")), codes: staying.but(codes{"token": {2, 2}, "webhook": {2, 2}, "blueprint": {2, 2}, "create": {2, 2}, "search": {2, 2}})},
	{Fault: answer(400, refusal), codes: staying.but(codes{"bulk": {0, 3}})},
	{Fault: answer(401, refusal), codes: staying.but(codes{"token": {4, 4}, "webhook": {0, 0}, "blueprint": {0, 4}, "create": {0, 4}, "search": {0, 4}, "bulk": {0, 4}})},
	{Fault: answer(403, refusal), codes: staying.but(codes{"webhook": {0, 0}})},
	{Fault: answer(404, refusal), codes: staying.but(codes{"token": {2, 2}, "webhook": {0, 0}, "blueprint": {0, 0}})},
	{Fault: answer(408, refusal), codes: passing},
	{Fault: answer(413, refusal), codes: staying.but(codes{"bulk": {0, 3}})},
	{Fault: answer(422, refusal), codes: staying.but(codes{"bulk": {0, 3}})},
	{Fault: answer(429, refusal), codes: passing},
	{Fault: answer(429, refusal, "Retry-After", "7200"), codes: passing},
	{Fault: named("429, Retry-After: 60", answer(429, refusal, "Retry-After", "60")), codes: passing},
	{Fault: named("429, reset", answer(429, refusal, "X-Ratelimit-Reset", "120")), codes: passing},
	{Fault: named("500", answer(500, `{"error":"Server Error (500)"}`)), codes: passing},
	{Fault: answer(502, html), codes: passing},
	{Fault: answer(503, refusal), codes: passing},
	{Fault: answer(503, refusal, "Retry-After", "7200"), codes: passing},
	{Fault: answer(504, "upstream request timeout"), codes: passing},
}

var often = []struct {
	name  string
	times int
}{{"once", 1}, {"for ever", -1}}

// matrixRow is a row of the matrix as it is printed.
type matrixRow struct {
	side, place, fault, times string
	took                      time.Duration // emulated
	exit, expected            int
	account
}

// TestFaultMatrix lets each kind of request meet each fault, once and for ever: every entity is in Port or is named, the
// exit code says which, and a run without the fault brings the rest.
func TestFaultMatrix(t *testing.T) {
	t.Parallel() // while TestScripts waits
	expected := undisturbed(t)
	rows := make([]matrixRow, len(places)*len(theFaults)*len(often))
	if *table {
		t.Cleanup(func() { printMatrix(t, rows) })
	}
	next := 0
	for _, place := range places {
		for _, fault := range theFaults {
			for i, often := range often {
				row := &rows[next]
				next++
				t.Run(place.side+"/"+place.name+"/"+fault.Name+"/"+often.name, func(t *testing.T) {
					t.Parallel()
					synctest.Test(t, func(t *testing.T) {
						b := newFaultBench(t, fakeport.Options{})
						*row = b.meet(t, place, fault, often.times, fault.codes[place.name][i], expected)
						row.times = often.name
					})
				})
			}
		}
	}
}

// undisturbed returns what Port holds after a run that meets no fault.
func undisturbed(t *testing.T) (expected map[address]fakeport.Entity) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		b := newFaultBench(t, fakeport.Options{})
		if _, exit := b.sync(t); exit != exitDone {
			t.Fatalf("exit %d: %s", exit, b.said.String())
		}
		expected = b.entities()
	})
	if len(expected) != 3+3*20 {
		t.Fatalf("%d entities", len(expected))
	}
	return expected
}

func (b *faultBench) meet(t *testing.T, place place, fault kindOfFault, times, exit int, expected map[address]fakeport.Entity) matrixRow {
	t.Helper()
	if place.seeded {
		b.maximum = 5
		b.sync(t)
		b.maximum = 0
	}
	met := 0
	matches := func(r *http.Request) bool {
		if !place.matches(r) {
			return false
		}
		met++
		return true
	}
	if fault.refused {
		b.network.Refuse = refuseConnections(matches, times)
	} else {
		arranged := fault.Fault
		arranged.Match, arranged.Times = matches, times
		b.codecov.Faults.Add(arranged)
		b.port.Faults.Add(arranged)
	}
	started := time.Now()
	result, code := b.sync(t)
	took := time.Since(started)
	if longest := fault.patience(times); took > longest {
		t.Errorf("took %s, want %s at the most", took, longest)
	}
	account := accountFor(expected, b.entities(), result, code)
	if met == 0 {
		t.Fatal("no request met the fault")
	}
	if code != exit {
		t.Errorf("exit code %d, want %d: %s", code, exit, b.said.String())
	}
	b.check(t, account, code, len(expected), fault.lost)
	b.recover(t, expected)
	return matrixRow{side: place.side, place: place.name, fault: fault.Name, took: took, exit: code, expected: len(expected), account: account}
}

// check holds that nothing is lost and nothing named without need.
func (b *faultBench) check(t *testing.T, account account, exit, expected int, lost bool) {
	t.Helper()
	if len(account.lost) > 0 || account.inPort+account.named != expected {
		t.Errorf("%d in Port, %d named, of %d; lost %v: %s", account.inPort, account.named, expected, account.lost, b.said.String())
	}
	if complete := account.named == 0; exit == exitDone && !complete || exit != exitDone && complete && !lost {
		t.Errorf("exit code %d with %d entities missing", exit, account.named)
	}
	if len(account.needless) > 0 && !lost {
		t.Errorf("named although in Port: %v", account.needless)
	}
}

// recover takes the fault away and runs once more.
func (b *faultBench) recover(t *testing.T, expected map[address]fakeport.Entity) {
	t.Helper()
	b.codecov.Faults.Clear()
	b.port.Faults.Clear()
	b.network.Refuse, b.network.Hosts[portHost], b.entries = nil, b.port, nil
	result, code := b.sync(t)
	if account := accountFor(expected, b.entities(), result, code); code != exitDone || account.inPort != len(expected) {
		t.Errorf("without the fault: exit code %d, %d of %d in Port: %s", code, account.inPort, len(expected), b.said.String())
	}
}

func printMatrix(t *testing.T, rows []matrixRow) {
	t.Helper()
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(table, "side\tfault\twhere\tmet\tsurvived\texit\tin Port\tnamed\texpected\tall accounted for\temulated time")
	for _, row := range rows {
		_, _ = fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%d\t%d\t%d\t%d\t%s\t%s\n", row.side, row.fault, row.place, row.times, yes(row.exit == exitDone), row.exit,
			row.inPort, row.named, row.expected, yes(row.inPort+row.named == row.expected), row.took.Round(time.Second))
	}
	if err := table.Flush(); err != nil {
		t.Fatal(err)
	}
}

func yes(is bool) string {
	if is {
		return "yes"
	}
	return "no"
}
