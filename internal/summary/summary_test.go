package summary

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/codecov-port/codecov-port/internal/backfill"
	"github.com/codecov-port/codecov-port/internal/terminal"
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
		StaleRepositories:        []backfill.StaleRepository{{Owner: "acme", Repository: "gone", Entities: 3, Kept: "interrupted"}, {Owner: "acme", Repository: "away", Removed: true, Entities: 1}, {Owner: "acme", Repository: "kept\u202e", Kept: "Codecov still has it, though in no list"}},
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

var results = map[string]struct {
	result *backfill.Result
	places Places
}{
	"troubled": {result: troubled(), places: Places{Port: "https://app.port.io/codecov_coverages"}},
	"listed":   {result: troubled(), places: Places{Failures: "failures.jsonl"}},
	"clean": {places: Places{Port: "https://app.us.port.io/codecov_coverages"}, result: &backfill.Result{
		Repositories: backfill.RepositoryCounts{Listed: 3, Read: 3}, Commits: backfill.CommitCounts{Read: 9, Replayed: 9},
		Entities: []backfill.EntityCounts{{Blueprint: "codecov_coverage", Created: 3}, {Blueprint: "codecov_commit_coverage", Created: 9}},
		Requests: backfill.Requests{Codecov: codecov.Counts{Requests: 4}, Port: port.Counts{Requests: 5}}, Duration: backfill.Seconds(1300 * time.Millisecond),
		Histories: []backfill.History{history("acme", "api", 1000, 80, 85, 90), history("acme", "web", 3000, 40, 45, 60), history("acme", "cli", 100, 70, 70, 70)},
	}},
	"nothing new": {places: Places{Port: "https://app.port.io/codecov_coverages"}, result: &backfill.Result{
		Complete:     true,
		Repositories: backfill.RepositoryCounts{Listed: 1, Read: 1}, Commits: backfill.CommitCounts{Read: 3, Replayed: 3}, Duration: backfill.Seconds(time.Second),
		Entities:  []backfill.EntityCounts{{Blueprint: "codecov_coverage", Unchanged: 1}, {Blueprint: "codecov_commit_coverage", Unchanged: 3}},
		Histories: []backfill.History{history("acme", "api", 1000, 80, 85, 70)},
	}},
	"nothing at all": {result: &backfill.Result{Entities: []backfill.EntityCounts{{Blueprint: "codecov_coverage"}}}},
	"no past": {result: &backfill.Result{
		DryRun: true, CreatedBlueprints: []string{"codecov_coverage"}, Repositories: backfill.RepositoryCounts{Listed: 2, Read: 2}, Commits: backfill.CommitCounts{Read: 2, Replayed: 2},
		Entities:          []backfill.EntityCounts{{Blueprint: "codecov_coverage", Created: 2}},
		Histories:         []backfill.History{history("acme", "api", 1000, 80), history("acme", "web", 1000, 60)},
		StaleRepositories: []backfill.StaleRepository{{Owner: "acme", Repository: "away", Removed: true, Entities: 1}},
		Changes:           []backfill.Change{{Blueprint: "codecov_coverage", Identifier: "api", Property: "files", From: nil, To: "3\u202e"}},
	}, places: Places{Port: "https://app.port.io/codecov_coverages"}},
}

// TestWrite holds the end of a run to its golden files, with and without colour: -update renews them.
func TestWrite(t *testing.T) {
	for name, test := range results {
		for _, color := range []terminal.Color{terminal.ColorNever, terminal.ColorAlways} {
			var out strings.Builder
			if err := Write(&terminal.Streams{Out: &out, Color: color}, test.places, test.result); err != nil {
				t.Fatal(err)
			}
			file := filepath.Join("../../testdata/summary", strings.ReplaceAll(name, " ", "-")+"."+string(color)+".txt")
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
			if color == terminal.ColorNever {
				assertFits(t, name, out.String(), 80)
			}
		}
	}
}

// assertFits: no line is too long, or holds what a terminal would obey.
func assertFits(t *testing.T, name, text string, width int) {
	t.Helper()
	if text != terminal.SafeLines(text) {
		t.Errorf("%s: not fit to print: %q", name, text)
	}
	for line := range strings.Lines(text) {
		if got := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); got > width {
			t.Errorf("%s: a line of %d characters: %s", name, got, line)
		}
	}
}

// TestWidths: at no width is anything wider than it, as far as that can be, and where there is room the lists
// stand side by side, with more to them.
func TestWidths(t *testing.T) {
	r := results["clean"].result
	for width, want := range map[int]string{
		40:  "lowest\n  web  60.00 %  ▁▂█\n",
		80:  "lowest                moved most, in points\n  web  60.00 %  ▁▂█     web  +20.00  40.00 → 60.00 %  ▁▂█\n",
		200: "lowest                moved most, in points\n",
	} {
		s := &sheet{width: width}
		s.coverage(r)
		if text := s.text.String(); !strings.Contains(text, want) {
			t.Errorf("%d columns: want %q in\n%s", width, want, text)
		}
	}
	s := &sheet{width: 48}
	s.coverage(r)
	if text := s.text.String(); !strings.Contains(text, "web  60.00 %  ▁▂█     web  +20.00  ▁▂█\n") {
		t.Errorf("48 columns:\n%s", text)
	}
}

// TestNarrow: no line breaks where the terminal does.
func TestNarrow(t *testing.T) {
	for name, test := range results {
		s := &sheet{width: 40}
		s.tell(test.places, test.result)
		assertFits(t, name, s.text.String(), 40)
	}
	s := &sheet{width: 40}
	s.entities(results["clean"].result)
	if text := s.text.String(); !strings.HasPrefix(text, "entities      codecov_coverage:\n              3 created, 0 updated,\n") {
		t.Errorf("entities at 40 columns:\n%s", text)
	}
}

func TestRankings(t *testing.T) {
	var histories []backfill.History
	for i := range 8 {
		histories = append(histories, history("acme", fmt.Sprint("r", i), 10, 50, 50+float64(i%4)*float64(1-i%2*2)))
	}
	for name, test := range map[string]struct {
		got  []backfill.History
		want string
	}{
		"lowest":     {lowestCoverage(histories), "r3 r7 r1 r5 r0"},
		"moved most": {mostMoved(histories), "r3 r7 r2 r6 r1"},
		"two":        {lowestCoverage(histories[:2]), "r1 r0"},
		"unmoved":    {mostMoved([]backfill.History{history("a", "r", 1, 50), history("a", "r", 1, 50.001, 40, 50.009)}), ""},
	} {
		var names []string
		for _, h := range test.got {
			names = append(names, h.Repository)
		}
		if got := strings.Join(names, " "); got != test.want {
			t.Errorf("%s: %s, want %s", name, got, test.want)
		}
	}
}

func TestCausesOf(t *testing.T) {
	entity := func(identifier, code, message string, status int) backfill.Failure {
		return backfill.Failure{Repository: "app", Blueprint: "b", Identifier: identifier, Code: code, Message: message, Status: status}
	}
	causes := causesOf([]backfill.Failure{
		entity("x", "other", "fine", 0),
		entity("a@1", "invalid", `value "17" of a@1 must be number`, 422), entity("b@2", "invalid", `value "x y" of b@2 must be number`, 422),
		entity("c", "invalid", `value "17" of c must be number`, 400), entity("c", "invalid", "title is missing", 422),
		{Repository: "a", Code: "invalid", Status: 422, Message: `value "" of acme/a must be number`},
		{Repository: "e", Code: "invalid", Status: 422, Message: `value "" of acme/e must be number`},
		{Repository: "e", Code: "invalid", Status: 422, Message: `value "" of acme/e must be number`},
	})
	var got []string
	for _, c := range causes {
		got = append(got, fmt.Sprint(c.count, " ", c.example.Identifier+c.example.Repository, " ", c.status))
	}
	want := []string{"3 a 422", "2 a@1app 422", "1 xapp 0", "1 capp 400", "1 capp 422"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestEachCodeHasAdvice: what a run may name as a failure comes with what can be done about it.
func TestEachCodeHasAdvice(t *testing.T) {
	said := make(map[string]string)
	for _, failure := range []backfill.Failure{
		{Code: backfill.CodeNoSeat}, {Code: backfill.CodeProviderLimit}, {Code: backfill.CodeProviderLogin}, {Code: backfill.CodeNoAccess}, {Code: backfill.CodeOutage},
		{Code: backfill.CodeRowUnreadable}, {Code: backfill.CodeListStopped}, {Code: backfill.CodeListIncomplete}, {Code: backfill.CodeUnreadable}, {Code: backfill.CodeUnfinished},
		{Code: backfill.CodeTaken}, {Code: backfill.CodeForbiddenIdentifier}, {Code: backfill.CodeUnsendable}, {Code: backfill.CodeNoAnswer}, {Code: backfill.CodePruneLimit}, {Code: backfill.CodeNotRemoved},
		{Code: "forbidden", Status: 403}, {Code: "not_found", Status: 404}, {Code: "conflict", Status: 409}, {Code: "invalid_request", Status: 422}, {Code: "rate_limit", Status: 429}, {Code: "internal", Status: 500}, {Code: "strange"},
	} {
		about := adviceAbout(failure)
		if before, twice := said[about]; about == "" || twice {
			t.Errorf("%s (%d): advice %q is that of %q", failure.Code, failure.Status, about, before)
		}
		said[about] = failure.Code
	}
}

// TestAdviceIsDocumented: docs/output.md lists our codes with their advice.
func TestAdviceIsDocumented(t *testing.T) {
	document, err := os.ReadFile("../../docs/output.md")
	if err != nil {
		t.Fatal(err)
	}
	for code, about := range advice {
		if row := fmt.Sprintf("| `%s` | %s |\n", code, about); !strings.Contains(string(document), row) {
			t.Errorf("docs/output.md lacks the row\n%s", row)
		}
	}
}
