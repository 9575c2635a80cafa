package backfill_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"reflect"
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
	"github.com/codecov-port/codecov-port/pkg/mapper"
)

// relate adds blueprints with a relation of coverage to services, some of which exist, and a mapping that fills it.
func (b *bench) relate(t *testing.T, relation, expression string, services ...string) {
	t.Helper()
	for _, blueprint := range []string{
		`{"identifier":"service","title":"Service","schema":{"properties":{},"required":[]},"relations":{}}`,
		`{"identifier":"coverage","title":"Coverage","schema":{"properties":{},"required":[]},"relations":{"service":` + relation + `}}`,
	} {
		if err := b.port.PutBlueprint(json.RawMessage(blueprint)); err != nil {
			t.Fatal(err)
		}
	}
	for _, service := range services {
		if err := b.port.PutEntity("service", fakeport.Entity{Identifier: service}); err != nil {
			t.Fatal(err)
		}
	}
	b.mapping(t, []mapper.Entry{{Blueprint: "coverage", Entity: mapper.EntityTemplate{
		Identifier: ".body.repo.name", Relations: map[string]string{"service": expression},
	}}})
}

const (
	toOne      = `{"title":"Service","target":"service","required":false,"many":false}`
	toMany     = `{"title":"Service","target":"service","required":false,"many":true}`
	toRequired = `{"title":"Service","target":"service","required":true,"many":false}`
)

// TestRelationToMissingEntities costs no entity: it is written without what Port doesn't have, counted and named.
func TestRelationToMissingEntities(t *testing.T) {
	for name, test := range map[string]struct {
		relation, expression string
		want                 any // the relation of app, the only service being app
		counts               []backfill.Relation
		failures             int
	}{
		"one":      {toOne, ".body.repo.name", "app", []backfill.Relation{{"coverage", "service", "service", 1, 1, []string{"acme/lib"}}}, 0},
		"none":     {toOne, `"gone"`, nil, []backfill.Relation{{"coverage", "service", "service", 0, 2, []string{"acme/app", "acme/lib"}}}, 0},
		"many":     {toMany, `[.body.repo.name, "gone"]`, []any{"app"}, []backfill.Relation{{"coverage", "service", "service", 0, 2, []string{"acme/app", "acme/lib"}}}, 0},
		"null":     {toOne, "null", nil, []backfill.Relation{}, 0},
		"required": {toRequired, ".body.repo.name", "app", []backfill.Relation{}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			one := []string{commit("one", "2026-11-03T00:00:00Z", ann, ninety)}
			b := newBench(t, account(t, map[string][]string{"app": one, "lib": one}, "app", "lib"))
			b.relate(t, test.relation, test.expression, "app")
			result := b.run(t)
			if got := b.entity(t, "coverage", "app").Relations["service"]; !reflect.DeepEqual(got, test.want) {
				t.Errorf("app relates to %v, want %v", got, test.want)
			}
			if !reflect.DeepEqual(result.Relations, test.counts) || len(result.Failures) != test.failures {
				t.Errorf("relations %+v, want %+v; failures %+v", result.Relations, test.counts, result.Failures)
			}
			if result := b.run(t); test.failures == 0 && result.Entities[0].Unchanged != 2 {
				t.Errorf("second run: %+v, want 2 unchanged", result.Entities)
			}
		})
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// TestRelatedEntitiesAreLookedForTogether: what readers ask for while Port answers is one search, and nothing else of the blueprint is read.
func TestRelatedEntitiesAreLookedForTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var searches atomic.Int64
		slow := func(next http.RoundTripper) http.RoundTripper {
			return roundTripper(func(r *http.Request) (*http.Response, error) {
				if strings.HasSuffix(r.URL.Path, "/service/entities/search") {
					searches.Add(1)
					body, _ := io.ReadAll(r.Body)
					if r.Body = io.NopCloser(bytes.NewReader(body)); !strings.Contains(string(body), `"operator":"in"`) {
						t.Errorf("searched for %s, want a search for identifiers", body)
					}
					time.Sleep(time.Second)
				}
				return next.RoundTrip(r)
			})
		}
		const repositories = 300
		b := newMemoryBenchOver(t, slow, fakecodecov.Synthetic(fakecodecov.SyntheticOptions{Owner: "acme", Repositories: repositories, CommitsPerRepository: 3}))
		b.options.Readers = 50
		b.relate(t, toOne, ".body.repo.name")
		result := b.run(t)
		want := backfill.Relation{Blueprint: "coverage", Relation: "service", Target: "service", Unrelated: repositories}
		if len(result.Relations) != 1 || len(result.Relations[0].Repositories) != repositories {
			t.Fatalf("relations %+v", result.Relations)
		}
		want.Repositories = result.Relations[0].Repositories
		if got := result.Relations[0]; !reflect.DeepEqual(got, want) {
			t.Errorf("relation %+v, want %+v", got, want)
		}
		if searches.Load() > 2*repositories/50 {
			t.Errorf("%d searches for %d services", searches.Load(), repositories)
		}
	})
}

// TestServicesThatCannotBeRead are taken to exist: Port decides.
func TestServicesThatCannotBeRead(t *testing.T) {
	one := []string{commit("one", "2026-11-03T00:00:00Z", ann, ninety)}
	b := newBench(t, account(t, map[string][]string{"app": one}, "app"))
	b.relate(t, toOne, ".body.repo.name", "app")
	b.port.Faults.Add(faults.Fault{Times: -1, Status: http.StatusForbidden, Body: `{"ok":false,"error":"forbidden","message":"no"}`,
		Match: func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/service/entities/search") }})
	if result := b.run(t); !result.Complete || b.entity(t, "coverage", "app").Relations["service"] != "app" {
		t.Errorf("entity %+v; failures %+v", b.entity(t, "coverage", "app"), result.Failures)
	}
}

// TestBlueprintsComeWithTheFirstEntity: a run without entities creates none.
func TestBlueprintsComeWithTheFirstEntity(t *testing.T) {
	b := newBench(t, account(t, map[string][]string{"app": {commit("one", "2020-11-03T00:00:00Z", ann, ninety)}}, "app"))
	for _, yes := range []bool{false, true} {
		b.options.Yes, b.options.Selection.Since = yes, recordings.Now()
		if result := b.run(t); len(result.CreatedBlueprints)+len(b.port.Blueprints()) > 0 {
			t.Errorf("yes %t: created %v", yes, result.CreatedBlueprints)
		}
	}
}

// TestPlanOfADryRun names the requests, and more new entities than are created without asking.
func TestPlanOfADryRun(t *testing.T) {
	for limit, needs := range map[int]bool{41: true, 42: false} {
		b := newBench(t, account(t, map[string][]string{"app": rows("main", recordings.Now(), 41)}, "app"))
		b.options.DryRun, b.options.MaxEntities = true, limit
		plan := b.run(t).Plan
		if want := (backfill.DryRunPlan{Requests: 4, MaxEntities: limit, NeedsConfirmation: needs}); plan == nil || *plan != want {
			t.Errorf("plan %+v, want %+v", plan, want)
		}
		b.options.DryRun = false
		if _, err := backfill.Run(t.Context(), b.options); (err != nil) != needs {
			t.Errorf("limit %d: the real run ends with %v", limit, err)
		}
		if b.options.Yes, b.options.DryRun = true, true; b.run(t).Plan.NeedsConfirmation {
			t.Error("with --yes, the plan needs a confirmation")
		}
	}
}
