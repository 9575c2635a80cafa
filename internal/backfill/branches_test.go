package backfill_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	fakecodecov "github.com/codecov-port/codecov-port/internal/fake/codecov"
	"github.com/codecov-port/codecov-port/internal/fake/recordings"
)

// onBranch returns the rows with another branch, which is JSON.
func onBranch(branch string, rows []string) []string {
	moved := slices.Clone(rows)
	for i, row := range moved {
		var fields map[string]json.RawMessage
		_ = json.Unmarshal([]byte(row), &fields)
		fields["branch"] = json.RawMessage(branch)
		encoded, _ := json.Marshal(fields)
		moved[i] = string(encoded)
	}
	return moved
}

// TestBranchSelection reads the rows of the selected branches, each once, and takes the state from the default branch if it is among
// them.
func TestBranchSelection(t *testing.T) {
	now := recordings.Now()
	commits := slices.Concat(
		rows("release/1", now, 1), rows("release/a/b", now.AddDate(0, 0, -1), 1),
		onBranch("null", rows("none", now.AddDate(0, 0, -2), 1)), onBranch(`""`, rows("blank", now.AddDate(0, 0, -3), 1)),
		rows("main", now.AddDate(0, 0, -4), 1), rows("make", now.AddDate(0, 0, -5), 1))
	for patterns, want := range map[string]struct{ history, state string }{
		"":                   {"main00", "main"},
		"*":                  {"blank00 main00 make00 none00 release-100 release-a-b00", "main"},
		"release/*":          {"release-100 release-a-b00", "release/1"},
		"release/?":          {"release-100", "release/1"},
		"release/[a-c]*":     {"release-a-b00", "release/a/b"},
		"ma*":                {"main00 make00", "main"},
		"?*":                 {"main00 make00 release-100 release-a-b00", "main"},
		"make ma*":           {"main00 make00", "main"},
		"make main ma*":      {"main00 make00", "main"},
		"make main":          {"main00 make00", "make"},
		"main main":          {"main00", "main"},
		"release/* main":     {"main00 release-100 release-a-b00", "main"},
		"release/1 release*": {"release-100 release-a-b00", "release/1"},
	} {
		t.Run(patterns, func(t *testing.T) {
			b := newBench(t, account(t, map[string][]string{"app": commits}, "app"))
			b.options.Selection.Branches = strings.Fields(patterns)
			result := b.run(t)
			if got := strings.Join(b.histories(), " "); got != want.history {
				t.Errorf("history %q, want %q", got, want.history)
			}
			if got := b.entity(t, current, "app").Properties["branch"]; got != want.state {
				t.Errorf("the current state is of branch %v, want %s", got, want.state)
			}
			if read := len(strings.Fields(want.history)); result.Commits.Read != read || !result.Complete {
				t.Errorf("%d commits read, want %d; failures %+v", result.Commits.Read, read, result.Failures)
			}
		})
	}
}

// oneRepository returns an account of one repository, app, with this default branch.
func oneRepository(t *testing.T, branch string, active bool, commits ...string) fakecodecov.Account {
	t.Helper()
	row := fmt.Sprintf(`{"name":"app","private":true,"updatestamp":null,"author":{"service":"github","username":"acme","name":null},`+
		`"language":null,"branch":%q,"active":%t,"activated":%t,"totals":null}`, branch, active, active)
	text := fmt.Sprintf(`{"service":"github","owner":"acme","repos":[%s],"commits":{"app":[%s]}}`, row, strings.Join(commits, ","))
	loaded, err := fakecodecov.LoadAccount(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return loaded
}

// TestInactiveRepositoryWithBranches is read: Codecov marks every repository inactive when a plan ends, and keeps its commits.
func TestInactiveRepositoryWithBranches(t *testing.T) {
	b := newBench(t, oneRepository(t, "main", false, rows("main", recordings.Now(), 2)...))
	b.options.Selection.IncludeInactive = true
	if b.run(t); b.port.Count(history) != 0 || b.entity(t, current, "app").Properties["coverage"] != nil {
		t.Errorf("without selected branches: %d entities of history, %+v", b.port.Count(history), b.entity(t, current, "app"))
	}
	for patterns, want := range map[string]int{"develop m*": 2, "main": 2, "*": 2} {
		b := newBench(t, oneRepository(t, "main", false, rows("main", recordings.Now(), 2)...))
		b.options.Selection.IncludeInactive, b.options.Selection.Branches = true, strings.Fields(patterns)
		result := b.run(t)
		if b.port.Count(history) != want || result.Repositories.Read != 1 || b.entity(t, current, "app").Properties["coverage"] == nil {
			t.Errorf("--branch %s: %d entities of history, want %d; %+v, %+v", patterns, b.port.Count(history), want,
				result.Repositories, b.entity(t, current, "app"))
		}
	}
}

// TestEmptyDefaultBranch is not read as every branch.
func TestEmptyDefaultBranch(t *testing.T) {
	commits := slices.Concat(rows("main", recordings.Now(), 1), onBranch(`""`, rows("blank", recordings.Now().AddDate(0, 0, -1), 1)))
	for patterns, want := range map[string]string{"": "", "*": "blank00 main00", "m*": "main00"} {
		b := newBenchOver(t, func(next http.RoundTripper) http.RoundTripper { return withBranches{next} }, oneRepository(t, "", true, commits...))
		b.options.Selection.Branches = strings.Fields(patterns)
		result := b.run(t)
		if got := strings.Join(b.histories(), " "); got != want {
			t.Errorf("--branch %q: history %q, want %q", patterns, got, want)
		}
		if named := len(result.EmptyDefaultBranches) == 1; named != (patterns == "") {
			t.Errorf("--branch %q: empty default branches %+v", patterns, result.EmptyDefaultBranches)
		}
	}
}
