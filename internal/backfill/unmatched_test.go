package backfill_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codecov-port/codecov-port/internal/backfill"
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
