package main

import (
	"bytes"
	"context"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codecov-port/codecov-port/internal/backfill"
	fakecodecov "github.com/codecov-port/codecov-port/internal/fake/codecov"
	"github.com/codecov-port/codecov-port/internal/fake/faults"
	fakeport "github.com/codecov-port/codecov-port/internal/fake/port"
	"github.com/codecov-port/codecov-port/internal/fake/recordings"
	"github.com/codecov-port/codecov-port/internal/terminal"
	"github.com/codecov-port/codecov-port/pkg/codecov"
	"github.com/codecov-port/codecov-port/pkg/mapper"
	"github.com/codecov-port/codecov-port/pkg/port"
)

const (
	stateBlueprint   = "codecov_coverage"
	historyBlueprint = "codecov_commit_coverage"
)

// synthetic is a small account: 3 repositories with 20 commits each, and one without coverage. Read in pages of 8, it
// takes several requests of each kind.
func synthetic() fakecodecov.Account {
	return fakecodecov.Synthetic(fakecodecov.SyntheticOptions{Owner: "acme", Repositories: 4, InactiveEvery: 4, CommitsPerRepository: 20})
}

// faultBench is both emulators on a network in memory: under synctest, no back-off and no time-out takes real time.
type faultBench struct {
	codecov  *fakecodecov.Server
	port     *fakeport.Server
	network  faults.Network
	entries  []mapper.Entry // the mapping; nil: auto, as sync has it
	maximum  int            // commits a repository; 0: all
	streamed bool           // --yes
	said     bytes.Buffer   // what the last run wrote
}

func newFaultBench(t *testing.T, options fakeport.Options) *faultBench {
	t.Helper()
	b := &faultBench{
		codecov: fakecodecov.New(fakecodecov.Options{Accounts: []fakecodecov.Account{synthetic()}, Tokens: map[string]fakecodecov.Access{scriptToken: {}}}),
		port:    fakeport.New(options),
	}
	b.network.Hosts = map[string]http.Handler{"codecov.test": b.codecov, "port.test": b.port}
	return b
}

// sync runs the command's work and returns its result, nil if it ended before the run, and its exit code.
func (b *faultBench) sync(t *testing.T) (*backfill.Result, int) {
	t.Helper()
	source, err := codecov.NewClient(codecov.Options{BaseURL: "https://codecov.test/api/v2", Token: scriptToken, Service: "github", PageSize: 8, Transport: b.network})
	if err != nil {
		t.Fatal(err)
	}
	catalog, err := port.NewClient(port.Options{BaseURL: "https://port.test", ClientID: fakeport.DefaultClientID, ClientSecret: fakeport.DefaultClientSecret, Transport: b.network})
	if err != nil {
		t.Fatal(err)
	}
	b.said.Reset()
	run := syncRun{
		settings: settings{codecov: codecov.Options{Service: "github"}, owners: []string{"acme"}},
		streams:  &terminal.Streams{In: strings.NewReader(""), Out: &b.said, Err: &b.said},
		webhook:  newWebhookReader(t.Context(), catalog),
		syncFlags: syncFlags{options: backfill.Options{
			Codecov: source, Port: catalog, Owners: []string{"acme"}, AppURL: cloudApp, Blueprints: mapper.BuiltinBlueprints(), Now: recordings.Now(),
			Selection: backfill.Selection{MaxCommits: b.maximum}, Yes: b.streamed,
		}},
	}
	result, err := b.run(t.Context(), &run)
	if err != nil {
		printMessage(&terminal.Streams{Err: &b.said}, terminal.Red, "error:", err.Error())
	}
	return result, exitCode(err)
}

func (b *faultBench) run(ctx context.Context, run *syncRun) (result *backfill.Result, err error) {
	if b.entries != nil {
		run.options.Mapping, err = mapper.Compile(b.entries, mapper.Options{Now: recordings.Now()})
	} else {
		run.options.Mapping, err = chooseMapping(mapper.Choice{Name: mapper.ChoiceAuto}, run.webhook, nil, mapper.Options{Now: recordings.Now()}, run.streams)
	}
	if err != nil {
		return nil, explain(ctx, err, run.settings, run.options.Codecov)
	}
	result, err = backfill.Run(ctx, run.options)
	return result, run.finish(ctx, result, err)
}

// address names an entity in Port.
type address struct{ blueprint, identifier string }

// entities returns all that Port holds.
func (b *faultBench) entities() map[address]fakeport.Entity {
	all := make(map[address]fakeport.Entity)
	for _, blueprint := range []string{stateBlueprint, historyBlueprint} {
		for _, entity := range b.port.Entities(blueprint) {
			all[address{blueprint, entity.Identifier}] = entity
		}
	}
	return all
}

// account is where each expected entity is after a run.
type account struct {
	inPort, named int // named: and not in Port
	lost          []address
	needless      []address // named, and in Port nevertheless
}

// accountFor holds what is in Port and what the result names against what was to be expected. A repository that is
// named stands for all entities of its own; an error that ended the run before anything was written stands for all.
func accountFor(expected, held map[address]fakeport.Entity, result *backfill.Result, exit int) account {
	var a account
	repositories, entities := make(map[string]bool), make(map[address]bool)
	if result != nil {
		for _, failure := range result.Failures {
			if failure.Blueprint == "" {
				repositories[failure.Repository] = true
			} else {
				entities[address{failure.Blueprint, failure.Identifier}] = true
			}
		}
	}
	endedUnwritten := exit != exitDone && exit != exitPartial && len(repositories)+len(entities) == 0 && (result == nil || written(result) == 0)
	for at, want := range expected {
		repository, _, _ := strings.Cut(at.identifier, "@")
		switch {
		case cmp.Equal(want, held[at]):
			a.inPort++
			if entities[at] {
				a.needless = append(a.needless, at)
			}
		case entities[at], repositories[repository], endedUnwritten:
			a.named++
		default:
			a.lost = append(a.lost, at)
		}
	}
	return a
}

func written(result *backfill.Result) (count int) {
	for _, entities := range result.Entities {
		count += entities.Created + entities.Updated
	}
	return count
}

// refuseConnections lets so many connections be refused; a negative number is every one.
func refuseConnections(matches func(*http.Request) bool, times int) func(*http.Request) bool {
	var mu sync.Mutex
	return func(r *http.Request) bool {
		mu.Lock()
		defer mu.Unlock()
		if times == 0 || !matches(r) {
			return false
		}
		times--
		return true
	}
}

// entitiesOf returns what Port holds.
func entitiesOf(catalog *fakeport.Server) map[address]fakeport.Entity {
	return (&faultBench{port: catalog}).entities()
}
