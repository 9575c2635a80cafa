package backfill_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/codecov-port/codecov-port/internal/backfill"
	"github.com/codecov-port/codecov-port/internal/fake/faults"
	"github.com/codecov-port/codecov-port/pkg/port"
)

// asksOther reports whether a request is for a repository's second branch: its first one has been replayed by then.
func asksOther(repository string) func(*http.Request) bool {
	return func(r *http.Request) bool {
		return strings.Contains(r.URL.Path, "/"+repository+"/") && r.URL.Query().Get("branch") == "other"
	}
}

// backwards is a bench of repositories that all return the same identifiers, and are read from the last to the first.
func backwards(t *testing.T, names ...string) *bench {
	t.Helper()
	commits := make(map[string][]string)
	for _, name := range names {
		for i := range port.MaxBulkEntities {
			commits[name] = append(commits[name], commit(fmt.Sprintf("c%02d", i), fmt.Sprintf("2026-11-03T00:00:%02dZ", 59-i), ann, ninety))
		}
	}
	b := newBenchOver(t, func(network http.RoundTripper) http.RoundTripper {
		for i, name := range names[1:] {
			waiting := "/" + names[i] + "/"
			network = &heldBack{
				next: network, until: make(chan struct{}), happens: asksOther(name),
				waits: func(r *http.Request) bool { return strings.Contains(r.URL.Path, waiting) },
			}
		}
		return network
	}, account(t, commits, names...))
	b.mapping(t, family)
	b.options.Selection.Branches = []string{"main", "other"}
	return b
}

// TestStopLeavesWhatWasTakenOverBehindTheGate: nothing new is written, and nothing counts twice.
func TestStopLeavesWhatWasTakenOverBehindTheGate(t *testing.T) {
	b := backwards(t, "app-one", "app-two")
	stop := make(chan struct{})
	b.options.Stop = stop
	b.codecov.Faults.Add(faults.Fault{Kind: faults.Hang, Match: func(r *http.Request) bool {
		if !asksOther("app-one")(r) {
			return false
		}
		close(stop)
		return true
	}})
	result := b.run(t)
	if !result.Interrupted || result.NotWritten != port.MaxBulkEntities || len(b.port.Blueprints()) > 0 {
		t.Errorf("interrupted %t, %d held back, blueprints %v", result.Interrupted, result.NotWritten, b.port.Blueprints())
	}
	for _, failure := range result.Failures {
		if failure.Code != backfill.CodeTaken {
			t.Errorf("failure %+v", failure)
		}
	}
}

// TestWhatWasTakenOverIsNamedWhereTheGateStaysShut: it is not sent to a blueprint that is not there.
func TestWhatWasTakenOverIsNamedWhereTheGateStaysShut(t *testing.T) {
	b := backwards(t, "app-one", "app-two")
	b.port.Faults.Add(faults.Fault{Times: -1, Status: http.StatusUnprocessableEntity, Match: func(r *http.Request) bool {
		return r.Method == http.MethodPost && r.URL.Path == "/v1/blueprints"
	}})
	result, err := backfill.Run(t.Context(), b.options)
	if err == nil {
		t.Fatal("the run ends well")
	}
	var unfinished []string
	for _, failure := range result.Failures {
		switch failure.Code {
		case backfill.CodeUnfinished:
			unfinished = append(unfinished, failure.Repository)
		case backfill.CodeTaken, backfill.CodeNoBranch: // no repository has the branch other
		default:
			t.Errorf("failure %+v", failure)
		}
	}
	if !slices.Equal(unfinished, []string{"app-one", "app-two"}) {
		t.Errorf("unfinished are %v", unfinished)
	}
}

// TestTakenOverTwiceIsWrittenOnce: two writers must not race for who is the last.
func TestTakenOverTwiceIsWrittenOnce(t *testing.T) {
	b := backwards(t, "app-one", "app-two", "app-three")
	result := b.run(t)
	for _, entity := range b.port.Entities(current) {
		if got := entity.Properties["repository"]; got != "https://app.codecov.io/gh/acme/app-one" {
			t.Errorf("%s is of %v, want it to be of the first repository in the list", entity.Identifier, got)
		}
	}
	if got := result.Entities[0]; got.Created != 2*port.MaxBulkEntities || got.Failed != 2*port.MaxBulkEntities {
		t.Errorf("entities %+v, want those of the first repository written behind those of the last", got)
	}
}
