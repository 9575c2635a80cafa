package backfill_test

import (
	"flag"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/codecov-port/codecov-port/internal/backfill"
	fakecodecov "github.com/codecov-port/codecov-port/internal/fake/codecov"
	"github.com/codecov-port/codecov-port/internal/fake/faults"
	fakeport "github.com/codecov-port/codecov-port/internal/fake/port"
	"github.com/codecov-port/codecov-port/internal/fake/recordings"
	"github.com/codecov-port/codecov-port/pkg/codecov"
	"github.com/codecov-port/codecov-port/pkg/mapper"
	"github.com/codecov-port/codecov-port/pkg/port"
)

var soak = flag.Int("soak", 10_000, "commits that TestSoak brings in")

const (
	soakSeed = 6
	soakRate = 0.02 // of the requests
)

// newMemoryBench is newBench on a network in memory, for a synctest bubble: no wait takes real time. Requests are not
// held to Port's contract.
func newMemoryBench(t testing.TB, account fakecodecov.Account) *bench {
	t.Helper()
	return newMemoryBenchOver(t, func(rt http.RoundTripper) http.RoundTripper { return rt }, account)
}

// newMemoryBenchOver is newMemoryBench with a network that wraps the other.
func newMemoryBenchOver(t testing.TB, wrap func(http.RoundTripper) http.RoundTripper, account fakecodecov.Account) *bench {
	t.Helper()
	b := &bench{
		codecov: fakecodecov.New(fakecodecov.Options{Accounts: []fakecodecov.Account{account}, Tokens: map[string]fakecodecov.Access{token: {}}}),
		port:    fakeport.New(fakeport.Options{}),
	}
	network := wrap(faults.Network{Hosts: map[string]http.Handler{"codecov.test": b.codecov, "port.test": b.port}})
	source, err := codecov.NewClient(codecov.Options{BaseURL: "https://codecov.test/api/v2", Token: token, Service: "github", PageSize: 64, Transport: network})
	if err != nil {
		t.Fatal(err)
	}
	catalog, err := port.NewClient(port.Options{
		BaseURL: "https://port.test", ClientID: fakeport.DefaultClientID, ClientSecret: fakeport.DefaultClientSecret, Transport: network,
	})
	if err != nil {
		t.Fatal(err)
	}
	b.options = backfill.Options{
		Codecov: source, Port: catalog, Owners: []string{account.Owner.Username}, AppURL: "https://app.codecov.io",
		Blueprints: mapper.BuiltinBlueprints(), Now: recordings.Now(), Yes: true,
	}
	b.mapping(t, mapper.BuiltinMapping())
	return b
}

// passingFaults are the ways in which a request fails that may succeed when it is sent again. lost counts the bulk
// requests that took effect and whose answer was lost.
func passingFaults(lost *atomic.Int64) []faults.Fault {
	kinds := []faults.Fault{
		{Kind: faults.Reset},
		{Kind: faults.Reset, Effect: true},
		{Kind: faults.Cut},
		{Kind: faults.Truncate},
		{Kind: faults.Hang},
		{Kind: faults.Hang, Effect: true},
		{Status: 200, Body: "<!doctype html><title>Sign in</title>"},
		{Status: 200, Body: ""},
		{Status: 408}, {Status: 429}, {Status: 502}, {Status: 503}, {Status: 504},
		{Status: 429, Header: http.Header{"Retry-After": {"7200"}}},
		{Status: 500, Body: `{"error":"Server Error (500)"}`},
	}
	for i, kind := range kinds {
		if kind.Effect || kind.Kind == faults.Cut || kind.Kind == faults.Truncate {
			kinds[i].Match = func(r *http.Request) bool {
				if strings.HasSuffix(r.URL.Path, "/entities/bulk") {
					lost.Add(1)
				}
				return true
			}
		}
	}
	return kinds
}

// TestSoak brings an account in while one request in fifty fails, in ways drawn from a fixed seed: all of it arrives,
// and no entity is sent twice but where an answer was lost. A goroutine that is left would end the bubble in a panic.
func TestSoak(t *testing.T) {
	const perRepository = 500
	repositories := *soak / perRepository
	synctest.Test(t, func(t *testing.T) {
		b := newMemoryBench(t, fakecodecov.Synthetic(fakecodecov.SyntheticOptions{Owner: "acme", Repositories: repositories, CommitsPerRepository: perRepository}))
		var lost atomic.Int64
		b.codecov.Faults.Randomly(soakSeed, soakRate, passingFaults(new(atomic.Int64))...)
		b.port.Faults.Randomly(soakSeed, soakRate, passingFaults(&lost)...)
		result := b.run(t)
		b.checkSoak(t, result, repositories, repositories*perRepository, int(lost.Load()))
		t.Logf("%d requests to Codecov (%d failed), %d to Port (%d failed), %s of emulated time",
			result.Requests.Codecov.Requests, b.codecov.Faults.Met(), result.Requests.Port.Requests, b.port.Faults.Met(), time.Duration(result.Duration))

		b.codecov.Faults.Clear()
		b.port.Faults.Clear()
		b.port.ResetCounts()
		if result := b.run(t); !result.Complete || b.port.Requests().EntitiesReceived != 0 {
			t.Errorf("a second run sends %d entities: what arrived is not what was to arrive", b.port.Requests().EntitiesReceived)
		}
	})
}

func (b *bench) checkSoak(t *testing.T, result *backfill.Result, repositories, commits, lost int) {
	t.Helper()
	if !result.Complete {
		t.Errorf("%d failures, the first: %+v", len(result.Failures), result.Failures[0])
	}
	if got := [2]int{b.port.Count(current), b.port.Count(history)}; got != [2]int{repositories, commits} {
		t.Errorf("Port holds %v, want %d and %d", got, repositories, commits)
	}
	needed := repositories + commits
	if got := b.port.Requests().EntitiesReceived; got < needed || got > needed+lost*port.MaxBulkEntities {
		t.Errorf("Port received %d entities, want %d and at most %d more for each of %d lost answers", got, needed, port.MaxBulkEntities, lost)
	}
	if b.codecov.Faults.Met() == 0 || b.port.Faults.Met() == 0 {
		t.Error("no request met a fault")
	}
}

// TestServerThatAsksForHoursIsToldWithinMinutes: from some moment on, one side answers everything by asking to wait. Many
// requests are under way by then, and many more queue for their turn. The run ends all the same, and nothing is lost.
func TestServerThatAsksForHoursIsToldWithinMinutes(t *testing.T) {
	const repositories, perRepository = 60, 40
	reading := func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/commits") }
	writing := func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/entities/bulk") }
	for name, test := range map[string]struct {
		matches func(*http.Request) bool
		from    int64 // the first such request that is asked to wait
	}{
		"codecov, from the start": {matches: reading, from: 1},
		"codecov, in mid-run":     {matches: reading, from: repositories / 2},
		"port, from the start":    {matches: writing, from: 1},
		"port, in mid-run":        {matches: writing, from: repositories * perRepository / port.MaxBulkEntities / 2},
	} {
		for _, header := range []http.Header{
			{"Retry-After": {"7200"}}, {"Retry-After": {"60"}}, {"Retry-After": {"1"}}, {"X-Ratelimit-Reset": {"120"}},
			{"X-Ratelimit-Limit": {"100"}, "X-Ratelimit-Period": {"60"}, "X-Ratelimit-Remaining": {"0"}, "X-Ratelimit-Reset": {"60"}},
		} {
			t.Run(fmt.Sprintf("%s, %v", name, header), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					b := newMemoryBench(t, fakecodecov.Synthetic(fakecodecov.SyntheticOptions{Owner: "acme", Repositories: repositories, CommitsPerRepository: perRepository}))
					var seen atomic.Int64
					fault := faults.Fault{Times: -1, Status: http.StatusTooManyRequests, Header: header, Match: func(r *http.Request) bool {
						return test.matches(r) && seen.Add(1) >= test.from
					}}
					b.codecov.Faults.Add(fault)
					b.port.Faults.Add(fault)
					result := b.run(t)
					t.Logf("%s, %d requests", time.Duration(result.Duration), seen.Load())
					if time.Duration(result.Duration) > 15*time.Minute || result.Complete {
						t.Errorf("it took %s, with %d failures", time.Duration(result.Duration), len(result.Failures))
					}
					b.checkAccount(t, result, repositories, perRepository)
				})
			})
		}
	}
}

// checkAccount holds that each commit of the synthetic account is in Port or is named, by itself or with its repository.
func (b *bench) checkAccount(t *testing.T, result *backfill.Result, repositories, perRepository int) {
	t.Helper()
	named, whole := make(map[string]int), make(map[string]bool)
	for _, failure := range result.Failures {
		switch failure.Blueprint {
		case "":
			whole[failure.Repository] = true
		case history:
			named[failure.Repository]++
		}
	}
	for _, entity := range b.port.Entities(history) {
		repository, _, _ := strings.Cut(entity.Identifier, "@")
		named[repository]++
	}
	for repository, count := range named {
		if count != perRepository && !whole[repository] {
			t.Errorf("%s: %d of %d commits are in Port or named", repository, count, perRepository)
		}
		whole[repository] = true
	}
	if len(whole) != repositories {
		t.Errorf("%d of %d repositories are in Port or named", len(whole), repositories)
	}
}
