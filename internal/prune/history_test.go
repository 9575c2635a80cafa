package prune_test

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codecov-port/codecov-port/internal/fake/faults"
	fakeport "github.com/codecov-port/codecov-port/internal/fake/port"
	"github.com/codecov-port/codecov-port/internal/prune"
	"github.com/codecov-port/codecov-port/pkg/codecov"
)

// TestRenamedInCaseOnly: the entities of the old spelling go, those of the new one stay.
func TestRenamedInCaseOnly(t *testing.T) {
	b := newBench(t, "plain")
	b.hold(t, "acme", "plain", 2)
	b.hold(t, "acme", "Plain", 3)
	want := []prune.Repository{{Owner: "acme", Name: "Plain", RenamedTo: "plain", Removed: true, Entities: 4}}
	result := b.run(t)
	if diff := cmp.Diff(want, result.Repositories); diff != "" || !result.Complete {
		t.Errorf("failures %+v, repositories (-want +got):\n%s", result.Failures, diff)
	}
	if len(b.held("Plain")) != 0 || len(b.held("plain")) != 3 {
		t.Errorf("Port holds %v and %v", b.held("Plain"), b.held("plain"))
	}
}

// TestRenamedInCaseOnlyNeedsCodecovsWord: the list alone doesn't prove it.
func TestRenamedInCaseOnlyNeedsCodecovsWord(t *testing.T) {
	row := `{"name":%q,"private":true,"updatestamp":null,"author":{"service":"github","username":"acme","name":null},"language":null,"branch":"main","active":true,"activated":true,"totals":null}`
	for name, body := range map[string]string{
		"spelled like in Port": fmt.Sprintf(`{"count":1,"next":null,"previous":null,"total_pages":1,"results":[`+row+`]}`, "Plain"),
		"no row":               `{"count":0,"next":null,"previous":null,"total_pages":1,"results":[]}`,
		"an error":             `[]`,
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, "plain")
			b.hold(t, "acme", "Plain", 1)
			b.codecov.Faults.Add(faults.Fault{Times: -1, Status: 200, Body: body, Header: http.Header{"Content-Type": {"application/json"}},
				Match: func(r *http.Request) bool { return r.URL.Query().Has("names") }})
			if result := b.run(t); len(result.Repositories) != 1 || result.Repositories[0].Kept == "" || b.deletes() != 0 {
				t.Errorf("repositories %+v, %d deletions", result.Repositories, b.deletes())
			}
		})
	}
}

// reused is a bench with the listed repository "app", which has ten commits. Port has these, one of another branch, and
// old ones from a time when the name was another repository's.
func reused(t *testing.T, old ...string) *bench {
	t.Helper()
	var commits []string
	for i := range 10 {
		commits = append(commits, fmt.Sprintf("%02d@main", i))
	}
	b := newBenchOf(t, accountWith(t, "acme", map[string][]string{"app": append(commits, "feature@topic")}, append(listed[:len(listed):len(listed)], "app")...))
	b.commits = map[string]int{"0000": http.StatusOK} // the commit of the listed repositories
	b.put(t, current, fakeport.Entity{Identifier: "app", Properties: map[string]any{"repository": appURL + "/gh/acme/app"}})
	for _, text := range append(commits, append(old, "feature")...) {
		sha, _, _ := strings.Cut(text, "@")
		b.put(t, history, historyEntity("app@"+sha, appURL+"/gh/acme/app/commit/"+sha, "app"))
	}
	b.options.History = true
	return b
}

func TestReusedNames(t *testing.T) {
	b := reused(t, "old1", "old2", "seen")
	b.commits["seen"] = http.StatusOK
	b.put(t, history, historyEntity("app@theirs", appURL+"/gh/globex/app/commit/theirs", "app"))
	b.put(t, history, fakeport.Entity{Identifier: "release-1", Relations: map[string]any{"repository": "app"}})
	before := len(b.held("app"))
	want := []prune.Repository{{Owner: "acme", Name: "app", HistoryOnly: true, Removed: true, Entities: 2}}

	b.options.History = false
	if result := b.run(t); len(result.Repositories) != 0 || len(b.asked) != 0 {
		t.Errorf("without History: %+v", result.Repositories)
	}
	b.options.History, b.options.DryRun = true, true
	if result := b.run(t); !cmp.Equal(want, result.Repositories) || b.deletes() != 0 {
		t.Errorf("dry run: %+v, %d deletions", result.Repositories, b.deletes())
	}
	b.options.DryRun, b.options.Yes = false, false
	if result := b.run(t); result.Repositories[0].Kept != "the removal was not confirmed" || b.deletes() != 0 {
		t.Errorf("not confirmed: %+v, %d deletions", result.Repositories, b.deletes())
	}
	b.options.Yes, b.asked = true, nil
	result := b.run(t)
	if diff := cmp.Diff(want, result.Repositories); diff != "" || !result.Complete {
		t.Errorf("failures %+v, repositories (-want +got):\n%s", result.Failures, diff)
	}
	if left := b.held("app"); len(left) != before-2 || slices.Contains(left, "app@old1") || slices.Contains(left, "app@old2") {
		t.Errorf("Port holds %v", left)
	}
	slices.Sort(b.asked)
	if diff := cmp.Diff([]string{"old1", "old2", "seen"}, slices.DeleteFunc(b.asked, func(sha string) bool { return sha == "0000" })); diff != "" {
		t.Errorf("asked for commits (-want +got):\n%s", diff)
	}
}

func TestReusedNamesAreLimited(t *testing.T) {
	b := reused(t, "old1", "old2", "old3", "old4") // of 15
	result := b.run(t)
	if len(result.Repositories) != 1 || !strings.Contains(result.Repositories[0].Kept, "of the 15 commits that Port holds, more than the limit of 20%") || b.deletes() != 0 {
		t.Errorf("repositories %+v, %d deletions", result.Repositories, b.deletes())
	}
	if len(result.Failures) != 1 || result.Failures[0].Code != prune.CodeLimit || result.Failures[0].Repository != "app" {
		t.Errorf("failures %+v", result.Failures)
	}
	b.options.Limit = 4.0 / 15
	if result := b.run(t); !result.Complete || result.Repositories[0].Entities != 4 {
		t.Errorf("at the limit: %+v", result)
	}
}

// TestReusedNamesNeedCodecovsWord: lost access looks like a missing commit.
func TestReusedNamesNeedCodecovsWord(t *testing.T) {
	for _, status := range []int{http.StatusNotFound, http.StatusForbidden, http.StatusGone} {
		b := reused(t, "old1", "old2")
		b.commits["old2"] = status
		result := b.run(t)
		if len(result.Repositories) != 1 || !strings.Contains(result.Repositories[0].Kept, "ask Codecov for the commit old2: ") || b.deletes() != 0 || result.Complete {
			t.Errorf("%d: repositories %+v, %d deletions", status, result.Repositories, b.deletes())
		}
	}
	b := reused(t, "old1")
	b.codecov.Faults.Add(faults.Fault{Times: -1, Status: 401, Header: http.Header{"Www-Authenticate": {"Bearer"}},
		Match: func(r *http.Request) bool { return strings.Contains(r.URL.Path, "/app/commits") }})
	if _, err := prune.Run(t.Context(), b.options); !errors.Is(err, codecov.ErrUnauthorized) || b.deletes() != 0 {
		t.Errorf("error %v, want ErrUnauthorized", err)
	}
}
