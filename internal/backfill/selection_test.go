package backfill_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/codecov-port/codecov-port/internal/backfill"
	fakecodecov "github.com/codecov-port/codecov-port/internal/fake/codecov"
	"github.com/codecov-port/codecov-port/internal/fake/recordings"
)

func TestParseSince(t *testing.T) {
	now := time.Date(2026, 3, 31, 12, 0, 0, 0, time.UTC)
	for text, want := range map[string]string{
		"2024-01-01": "2024-01-01T00:00:00Z", " 2024-01-01T10:00:00+02:00 ": "2024-01-01T08:00:00Z",
		"36h": "2026-03-30T00:00:00Z", "90d": "2025-12-31T12:00:00Z", "2w": "2026-03-17T12:00:00Z",
		"3mo": "2025-12-31T12:00:00Z", "2y": "2024-03-31T12:00:00Z", "0d": "2026-03-31T12:00:00Z",
	} {
		got, err := backfill.ParseSince(text, now)
		if err != nil || got.Format(time.RFC3339) != want {
			t.Errorf("%q: %v, %v, want %s", text, got, err, want)
		}
	}
	for _, text := range []string{"", "d", "90", "-1d", "1.5y", "5m", "99999y", "2024-13-01", "yesterday", "9999999999999999999d"} {
		if got, err := backfill.ParseSince(text, now); err == nil {
			t.Errorf("%q: %v, want an error", text, got)
		}
	}
}

func FuzzParseSince(f *testing.F) {
	for _, seed := range []string{"2024-01-01", "90d", "2y", "10000y", "1é", "00d"} {
		f.Add(seed)
	}
	now := recordings.Now()
	f.Fuzz(func(t *testing.T, text string) {
		if at, err := backfill.ParseSince(text, now); err == nil && strings.HasSuffix(strings.TrimSpace(text), "d") && at.After(now) {
			t.Errorf("%q is in the future: %v", text, at)
		}
	})
}

// rows are commits of one branch, a day apart, newest first, the newest at this time.
func rows(branch string, newest time.Time, n int) []string {
	var all []string
	for i := range n {
		at := newest.AddDate(0, 0, -i)
		row := commit(fmt.Sprintf("%s%02d", strings.ReplaceAll(branch, "/", "-"), i), at.Format(time.RFC3339), ann, ninety)
		all = append(all, strings.Replace(row, `"branch":"main"`, `"branch":"`+branch+`"`, 1))
	}
	return all
}

// histories returns the shas of the history in Port, newest first by their number.
func (b *bench) histories() []string {
	var shas []string
	for _, entity := range b.port.Entities(history) {
		_, sha, _ := strings.Cut(entity.Identifier, "@")
		shas = append(shas, sha)
	}
	slices.Sort(shas)
	return shas
}

func TestSelection(t *testing.T) {
	sunday := recordings.Now() // 2026-11-22T22:00:00Z is a Sunday
	yesterday := sunday.AddDate(0, 0, -1)
	for name, test := range map[string]struct {
		selection backfill.Selection
		commits   []string
		want      string // the history
		branch    string // of the current state
	}{
		"everything":       {commits: rows("main", yesterday, 3), want: "main00 main01 main02", branch: "main"},
		"default branch":   {commits: append(rows("dev", yesterday, 1), rows("main", yesterday, 1)...), want: "main00", branch: "main"},
		"since":            {selection: backfill.Selection{Since: yesterday.AddDate(0, 0, -1)}, commits: rows("main", yesterday, 4), want: "main00 main01", branch: "main"},
		"max commits":      {selection: backfill.Selection{MaxCommits: 2}, commits: rows("main", yesterday, 4), want: "main00 main01", branch: "main"},
		"no history":       {selection: backfill.Selection{NoHistory: true}, commits: rows("main", yesterday, 4), want: "", branch: "main"},
		"named branches":   {selection: backfill.Selection{Branches: []string{"dev", "main"}}, commits: append(rows("main", sunday, 1), rows("dev", yesterday, 1)...), want: "dev00 main00", branch: "dev"},
		"all branches":     {selection: backfill.Selection{Branches: []string{"*"}}, commits: append(rows("dev", sunday, 1), rows("main", yesterday, 2)...), want: "dev00 main00 main01", branch: "main"},
		"day":              {selection: backfill.Selection{Every: backfill.EveryDay}, commits: append(rows("main", sunday, 1), append(rows("a", yesterday, 1), rows("b", yesterday.Add(-time.Hour), 1)...)...), want: "", branch: "main"},
		"week":             {selection: backfill.Selection{Every: backfill.EveryWeek}, commits: rows("main", sunday, 21), want: "main07 main14", branch: "main"},
		"month":            {selection: backfill.Selection{Every: backfill.EveryMonth}, commits: rows("main", sunday, 60), want: "main22 main53", branch: "main"},
		"closed week":      {selection: backfill.Selection{Every: backfill.EveryWeek}, commits: rows("main", sunday.AddDate(0, 0, -7), 7), want: "main00", branch: "main"},
		"every commit":     {selection: backfill.Selection{Every: backfill.EveryCommit}, commits: rows("main", sunday, 2), want: "main00 main01", branch: "main"},
		"max of the weeks": {selection: backfill.Selection{Every: backfill.EveryWeek, MaxCommits: 2}, commits: rows("main", sunday, 28), want: "main07", branch: "main"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, account(t, map[string][]string{"app": test.commits}, "app"))
			b.options.Selection = test.selection
			b.run(t)
			if got := strings.Join(b.histories(), " "); got != test.want {
				t.Errorf("history %q, want %q", got, test.want)
			}
			if got := b.entity(t, current, "app").Properties["branch"]; got != test.branch {
				t.Errorf("the current state is of branch %v, want %s", got, test.branch)
			}
			before := b.histories()
			if result := b.run(t); result.Entities[0].Unchanged != 1 || !slices.Equal(before, b.histories()) {
				t.Errorf("a rerun leaves %v, entities %+v", b.histories(), result.Entities)
			}
		})
	}
}

func TestRepositoryPatterns(t *testing.T) {
	one := rows("main", recordings.Now(), 1)
	accounts := func(t *testing.T) fakecodecov.Account {
		return account(t, map[string][]string{"api": one, "app-web": one, "app-old": one, "App-IOS": one}, "api", "app-web", "app-old", "App-IOS")
	}
	for patterns, want := range map[string]string{
		"":             "App-IOS api app-old app-web",
		"app-*":        "App-IOS app-old app-web",
		"app-* !*-old": "App-IOS app-web",
		"!app-*":       "api",
		"API":          "api",
		"api app-ios":  "App-IOS api",
		"api app-w*":   "api app-web",
		"a?i !api":     "",
	} {
		t.Run(patterns, func(t *testing.T) {
			b := newBench(t, accounts(t))
			b.options.Selection.Repositories = strings.Fields(patterns)
			result := b.run(t)
			var got []string
			for _, entity := range b.port.Entities(current) {
				got = append(got, entity.Identifier)
			}
			if strings.Join(got, " ") != want {
				t.Errorf("%v, want %s", got, want)
			}
			if named := strings.Contains(patterns, "no-such") && !strings.Contains(patterns, "*"); named == result.Complete {
				t.Errorf("failures %+v", result.Failures)
			}
		})
	}
}

func TestSelectionCheck(t *testing.T) {
	for _, bad := range []backfill.Selection{
		{Branches: []string{"*", "main"}}, {MaxCommits: -1}, {NoHistory: true, MaxCommits: 1}, {NoHistory: true, Every: backfill.EveryWeek}, {NoHistory: true, Since: recordings.Now()}, {Repositories: []string{"[a"}}, {Repositories: []string{"!"}},
		{Branches: []string{""}}, {Branches: []string{"release/["}},
	} {
		if bad.Check() == nil {
			t.Errorf("%+v passes", bad)
		}
	}
	if err := (backfill.Selection{Repositories: []string{"a*", "!b"}, Branches: []string{"main", "release/*"}}).Check(); err != nil {
		t.Error(err)
	}
}

func TestInactiveRepositories(t *testing.T) {
	b := newBench(t, recorded(t, "github.acme.json"))
	b.options.Selection.IncludeInactive = true
	result := b.run(t)
	if got := b.port.Count(current); got != 60 || b.port.Count(history) != 1505 {
		t.Errorf("%d current states, %d rows of history", got, b.port.Count(history))
	}
	if coverage, has := b.entity(t, current, "audit-infra").Properties["coverage"]; has {
		t.Errorf("an inactive repository has coverage %v", coverage)
	}
	if !result.Complete {
		t.Errorf("failures %+v", result.Failures)
	}
	if result := b.run(t); result.Entities[0].Unchanged != 60 {
		t.Errorf("second run %+v", result.Entities)
	}
	// What the selection leaves out is not taken for missing.
	for _, narrow := range []backfill.Selection{{Since: recordings.Now()}, {Branches: []string{"feat/ledger-3"}}} {
		b.options.Selection = narrow
		b.options.Selection.IncludeInactive = true
		if result := b.run(t); result.Entities[0].Updated > 2*len(narrow.Branches) { // two repositories have the branch
			t.Errorf("%+v: %+v", narrow, result.Entities)
		}
	}
}

func TestSeveralAccounts(t *testing.T) {
	first := account(t, map[string][]string{"app": rows("main", recordings.Now(), 2), "api": rows("main", recordings.Now(), 1)}, "app", "api")
	second := accountOf(t, "globex", map[string][]string{"app": rows("main", recordings.Now(), 2), "own": rows("main", recordings.Now(), 1)}, "app", "own")
	b := newBench(t, first, second)
	b.options.Owners = []string{"acme", "globex"}
	result := b.run(t)
	if got := b.entity(t, current, "app").Properties["repository"]; got != "https://app.codecov.io/gh/acme/app" {
		t.Errorf("%v keeps the identifier, want the first account's", got)
	}
	if b.port.Count(current) != 3 || b.port.Count(history) != 4 {
		t.Errorf("%d current states, %d rows of history", b.port.Count(current), b.port.Count(history))
	}
	if len(result.Failures) != 3 { // its state once, and each row of its history, which would relate to the other's
		t.Errorf("%d failures name the second repository", len(result.Failures))
	}
	for _, failure := range result.Failures {
		if failure.Repository != "app" || failure.Code != backfill.CodeTaken {
			t.Errorf("failure %+v", failure)
		}
	}
}
