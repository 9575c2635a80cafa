package backfill_test

import (
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/codecov-port/codecov-port/internal/backfill"
	fakecodecov "github.com/codecov-port/codecov-port/internal/fake/codecov"
	"github.com/codecov-port/codecov-port/internal/fake/faults"
	"github.com/codecov-port/codecov-port/pkg/mapper"
)

func TestFloodIsHeldBack(t *testing.T) {
	b := newBench(t, recorded(t, "github.acme.json"))
	b.options.MaxEntities = 1000
	_, err := backfill.Run(t.Context(), b.options)
	flood := (*backfill.FloodError)(nil)
	if !errors.As(err, &flood) {
		t.Fatalf("error %v", err)
	}
	// 1,573 commits on default branches, some of them not usable, and 53 repositories with coverage.
	if plan := flood.Plan; plan.Limit != 1000 || plan.AtLeast != 1001 || plan.UpTo < 1554 || plan.UpTo > 1700 || plan.Requests != (plan.UpTo+19)/20 {
		t.Errorf("plan %+v", plan)
	}
	if len(b.port.Blueprints()) != 0 {
		t.Errorf("blueprints %v were created", b.port.Blueprints())
	}
}

func TestFloodPassesWhenSomebodyAgrees(t *testing.T) {
	b := newBench(t, recorded(t, "github.acme.json"))
	b.options.MaxEntities = 1000
	asked := 0
	b.options.Ask = func(backfill.Plan) bool { asked++; return true }
	b.run(t)
	if asked != 1 || b.port.Count(history) != 1505 || b.port.Count(current) != 49 {
		t.Errorf("asked %d times, %d rows of history", asked, b.port.Count(history))
	}
}

// TestUpdatesPassAFlood: only what is new is held back.
func TestUpdatesPassAFlood(t *testing.T) {
	b := newBench(t, recorded(t, "github.acme.json"))
	b.options.Selection.NoHistory = true
	b.run(t)
	for _, entity := range b.port.Entities(current) {
		entity.Properties["coverage"] = "outdated"
		b.put(t, current, entity)
	}
	held := b.port.Count(history)
	b.options.Selection.NoHistory, b.options.MaxEntities = false, 1
	if _, err := backfill.Run(t.Context(), b.options); !errors.As(err, new(*backfill.FloodError)) {
		t.Fatalf("error %v", err)
	}
	updated := 0 // those of the repositories that were read until then
	for _, entity := range b.port.Entities(current) {
		if entity.Properties["coverage"] != "outdated" {
			updated++
		}
	}
	if updated == 0 || b.port.Count(history) != held {
		t.Errorf("%d updated, %d rows of history, %d before", updated, b.port.Count(history), held)
	}
}

func TestFullCatalogIsNeverRefused(t *testing.T) {
	b := newBench(t, recorded(t, "github.acme.json"))
	b.run(t)
	entries := mapper.BuiltinMapping()
	entries[1].Entity.Title = `"changed"`
	b.mapping(t, entries)
	b.options.MaxEntities = 1
	if result := b.run(t); result.Entities[1].Updated != 1505 {
		t.Errorf("entities %+v", result.Entities)
	}
}

func TestDryRunIsNeverHeldBack(t *testing.T) {
	b := newBench(t, recorded(t, "github.acme.json"))
	b.options.MaxEntities, b.options.DryRun = 1, true
	if result := b.run(t); result.Entities[1].Created != 1505 {
		t.Errorf("entities %+v", result.Entities)
	}
}

func TestPlanHeedsTheSelection(t *testing.T) {
	for name, test := range map[string]struct {
		selection backfill.Selection
		most      int
	}{
		"no history":   {backfill.Selection{NoHistory: true}, 53},
		"all branches": {backfill.Selection{Branches: []string{"*"}}, 2201 + 60}, // --branch also reads repositories without coverage,
		"max commits":  {backfill.Selection{MaxCommits: 2}, 3 * 53},
	} {
		b := newBench(t, recorded(t, "github.acme.json"))
		b.options.Selection, b.options.MaxEntities = test.selection, 1
		_, err := backfill.Run(t.Context(), b.options)
		flood := (*backfill.FloodError)(nil)
		if !errors.As(err, &flood) || flood.Plan.UpTo > test.most || flood.Plan.UpTo < 53 {
			t.Errorf("%s: %+v, want up to %d", name, err, test.most)
		}
	}
}

// TestStopAtTheQuestion: Ctrl-C is a no to the question, and more than that.
func TestStopAtTheQuestion(t *testing.T) {
	b := newBench(t, staying(t))
	b.options.MaxEntities, b.options.Readers = 1, 1
	for range 50 {
		stop := make(chan struct{})
		b.options.Stop = stop
		b.options.Ask = func(backfill.Plan) bool {
			close(stop)
			return false
		}
		result := b.run(t)
		if !result.Interrupted || result.NotWritten < 2 || len(result.Failures) > 0 || len(b.port.Blueprints()) > 0 {
			t.Fatalf("interrupted %v, %d held back, failures %v", result.Interrupted, result.NotWritten, result.Failures)
		}
	}
}

// TestPlanWithADeadCodecov: the one who is asked does not wait for each repository's attempts.
func TestPlanWithADeadCodecov(t *testing.T) {
	for name, fault := range map[string]faults.Fault{"silent": {Kind: faults.Hang}, "down": {Status: 503}, "busy": {Status: 429}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newMemoryBench(t, fakecodecov.Synthetic(fakecodecov.SyntheticOptions{Owner: "acme", Repositories: 60, CommitsPerRepository: 5}))
				b.options.Yes, b.options.MaxEntities, b.options.Readers = false, 1, 1 // those who wait at the gate would stop the clock
				fault.Times, fault.Match = -1, func(r *http.Request) bool { return r.URL.Query().Get("page_size") == "1" }
				b.codecov.Faults.Add(fault)
				started := time.Now()
				flood := (*backfill.FloodError)(nil)
				if _, err := backfill.Run(t.Context(), b.options); !errors.As(err, &flood) || flood.Plan.AtLeast != 2 {
					t.Errorf("error %v", err)
				}
				if took := time.Since(started); took > 10*time.Minute {
					t.Errorf("it ended after %s", took)
				}
			})
		})
	}
}
