package report_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"github.com/codecov-port/codecov-port/internal/backfill"
	"github.com/codecov-port/codecov-port/internal/report"
	"github.com/codecov-port/codecov-port/pkg/codecov"
)

var now = time.Date(2026, time.November, 23, 2, 14, 0, 0, time.UTC)

// write returns the page.
func write(t testing.TB, r report.Report) string {
	t.Helper()
	var page bytes.Buffer
	if err := report.Write(&page, r); err != nil {
		t.Fatal(err)
	}
	return page.String()
}

// reportOf is a report on a run that ended well.
func reportOf(histories ...backfill.History) report.Report {
	return report.Report{
		Owners: []string{"acme"}, Service: codecov.GitHub, AppURL: "https://codecov.example", At: now,
		Result: &backfill.Result{
			Histories:    histories,
			Repositories: backfill.RepositoryCounts{Listed: 60, Private: 36, WithoutCoverage: 7, Read: 53},
			Commits:      backfill.CommitCounts{Read: 1573, Replayed: 1505, Skipped: map[string]int{"pending": 37, "error": 21}},
			Entities:     []backfill.EntityCounts{{Blueprint: "codecov_coverage", Created: 49}, {Blueprint: "codecov_commit_coverage", Created: 1505}},
			Duration:     backfill.Seconds(2 * time.Second),
		},
	}
}

// history is a repository with a commit a day, the last one yesterday.
func history(name string, lines int64, coverages ...float64) backfill.History {
	h := backfill.History{Owner: "acme", Repository: name, Commits: len(coverages)}
	for i, coverage := range coverages {
		at := now.AddDate(0, 0, i-len(coverages))
		h.Points = append(h.Points, backfill.Point{At: at, Coverage: coverage, Lines: lines})
	}
	return h
}

// text returns the text of the page.
func text(page string) string {
	page = regexp.MustCompile(`(?s)<(style|script)\b.*?</(style|script)>`).ReplaceAllString(page, "")
	page = regexp.MustCompile(`<[^>]*>`).ReplaceAllString(page, " ")
	return strings.Join(strings.Fields(html.UnescapeString(page)), " ")
}

func wants(t *testing.T, page string, texts ...string) {
	t.Helper()
	for _, want := range texts {
		if !strings.Contains(page, want) {
			t.Errorf("%q is missing in\n%.3000s", want, page)
		}
	}
}

func TestPageShowsTheRun(t *testing.T) {
	r := reportOf(history("app", 300, 70, 80.5), history("lib", 100, 99.99999), history("old", 50, 90, 60))
	r.PortURL = "https://app.port.example/codecov_coverages"
	page := write(t, r)
	wants(t, text(page),
		"Coverage 82.55%", "+3.67 points since 21 Nov 2026, weighted by 450 lines", "Repositories 3 with coverage, of 60 listed", "Fell 1", "Rose 1",
		"Lowest coverage old 60.00% −30.00 app 80.50% +10.50 lib 99.99% 0.00 Fell most old 60.00% −30.00 Rose most app 80.50% +10.50",
		"old 60.00% −30.00 50 2 22 Nov 2026 lib 99.99% 0.00 100 1 22 Nov 2026 app 80.50% +10.50 300 2 22 Nov 2026",
		"codecov_commit_coverage 1,505 0 0 0", "commits: pending Codecov is still processing their reports 37",
		"23 November 2026, 02:14 UTC", "1,573 read, 1,505 replayed", "Commits per second 787")
	wants(t, page, `href="https://codecov.example/gh/acme/app"`, `href="https://codecov.example/gh/acme"`, `href="https://app.port.example/codecov_coverages"`, "<svg")
	if strings.Contains(text(page), "nothing was written") || strings.Contains(page, `class="notice`) {
		t.Error("a run that ended well has a notice")
	}
}

func TestPageShowsWhatWasNotDone(t *testing.T) {
	r := reportOf(history("app", 1, 50))
	r.Result.DryRun = true
	r.Result.CreatedBlueprints = []string{"codecov_coverage"}
	r.Result.Changes = []backfill.Change{{Blueprint: "b", Identifier: "app", Property: "coverage", From: "1", To: nil}}
	wants(t, text(write(t, r)), "Dry run: nothing was written.", "To create", "Blueprints to create: codecov_coverage", `app b coverage "1" nothing`)

	r.Result.DryRun, r.Result.Interrupted = false, true
	interrupted := write(t, r)
	wants(t, text(interrupted), "Interrupted:", "Coverage – unknown until a run is complete")
	if strings.Contains(interrupted, `id="account"`) {
		t.Error("an interrupted run has a chart of the account")
	}
	r.Err = errors.New("port is <gone>")
	wants(t, text(write(t, r)), "The run ended early: port is <gone>")
}

func TestPageGroupsFailures(t *testing.T) {
	r := reportOf()
	for i := range 1000 {
		r.Result.Failures = append(r.Result.Failures, backfill.Failure{Blueprint: "b", Identifier: fmt.Sprintf("commit-%d", i), Code: "identifier_taken", Message: "taken", Status: 409, TraceID: "4711"})
	}
	r.Result.Failures = append(r.Result.Failures, backfill.Failure{Repository: "down", Code: backfill.CodeOutage, Message: strings.Repeat("long ", 1000)})
	page := text(write(t, r))
	wants(t, page, "1,001 failures", "identifier_taken writing b 1,000", "commit-299 taken (status 409, trace 4711) and 700 more",
		"outage reading from Codecov 1", "down long")
	if strings.Contains(page, "commit-300") || len(page) > 30_000 {
		t.Error("the page lists more than 300 failures")
	}
}

// TestPageWithLittle: there is a page without commits, with a single one, and with impossible coverages.
func TestPageWithLittle(t *testing.T) {
	empty := text(write(t, report.Report{Result: &backfill.Result{}, At: now}))
	wants(t, empty, "Coverage –", "no commit with coverage", "No repository has a commit with coverage.")

	one := text(write(t, reportOf(history("app", 10, 80))))
	wants(t, one, "Coverage 80.00%", "0.00")
	if strings.Contains(one, "Lowest coverage") {
		t.Error("a single repository is ranked")
	}

	huge := 1e300
	odd := write(t, reportOf(history("odd", 10, huge*huge, -huge, huge*huge-huge*huge, 50)))
	wants(t, text(odd), "odd")
	if found := regexp.MustCompile(`(d|cx|cy)="[^"]*(NaN|Inf)`).FindString(odd); found != "" {
		t.Errorf("the page has %q", found)
	}
}

// TestData: the charts are drawn from Unix seconds, hundredths of a percent, and lines.
func TestData(t *testing.T) {
	h := history("old", 10, 97.22999, 150)
	h.Points[0].At = time.Date(1, time.January, 1, 0, 0, 0, 0, time.UTC)
	page := write(t, reportOf(h))
	var data struct {
		Account      [][3]int64
		Repositories map[string][][3]int64
	}
	source := regexp.MustCompile(`(?s)<script type="application/json" id="data">(.*?)</script>`).FindStringSubmatch(page)[1]
	if err := json.Unmarshal([]byte(source), &data); err != nil {
		t.Fatal(err)
	}
	want := map[string][][3]int64{"acme/old": {{h.Points[0].At.Unix(), 9722, 10}, {h.Points[1].At.Unix(), 10000, 10}}}
	if diff := cmp.Diff(want, data.Repositories); diff != "" {
		t.Errorf("repositories (-want +got):\n%s", diff)
	}
	if len(data.Account) < 2 {
		t.Errorf("the account has %d points", len(data.Account))
	}
}

// TestPageLoadsNothing: the policy names the page's own style and script by their digests, and nothing is loaded.
func TestPageLoadsNothing(t *testing.T) {
	page := write(t, reportOf(history("app", 1, 50, 60)))
	policy := html.UnescapeString(regexp.MustCompile(`http-equiv="Content-Security-Policy" content="([^"]*)"`).FindStringSubmatch(page)[1])
	wants(t, policy, "default-src 'none'")
	for _, kind := range []string{"style", "script"} {
		sources := regexp.MustCompile(`(?s)<`+kind+`>(.*?)</`+kind+`>`).FindAllStringSubmatch(page, -1)
		if len(sources) != 1 {
			t.Fatalf("%d elements %s", len(sources), kind)
		}
		sum := sha256.Sum256([]byte(sources[0][1]))
		wants(t, policy, kind+"-src 'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+"'")
	}
	if found := regexp.MustCompile(`(?i)(\ssrc=|@import|url\(|\sstyle=|\son[a-z]+=)[^>]*`).FindString(page); found != "" {
		t.Errorf("the page has %q", found)
	}
}

func TestManyRepositories(t *testing.T) {
	var histories []backfill.History
	for i := range 1000 {
		coverages := make([]float64, backfill.MaxPoints)
		for j := range coverages {
			coverages[j] = float64((i*7919+j*104729)%10000) / 100
		}
		histories = append(histories, history(fmt.Sprintf("%s-%d", strings.Repeat("n", 40), i), 1000, coverages...))
	}
	page := write(t, reportOf(histories...))
	if rows := strings.Count(page, `<th scope="row"><bdi><a`); rows != 1000 {
		t.Errorf("%d rows", rows)
	}
	if len(page) > 3<<20 {
		t.Errorf("%d bytes", len(page))
	}
	t.Logf("%d bytes", len(page))
}

// FuzzNames: whatever a name contains, the page has the same elements as with a harmless one, and nothing that is not printable.
func FuzzNames(f *testing.F) {
	for _, name := range []string{"app", `"><script>alert(1)</script>`, "</title></style></script><img src=x onerror=alert(1)>", "a\u202egnp.exe\x00\x1b[31m",
		"javascript:alert(1)", "{{.Script}}", "' onmouseover='x", "bad \xff\u2028", "<!--", "]]>", "&lt;b&gt;"} {
		f.Add(name)
	}
	elements := regexp.MustCompile(`<[/!]?[a-zA-Z-]+`)
	of := func(t *testing.T, name string) string {
		h := history(name, 10, 50, 60)
		h.Owner = name
		r := reportOf(h)
		r.Owners, r.AppURL, r.Err, r.Result.DryRun = []string{name, "b"}, "https://codecov.example/"+name, errors.New(name), true
		r.Result.Entities[0].Blueprint, r.Result.CreatedBlueprints = name, []string{name}
		r.Result.Commits.Skipped = map[string]int{name: 1}
		r.Result.Failures = []backfill.Failure{{Blueprint: name + "b", Identifier: name + "i", Code: name, Message: name, Status: 1, TraceID: name + "t"}}
		r.Result.DroppedValues = []backfill.DroppedValue{{Blueprint: name, Property: name, Reason: name, Count: 1}}
		r.Result.StaleRepositories = []backfill.StaleRepository{{Owner: name, Repository: name}}
		r.Result.Changes = []backfill.Change{{Blueprint: name, Identifier: name, Property: name, From: name, To: map[string]any{name: name}}}
		return write(t, r)
	}
	f.Fuzz(func(t *testing.T, name string) {
		got, want := of(t, name), of(t, "harmless")
		if got, want := strings.Join(elements.FindAllString(got, -1), " "), strings.Join(elements.FindAllString(want, -1), " "); got != want {
			t.Errorf("%q: got the elements\n%s\nwant\n%s", name, got, want)
		}
		if i := strings.IndexFunc(html.UnescapeString(got), func(r rune) bool {
			return r != '\n' && (!unicode.IsPrint(r) || unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r))
		}); i >= 0 {
			t.Errorf("%q: the page holds %q", name, html.UnescapeString(got)[i:i+4])
		}
	})
}
