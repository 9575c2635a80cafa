package backfill_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codecov-port/codecov-port/internal/backfill"
	"github.com/codecov-port/codecov-port/internal/fake/recordings"
)

// withBranches answers the list of branches, which the fake Codecov does not have.
type withBranches struct{ next http.RoundTripper }

func (w withBranches) RoundTrip(r *http.Request) (*http.Response, error) {
	if !strings.HasSuffix(r.URL.Path, "/branches") {
		return w.next.RoundTrip(r)
	}
	const body = `{"count":3,"next":null,"previous":null,"total_pages":1,"results":[
		{"name":"fork:main","updatestamp":"2026-10-03T00:00:00Z"},
		{"name":"develop","updatestamp":"2026-10-02T00:00:00Z"},
		{"name":"old","updatestamp":"2026-10-01T00:00:00Z"}]}`
	return &http.Response{
		StatusCode: http.StatusOK, Request: r, Body: io.NopCloser(strings.NewReader(body)),
		Header: http.Header{"Content-Type": {"application/json"}},
	}, nil
}

// TestDefaultBranchWithoutCommits is named, with the branch that was updated last.
func TestDefaultBranchWithoutCommits(t *testing.T) {
	b := newBenchOver(t, func(next http.RoundTripper) http.RoundTripper { return withBranches{next} },
		account(t, map[string][]string{"api": rows("develop", recordings.Now(), 1), "app": rows("main", recordings.Now(), 1)}, "api", "app"))
	want := []backfill.EmptyBranch{{Owner: "acme", Repository: "api", Branch: "main", Newest: "develop"}}
	result := b.run(t)
	if diff := cmp.Diff(want, result.EmptyDefaultBranches); diff != "" {
		t.Errorf("empty default branches (-want +got):\n%s", diff)
	}
	b.options.Selection.Branches = []string{"develop", "main"}
	if result := b.run(t); len(result.EmptyDefaultBranches) > 0 || result.Repositories.Read != 2 {
		t.Errorf("with selected branches: %v", result.EmptyDefaultBranches)
	}
}
