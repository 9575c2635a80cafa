package backfill_test

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codecov-port/codecov-port/internal/backfill"
	"github.com/codecov-port/codecov-port/internal/fake/faults"
	"github.com/codecov-port/codecov-port/internal/fake/recordings"
)

// TestSelectionThatMatchesNothing writes nothing, not even blueprints.
func TestSelectionThatMatchesNothing(t *testing.T) {
	one := rows("main", recordings.Now(), 1)
	for name, test := range map[string]struct {
		selection backfill.Selection
		want      *backfill.NoMatchError // nil: the run is done
	}{
		"a name":               {backfill.Selection{Repositories: []string{"api", "appp"}}, &backfill.NoMatchError{Kind: "repository", Value: "appp", Known: []string{"api", "app"}}},
		"a glob":               {backfill.Selection{Repositories: []string{"x*"}}, &backfill.NoMatchError{Kind: "repository", Value: "x*", Known: []string{"api", "app"}}},
		"all are excluded":     {backfill.Selection{Repositories: []string{"ap*", "!a*"}}, nil},
		"an exclusion":         {backfill.Selection{Repositories: []string{"!x*"}}, nil},
		"a branch":             {backfill.Selection{Branches: []string{"mian"}}, &backfill.NoMatchError{Kind: "branch", Value: "mian", Known: []string{"main"}}},
		"a glob of branches":   {backfill.Selection{Branches: []string{"release/*"}}, &backfill.NoMatchError{Kind: "branch", Value: "release/*", Known: []string{"main"}}},
		"a glob of the past":   {backfill.Selection{Branches: []string{"release/*"}, Since: recordings.Now().AddDate(1, 0, 0)}, nil},
		"every branch":         {backfill.Selection{Branches: []string{backfill.AllBranches}}, nil},
		"a branch of the past": {backfill.Selection{Branches: []string{"main"}, Since: recordings.Now().AddDate(1, 0, 0)}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, account(t, map[string][]string{"api": one, "app": one}, "api", "app"))
			b.options.Selection = test.selection
			_, err := backfill.Run(t.Context(), b.options)
			var got *backfill.NoMatchError
			errors.As(err, &got)
			if diff := cmp.Diff(test.want, got); diff != "" || test.want == nil && err != nil {
				t.Errorf("error %v (-want +got):\n%s", err, diff)
			}
			if blueprints := b.port.Blueprints(); err != nil && len(blueprints) > 0 {
				t.Errorf("blueprints were created: %v", blueprints)
			}
		})
	}
}

// TestOneOfSeveralBranches is a failure at the end: the others are written.
func TestOneOfSeveralBranches(t *testing.T) {
	b := newBench(t, account(t, map[string][]string{"api": rows("main", recordings.Now(), 1)}, "api"))
	b.options.Selection.Branches = []string{"main", "mian", "release/*", "m*"}
	result := b.run(t)
	var got []string
	for _, failure := range result.Failures {
		got = append(got, failure.Code+": "+failure.Message)
	}
	want := []string{"no_branch: no repository has commits on branch mian", "no_branch: no repository has commits on a branch that matches release/*"}
	if diff := cmp.Diff(want, got); diff != "" || result.Complete {
		t.Errorf("complete %t, failures (-want +got):\n%s", result.Complete, diff)
	}
	if b.port.Count(history) != 1 {
		t.Errorf("%d entities of history, want 1", b.port.Count(history))
	}
}

// TestBranchesBehindTheLimit are looked up: newer branches alone may satisfy --max-commits.
func TestBranchesBehindTheLimit(t *testing.T) {
	first, others := recordings.Now(), recordings.Now().AddDate(0, 0, -1)
	accounts := account(t, map[string][]string{
		"api": rows("main", first, 2), "app": slices.Concat(rows("main", first, 1), rows("rare", others, 1)), "lib": rows("dev", first, 1), "web": rows("main", first, 1),
	}, "api", "app", "lib", "web")
	mian, typo := "no repository has commits on branch mian", "no repository has commits on branch typo"
	for patterns, want := range map[string]struct {
		repository string
		failures   []string
		lookups    int // of branches, at most
	}{
		"main typo":           {"api", []string{typo}, 1},
		"main mian":           {"*", []string{mian}, 3}, // lib was read
		"main mian rare":      {"*", []string{mian}, 3 + 3},
		"main rare":           {"*", nil, 3},
		"main dev":            {"*", nil, 0},
		"main dev x/*":        {"*", nil, 0}, // a glob would take the whole list
		"main mian typo rare": {"*", []string{mian, typo}, 3 * 3},
	} {
		for _, readers := range []int{1, 4} {
			var lookups atomic.Int64
			b := newBenchOver(t, func(next http.RoundTripper) http.RoundTripper {
				return roundTrip(func(r *http.Request) (*http.Response, error) {
					if strings.HasSuffix(r.URL.Path, "/commits") && r.URL.Query().Get("page_size") == "1" {
						lookups.Add(1)
					}
					return next.RoundTrip(r)
				})
			}, accounts)
			b.options.Readers = readers
			b.options.Selection = backfill.Selection{Repositories: []string{want.repository}, Branches: strings.Fields(patterns), MaxCommits: 1}
			var got []string
			for _, failure := range b.run(t).Failures {
				got = append(got, failure.Message)
			}
			if diff := cmp.Diff(want.failures, got); diff != "" {
				t.Errorf("--branch %s, failures (-want +got):\n%s", patterns, diff)
			}
			if asked := int(lookups.Load()); asked > want.lookups || want.failures != nil && asked == 0 {
				t.Errorf("--branch %s: %d requests to look branches up, want up to %d", patterns, asked, want.lookups)
			}
		}
	}
}

// TestBranchThatCannotBeLookedUp is not named: a repository may have it.
func TestBranchThatCannotBeLookedUp(t *testing.T) {
	b := newBench(t, account(t, map[string][]string{"api": rows("main", recordings.Now(), 1)}, "api"))
	b.options.Selection = backfill.Selection{Branches: []string{"main", "rare"}, MaxCommits: 1}
	b.codecov.Faults.Add(faults.Fault{Times: -1, Status: http.StatusForbidden, Match: func(r *http.Request) bool { return r.URL.Query().Get("page_size") == "1" }})
	if result := b.run(t); !result.Complete || b.port.Count(history) != 1 {
		t.Errorf("%d entities, failures %+v", b.port.Count(history), result.Failures)
	}
}
