package backfill_test

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/codecov-port/codecov-port/internal/backfill"
	fakecodecov "github.com/codecov-port/codecov-port/internal/fake/codecov"
	"github.com/codecov-port/codecov-port/internal/fake/faults"
	"github.com/codecov-port/codecov-port/pkg/mapper"
)

func isSearch(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/entities/search") }

// TestCommitsAreReadWhilePortIsReadBack compares them when Port has been read: nothing is claimed or written before.
func TestCommitsAreReadWhilePortIsReadBack(t *testing.T) {
	for _, yes := range []bool{false, true} {
		b := newBench(t, staying(t))
		b.run(t)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute) // only if no commit is read
		defer cancel()
		b.connect(t, staying(t), func(next http.RoundTripper) http.RoundTripper {
			return &heldBack{next: next, until: make(chan struct{}), waits: isSearch, happens: func(r *http.Request) bool {
				return strings.HasSuffix(r.URL.Path, "/commits")
			}}
		})
		b.mapping(t, mapper.BuiltinMapping())
		b.options.Yes = yes
		result, err := backfill.Run(ctx, b.options)
		if err != nil || !result.Complete || result.Entities[0].Unchanged != len(stays) || result.Entities[1].Unchanged != len(stays) {
			t.Errorf("yes %t: error %v, entities %+v", yes, err, result.Entities)
		}
	}
}

// TestPortThatCannotBeReadBack ends the run before anything is written, and no repository is named for it.
func TestPortThatCannotBeReadBack(t *testing.T) {
	for name, test := range map[string]struct {
		dropped  []string // repositories of the selection
		branches []string
		list     fakecodecov.Poison // of one repository
	}{
		"every repository":       {},
		"a repository of Port":   {dropped: []string{"gone"}},
		"a branch without match": {branches: []string{"mian"}},
		"a list that stops":      {list: fakecodecov.Unreadable},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, staying(t))
			b.poison(t, "three", test.list)
			blueprint := `{"identifier":"codecov_coverage","title":"Coverage","schema":{"properties":{"repository":{"type":"string"}},"required":[]},"relations":{}}`
			if err := b.port.PutBlueprint(json.RawMessage(blueprint)); err != nil {
				t.Fatal(err)
			}
			b.port.Faults.Add(faults.Fault{Times: -1, Status: http.StatusForbidden, Body: `{"ok":false,"error":"forbidden","message":"no"}`, Match: isSearch})
			b.options.Yes, b.options.Selection = true, backfill.Selection{Repositories: test.dropped, Branches: test.branches}
			result, err := backfill.Run(t.Context(), b.options)
			if err == nil || !strings.Contains(err.Error(), "read back the entities of codecov_coverage") {
				t.Errorf("error %v", err)
			}
			if len(result.Failures) > 0 || !slices.Equal(b.port.Blueprints(), []string{current}) || b.port.Count(current) > 0 {
				t.Errorf("failures %+v, blueprints %v, %d entities", result.Failures, b.port.Blueprints(), b.port.Count(current))
			}
		})
	}
}
