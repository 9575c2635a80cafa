package backfill_test

import (
	"testing"

	"github.com/codecov-port/codecov-port/pkg/codecov/codecovtest"
	"github.com/codecov-port/codecov-port/pkg/port"
	"github.com/codecov-port/codecov-port/pkg/port/porttest"
)

func pages(rows, page int) int { return (rows + page - 1) / page }

// TestRequestsAreAtTheirMinimum counts what docs/performance.md computes.
func TestRequestsAreAtTheirMinimum(t *testing.T) {
	const repositories, inactiveEvery, commits, page = 45, 5, 130, 64
	const active = repositories - repositories/inactiveEvery
	b := newBench(t, codecovtest.Synthetic(codecovtest.SyntheticOptions{
		Owner: "acme", Repositories: repositories, InactiveEvery: inactiveEvery, CommitsPerRepository: commits,
	}))
	b.pageSize(t, page)

	b.run(t)
	source := b.codecov.Requests()
	if got, want := source.ByKind[codecovtest.Repositories], pages(repositories, page); got != want {
		t.Errorf("%d requests for repositories, want %d", got, want)
	}
	if got, want := source.ByKind[codecovtest.Commits], active*pages(commits, page); got != want {
		t.Errorf("%d requests for commits, want %d", got, want)
	}
	catalog := b.port.Requests()
	for kind, want := range map[porttest.Kind]int{
		porttest.Token:         1,
		porttest.BlueprintRead: 2,
		porttest.Search:        0, // the blueprints were not there
		porttest.Bulk:          pages(active, port.MaxBulkEntities) + pages(active*commits, port.MaxBulkEntities),
	} {
		if got := catalog.ByKind[kind]; got != want {
			t.Errorf("first run: %d requests of kind %s, want %d", got, kind, want)
		}
	}

	b.port.ResetCounts()
	b.run(t)
	catalog = b.port.Requests()
	for kind, want := range map[porttest.Kind]int{
		porttest.BlueprintRead:   2,
		porttest.BlueprintCreate: 0,
		porttest.Search:          pages(active, port.MaxSearchPage) + pages(active*commits, port.MaxSearchPage),
		porttest.Bulk:            0,
	} {
		if got := catalog.ByKind[kind]; got != want {
			t.Errorf("second run: %d requests of kind %s, want %d", got, kind, want)
		}
	}
}
