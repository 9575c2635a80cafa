package backfill_test

import (
	"testing"

	fakecodecov "github.com/codecov-port/codecov-port/internal/fake/codecov"
	fakeport "github.com/codecov-port/codecov-port/internal/fake/port"
	"github.com/codecov-port/codecov-port/pkg/port"
)

func pages(rows, page int) int { return (rows + page - 1) / page }

// TestRequestsAreAtTheirMinimum counts what docs/performance.md computes.
func TestRequestsAreAtTheirMinimum(t *testing.T) {
	const repositories, inactiveEvery, commits, page = 45, 5, 130, 64
	const active = repositories - repositories/inactiveEvery
	b := newBench(t, fakecodecov.Synthetic(fakecodecov.SyntheticOptions{
		Owner: "acme", Repositories: repositories, InactiveEvery: inactiveEvery, CommitsPerRepository: commits,
	}))
	b.pageSize(t, page)

	b.run(t)
	source := b.codecov.Requests()
	if got, want := source.ByKind[fakecodecov.Repositories], pages(repositories, page); got != want {
		t.Errorf("%d requests for repositories, want %d", got, want)
	}
	if got, want := source.ByKind[fakecodecov.Commits], active*pages(commits, page); got != want {
		t.Errorf("%d requests for commits, want %d", got, want)
	}
	catalog := b.port.Requests()
	for kind, want := range map[fakeport.Kind]int{
		fakeport.Token:         1,
		fakeport.BlueprintRead: 2,
		fakeport.Search:        0, // the blueprints were not there
		fakeport.Bulk:          pages(active, port.MaxBulkEntities) + pages(active*commits, port.MaxBulkEntities),
	} {
		if got := catalog.ByKind[kind]; got != want {
			t.Errorf("first run: %d requests of kind %s, want %d", got, kind, want)
		}
	}

	b.port.ResetCounts()
	b.run(t)
	catalog = b.port.Requests()
	for kind, want := range map[fakeport.Kind]int{
		fakeport.BlueprintRead:   2,
		fakeport.BlueprintCreate: 0,
		fakeport.Search:          pages(active, port.MaxSearchPage) + pages(active*commits, port.MaxSearchPage),
		fakeport.Bulk:            0,
	} {
		if got := catalog.ByKind[kind]; got != want {
			t.Errorf("second run: %d requests of kind %s, want %d", got, kind, want)
		}
	}
}
