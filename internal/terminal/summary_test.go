package terminal

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/codecov-port/codecov-port/internal/backfill"
	"github.com/codecov-port/codecov-port/pkg/codecov"
	"github.com/codecov-port/codecov-port/pkg/port"
)

// history makes one of a point a month.
func history(owner, repository string, lines int64, coverage ...float64) backfill.History {
	h := backfill.History{Owner: owner, Repository: repository, Commits: len(coverage)}
	for month, percent := range coverage {
		h.Points = append(h.Points, backfill.Point{At: time.Date(2024, time.Month(month+1), 2, 0, 0, 0, 0, time.UTC), Coverage: percent, Lines: lines})
	}
	return h
}

var update = flag.Bool("update", false, "renew the golden files")

// troubled is a run in which much went wrong.
func troubled() *backfill.Result {
	r := &backfill.Result{
		Interrupted: true, NotWritten: 1,
		CreatedBlueprints:        []string{"codecov_commit_coverage"},
		Repositories:             backfill.RepositoryCounts{Listed: 1200, Private: 36, WithoutCoverage: 7, Read: 1180, Failed: 13},
		Commits:                  backfill.CommitCounts{Read: 123456, Replayed: 120000, Skipped: map[string]int{"pending": 3000, "error": 456}},
		Entities:                 []backfill.EntityCounts{{Blueprint: "codecov_coverage", Created: 1, Updated: 1100, Unchanged: 70, Failed: 312}, {Blueprint: "mine\x1b[31m", Failed: 2}},
		DroppedValues:            []backfill.DroppedValue{{Blueprint: "codecov_coverage", Property: "files", Reason: "it is no number", Count: 1200}},
		StaleRepositories:        []backfill.StaleRepository{{Owner: "acme", Repository: "gone"}, {Owner: "acme", Repository: "kept\u202e"}},
		EntriesWithoutIdentifier: []int{2},
		Requests:                 backfill.Requests{Codecov: codecov.Counts{Requests: 2400, Retries: 3, WaitedSeconds: 5}, Port: port.Counts{Requests: 6000, Retries: 40, WaitedSeconds: 120}},
		Duration:                 backfill.Seconds(3*time.Minute + 7*time.Second),
		Histories: []backfill.History{
			history("acme", "monolith", 90000, 61.2, 70, 80.59), history("acme", "a-repository-with-a-name-that-is-longer-than-any-name-should-be", 10, 99, 12.5),
			history("globex", "same", 500, 50.001, 50.009), history("globex", "日本\x1b[31m", 500, 0),
		},
	}
	for i := range 312 {
		r.Failures = append(r.Failures, backfill.Failure{Repository: "app", Blueprint: "codecov_coverage", Identifier: fmt.Sprintf("app@%040x", i), Status: 422, Code: "invalid_request",
			Message: fmt.Sprintf("properties/value of \"app@%040x\" must be number", i), TraceID: fmt.Sprint("trace-", i)})
	}
	for _, name := range []string{"e", "other"} {
		r.Failures = append(r.Failures, backfill.Failure{Repository: name, Status: 403, Code: backfill.CodeNoSeat, Message: "403 Forbidden: GET https://codecov.test/api/v2/github/acme/repos/" + name + "/commits?page=1: Permission denied"})
	}
	r.Failures = append(r.Failures,
		backfill.Failure{Repository: "bad", Blueprint: "mine", Identifier: "a\x1b#b", Code: backfill.CodeForbiddenIdentifier, Message: "the identifier \"a\x1b#b\" holds \"#\""},
		backfill.Failure{Code: backfill.CodeListStopped, Status: 500, Message: "the repositories of acme cannot be read from row 3 of 4 on: 500 Internal Server Error"},
		backfill.Failure{Repository: "half", Code: backfill.CodeUnfinished, Message: "port has stopped answering: " + strings.Repeat("long ", 100)},
	)
	return r
}

// partial is a run to the end with failures.
func partial() *backfill.Result {
	r := troubled()
	r.Interrupted, r.NotWritten, r.Failures = false, 0, r.Failures[310:313]
	return r
}

var results = map[string]struct {
	result *backfill.Result
}{
	"troubled": {troubled()},
	"partial":  {partial()},
	"clean": {&backfill.Result{
		PortURL:      pointer("https://app.us.port.io/codecov_coverages"),
		Repositories: backfill.RepositoryCounts{Listed: 3, Read: 3}, Commits: backfill.CommitCounts{Read: 9, Replayed: 9},
		Entities: []backfill.EntityCounts{{Blueprint: "codecov_coverage", Created: 3}, {Blueprint: "codecov_commit_coverage", Created: 9}},
		Requests: backfill.Requests{Codecov: codecov.Counts{Requests: 4}, Port: port.Counts{Requests: 5}}, Duration: backfill.Seconds(1300 * time.Millisecond),
		Histories: []backfill.History{history("acme", "api", 1000, 80, 85, 90), history("acme", "web", 3000, 40, 45, 60), history("acme", "cli", 100, 70, 70, 70)},
	}},
	"nothing new": {&backfill.Result{
		PortURL:      pointer("https://app.port.io/codecov_coverages"),
		Complete:     true,
		Repositories: backfill.RepositoryCounts{Listed: 1, Read: 1}, Commits: backfill.CommitCounts{Read: 2868, Replayed: 1730, Every: backfill.EveryWeek}, Duration: backfill.Seconds(time.Second),
		Entities:  []backfill.EntityCounts{{Blueprint: "codecov_coverage", Unchanged: 1}, {Blueprint: "codecov_commit_coverage", Unchanged: 3}},
		Histories: []backfill.History{history("acme", "api", 1000, 80, 85, 70)},
	}},
	"nothing at all": {result: &backfill.Result{Entities: []backfill.EntityCounts{{Blueprint: "codecov_coverage"}}}},
	"no past": {result: &backfill.Result{
		DryRun: true, CreatedBlueprints: []string{"codecov_coverage"}, Repositories: backfill.RepositoryCounts{Listed: 2, Read: 2}, Commits: backfill.CommitCounts{Read: 2, Replayed: 2},
		Entities:          []backfill.EntityCounts{{Blueprint: "codecov_coverage", Created: 2}},
		Histories:         []backfill.History{history("acme", "api", 1000, 80), history("acme", "web", 1000, 60)},
		StaleRepositories: []backfill.StaleRepository{{Owner: "acme", Repository: "Away", RenamedTo: "away"}},
		Plan:              &backfill.DryRunPlan{Requests: 146, Delay: backfill.Seconds(95 * time.Second), MaxEntities: 1, NeedsConfirmation: true},
		Relations: []backfill.Relation{
			{Blueprint: "codecov_coverage", Relation: "service", Target: "service", Related: 1, Unrelated: 25, Repositories: strings.Fields(strings.Repeat("acme/api ", 25))},
			{Blueprint: "codecov_coverage", Relation: "team", Target: "team", Related: 2},
		},
		Changes: []backfill.Change{{Blueprint: "codecov_coverage", Identifier: "api", Property: "files", From: nil, To: "3\u202e"}},
	}},
}

// TestWriteSummary holds the end of a run to its golden files, with and without colour: -update renews them.
func TestWriteSummary(t *testing.T) {
	for name, test := range results {
		for _, color := range []string{"never", "always"} {
			var out strings.Builder
			test.result.Coverage = trendOf(test.result.Histories)
			if err := WriteSummary(&Streams{Out: &out, Color: color}, test.result); err != nil {
				t.Fatal(err)
			}
			file := filepath.Join("../../testdata/summary", strings.ReplaceAll(name, " ", "-")+"."+color+".txt")
			if *update {
				if err := os.WriteFile(file, []byte(out.String()), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), out.String()); diff != "" {
				t.Errorf("%s (-want +got; -update renews it):\n%s", file, diff)
			}
			if color == "never" {
				assertFits(t, name, out.String(), 80)
			}
		}
	}
}

// assertFits: no line is too long, or holds what a terminal would obey.
func assertFits(t *testing.T, name, text string, width int) {
	t.Helper()
	if text != SafeLines(text) {
		t.Errorf("%s: not fit to print: %q", name, text)
	}
	for line := range strings.Lines(text) {
		if got := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); got > width {
			t.Errorf("%s: a line of %d characters: %s", name, got, line)
		}
	}
}

// TestRankingsAtWidths: names are shortened on a narrow terminal, and a trend is only shown if there is room for it.
func TestRankingsAtWidths(t *testing.T) {
	histories := []backfill.History{history("acme", "payments-service", 1000, 90, 80), history("acme", "web", 3000, 40, 60)}
	r := &backfill.Result{Histories: histories, Coverage: trendOf(histories)}
	for width, want := range map[int]string{
		40: "lowest        web       60.00%  +20.00\n              payment…  80.00%  -10.00\nfell most     payment…  80.00%  -10.00\nrose most     web       60.00%  +20.00\n",
		50: "fell most     payment…  80.00%  -10.00  █▁\n",
		80: "lowest        web               60.00%  +20.00  ▁█\n              payments-service  80.00%  -10.00  █▁\nfell most     payments-service",
	} {
		s := &summary{width: width}
		s.writeCoverage(r)
		if text := s.text.String(); !strings.Contains(text, want) {
			t.Errorf("%d columns: got\n%s\nwant in it\n%s", width, text, want)
		}
	}
}

func TestInterruptedRunsHaveNoAccountFigures(t *testing.T) {
	histories := []backfill.History{history("acme", "api", 1000, 90, 80)}
	s := &summary{width: 80}
	s.writeCoverage(&backfill.Result{Interrupted: true, Histories: histories, Coverage: trendOf(histories)})
	if text := s.text.String(); text != "" {
		t.Errorf("an interrupted run shows %q", text)
	}
}

// TestNarrow: statements wrap between words below themselves. Only tables are wider.
func TestNarrow(t *testing.T) {
	for name, test := range results {
		s := &summary{width: 40}
		s.writeStatus(test.result)
		s.writeReading(test.result)
		s.writeRequests(test.result)
		s.writeRemarks(test.result)
		s.writeCoverage(test.result)
		assertFits(t, name, s.text.String(), 40)
	}
}

func TestRankings(t *testing.T) {
	var histories []backfill.History
	for i := range 8 {
		histories = append(histories, history("acme", fmt.Sprint("r", i), 10, 50, 50+float64(i%4)*float64(1-i%2*2)))
	}
	unchanged := []backfill.History{history("a", "r", 1, 50), history("a", "r", 1, 50.001, 40, 50.009)}
	for name, test := range map[string]struct {
		got  []backfill.History
		want string
	}{
		"lowest":             {Lowest(histories), "r3 r7 r1 r5 r0"},
		"fell most":          {Moved(histories, -1), "r3 r7 r1 r5"},
		"rose most":          {Moved(histories, +1), "r2 r6"},
		"lowest of 2":        {Lowest(histories[:2]), "r1 r0"},
		"no visible changes": {append(Moved(unchanged, +1), Moved(unchanged, -1)...), ""},
	} {
		var names []string
		for _, h := range test.got {
			names = append(names, h.Repository)
		}
		if got := strings.Join(names, " "); got != test.want {
			t.Errorf("%s: got %s, want %s", name, got, test.want)
		}
	}
}

func TestGroupFailures(t *testing.T) {
	entity := func(identifier, code, message string, status int) backfill.Failure {
		return backfill.Failure{Repository: "app", Blueprint: "b", Identifier: identifier, Code: code, Message: message, Status: status}
	}
	groups := GroupFailures([]backfill.Failure{
		entity("x", "other", "fine", 0),
		entity("a@1", "invalid", `value "17" of a@1 must be number`, 422), entity("b@2", "invalid", `value "x y" of b@2 must be number`, 422),
		entity("c", "invalid", `value "17" of c must be number`, 400), entity("c", "invalid", "title is missing", 422),
		{Repository: "a", Code: "invalid", Status: 422, Message: `value "" of acme/a must be number`},
		{Repository: "e", Code: "invalid", Status: 422, Message: `value "" of acme/e must be number`},
		{Repository: "e", Code: "invalid", Status: 422, Message: `value "" of acme/e must be number`},
	})
	var got []string
	for _, group := range groups {
		got = append(got, fmt.Sprint(len(group), " ", group[0].Identifier+group[0].Repository, " ", group[0].Status))
	}
	want := []string{"3 a 422", "2 a@1app 422", "1 xapp 0", "1 capp 400", "1 capp 422"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestUnreadableCommits counts commits and their repositories apart.
func TestUnreadableCommits(t *testing.T) {
	group := []backfill.Failure{
		{Repository: "a", Code: backfill.CodeCommitUnreadable}, {Repository: "a", Code: backfill.CodeCommitUnreadable}, {Repository: "b", Code: backfill.CodeCommitUnreadable},
	}
	if got, want := things(group), "3 commits of 2 repositories"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got, want := things(group[:2]), "2 commits of 1 repository"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestEachCodeHasAHint: each code of a failure has a hint of its own.
func TestEachCodeHasAHint(t *testing.T) {
	seen := make(map[string]string)
	for _, failure := range []backfill.Failure{
		{Code: backfill.CodeNoSeat}, {Code: backfill.CodeProviderLimit}, {Code: backfill.CodeProviderLogin}, {Code: backfill.CodeNoAccess}, {Code: backfill.CodeOutage},
		{Code: backfill.CodeRowUnreadable}, {Code: backfill.CodeCommitUnreadable}, {Code: backfill.CodeListStopped}, {Code: backfill.CodeListIncomplete}, {Code: backfill.CodeUnreadable}, {Code: backfill.CodeUnfinished},
		{Code: backfill.CodeTaken}, {Code: backfill.CodeOtherAccount}, {Code: backfill.CodeForbiddenIdentifier}, {Code: backfill.CodeUnsendable}, {Code: backfill.CodeNoAnswer},
		{Code: "forbidden", Status: 403}, {Code: "not_found", Status: 404}, {Code: "conflict", Status: 409}, {Code: "invalid_request", Status: 422}, {Code: "rate_limit", Status: 429}, {Code: "internal", Status: 500}, {Code: "strange"},
	} {
		hint := hintFor(failure)
		if before, twice := seen[hint]; hint == "" || twice {
			t.Errorf("%s (%d): advice %q is that of %q", failure.Code, failure.Status, hint, before)
		}
		seen[hint] = failure.Code
	}
}

// TestCodesAreDocumented: docs/operations.md lists every code.
func TestCodesAreDocumented(t *testing.T) {
	document, err := os.ReadFile("../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	for code := range hints {
		if _, err := strconv.Atoi(code); err != nil && !strings.Contains(string(document), "`"+code+"`") {
			t.Errorf("docs/operations.md does not explain the code %s", code)
		}
	}
}

// trendOf returns the coverage of the account, as a run does.
func trendOf(histories []backfill.History) *backfill.AccountTrend {
	points := backfill.AccountCoverage(histories, 24)
	if len(points) == 0 {
		return nil
	}
	newest := points[len(points)-1]
	return &backfill.AccountTrend{Percent: newest.Coverage, Lines: newest.Lines, Trend: points}
}

func pointer[T any](value T) *T { return &value }
