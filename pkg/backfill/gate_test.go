package backfill_test

import (
	"errors"
	"testing"

	"github.com/codecov-port/codecov-port/pkg/backfill"
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

func TestFullCatalogIsNeverRefused(t *testing.T) {
	b := newBench(t, recorded(t, "github.acme.json"))
	b.run(t)
	b.options.MaxEntities, b.options.Force = 1, true
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
