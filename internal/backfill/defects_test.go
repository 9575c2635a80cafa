package backfill_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codecov-port/codecov-port/internal/backfill"
	fakecodecov "github.com/codecov-port/codecov-port/internal/fake/codecov"
	"github.com/codecov-port/codecov-port/internal/fake/faults"
)

// acmeBench is a bench over the large recorded account.
func acmeBench(t *testing.T) *bench {
	t.Helper()
	return newBench(t, recorded(t, "github.acme.json"))
}

// failures returns what failed, without the words of the messages.
func failures(result *backfill.Result) []string {
	var all []string
	for _, f := range result.Failures {
		all = append(all, fmt.Sprintf("%s %s %d", f.Repository, f.Code, f.Status))
	}
	return all
}

func checkFailures(t *testing.T, result *backfill.Result, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, failures(result)); diff != "" {
		t.Errorf("failures (-want +got):\n%s", diff)
	}
	if result.Complete != (len(want) == 0) {
		t.Errorf("complete: %v", result.Complete)
	}
}

func (b *bench) poison(t *testing.T, repository string, poison fakecodecov.Poison) {
	t.Helper()
	if err := b.codecov.PoisonRepository("github", "acme", repository, poison); err != nil {
		t.Fatal(err)
	}
}

func TestBadCommitIsNamedAndTheOthersAreWritten(t *testing.T) {
	b := acmeBench(t)
	whole := b.run(t)
	ids := commitsOf(b, "ties")
	clean := acmeBench(t)
	if err := clean.codecov.PoisonCommit("github", "acme", "ties", ids[len(ids)/2]); err != nil {
		t.Fatal(err)
	}
	result := clean.run(t)
	checkFailures(t, result, "ties commit_unreadable 500")
	if result.Commits.Read != whole.Commits.Read-1 || result.Repositories != whole.Repositories {
		t.Errorf("%d commits read, %+v; want all but one of %d, %+v", result.Commits.Read, result.Repositories, whole.Commits.Read, whole.Repositories)
	}
	if got, want := clean.port.Count(history), b.port.Count(history)-1; got != want {
		t.Errorf("Port holds %d entities of the history, want %d", got, want)
	}
	if !strings.Contains(result.Failures[0].Message, "of the commits of acme/ties on main") {
		t.Errorf("message %q", result.Failures[0].Message)
	}
}

// commitsOf returns the ids of a repository's commits that are in Port.
func commitsOf(b *bench, repository string) []string {
	var ids []string
	for _, entity := range b.port.Entities(history) {
		if id, ok := strings.CutPrefix(entity.Identifier, repository+"@"); ok {
			ids = append(ids, id)
		}
	}
	return ids
}

func TestMalformedRepositoryIsNamed(t *testing.T) {
	b := acmeBench(t)
	b.poison(t, "ties", fakecodecov.Malformed)
	result := b.run(t)
	checkFailures(t, result, " row_unreadable 500")
	if result.Repositories.Listed != 59 || result.Repositories.Failed != 1 || b.port.Count(current) != 48 {
		t.Errorf("%+v, %d entities", result.Repositories, b.port.Count(current))
	}
}

// TestListThatStops: what lies behind is reached by the names that Port holds.
func TestListThatStops(t *testing.T) {
	b := acmeBench(t)
	b.poison(t, "ties", fakecodecov.Unreadable)
	result := b.run(t)
	checkFailures(t, result, " list_stopped 500")
	before := result.Repositories.Listed
	if before == 0 || before >= 59 || !strings.Contains(result.Failures[0].Message, fmt.Sprintf("from row %d of 60", before+1)) {
		t.Errorf("%d listed, message %q", before, result.Failures[0].Message)
	}

	b.poison(t, "ties", fakecodecov.Sound)
	b.run(t)
	b.poison(t, "ties", fakecodecov.Unreadable)
	result = b.run(t)
	checkFailures(t, result, " list_stopped 500", "ties row_unreadable 500")
	if unchanged := result.Entities[0].Unchanged; unchanged != 48 {
		t.Errorf("%d repositories unchanged, want all 49 that Port holds but one", unchanged)
	}
	if !strings.Contains(result.Failures[0].Message, "were found by the names in Port") {
		t.Errorf("message %q", result.Failures[0].Message)
	}
}

func TestRepositoriesByNameBehindTheStop(t *testing.T) {
	b := acmeBench(t)
	b.poison(t, "active-null", fakecodecov.Unreadable)
	b.options.Selection.Repositories = []string{"ties", "monolith"}
	if result := b.run(t); !result.Complete || result.Repositories.Read != 2 {
		t.Errorf("%+v, failures %v", result.Repositories, failures(result))
	}
	b.options.Selection.Repositories = []string{"ties", "Active-null"}
	checkFailures(t, b.run(t), "Active-null row_unreadable 500")
}

// TestRefusalsAreToldApart: the answers are those of the recordings.
func TestRefusalsAreToldApart(t *testing.T) {
	for want, answer := range map[string]faults.Fault{
		"monolith no_seat 403":             {Status: 403, Body: `{"detail":"Permission denied: some possible reasons for this are (1) …"}`},
		"monolith provider_rate_limit 403": {Status: 403, Body: `{"detail":"Github API rate limit error: Forbidden"}`},
		"monolith provider_login 401":      {Status: 401, Body: `{"detail":"Github API unauthorized error: Unauthorized"}`},
		"monolith no_access 404":           {Status: 404, Body: `{"detail":"Github API: Not Found"}`},
		"monolith outage 500":              {Status: 500, Body: `{"error": "Server Error (500)"}`},
	} {
		b := acmeBench(t)
		b.options.Selection.NoHistory = true
		answer.Times, answer.Match = -1, func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/monolith/commits") }
		b.codecov.Faults.Add(answer)
		checkFailures(t, b.run(t), want)
	}
}

// TestDeadProviderStopsPrivateRepositoriesAlone: after three of them no other private one is asked for; public ones are.
func TestDeadProviderStopsPrivateRepositoriesAlone(t *testing.T) {
	private := map[string]bool{}
	account := recorded(t, "github.acme.json")
	for i := range account.Repositories {
		if facts := account.Repositories[i]; facts.Private {
			private[facts.Name] = true
		}
	}
	b := newBench(t, account)
	b.options.Readers = 1
	asked := map[string]bool{}
	b.codecov.Faults.Add(faults.Fault{Times: -1, Status: 500, Body: `{"error": "Server Error (500)"}`, Match: func(r *http.Request) bool {
		name, commits := strings.CutSuffix(r.URL.Path, "/commits")
		name = name[strings.LastIndexByte(name, '/')+1:]
		if commits && private[name] {
			asked[name] = true
		}
		return commits && private[name]
	}})
	result := b.run(t)
	if len(asked) != 3 {
		t.Errorf("%d private repositories were asked for, want 3", len(asked))
	}
	if result.Repositories.Read+result.Repositories.Failed != 53 || result.Repositories.Failed < 20 {
		t.Errorf("%+v", result.Repositories)
	}
	for _, failure := range result.Failures {
		if !private[failure.Repository] || failure.Code != backfill.CodeOutage {
			t.Errorf("failure %+v", failure)
		}
	}
}

// miscount makes Codecov count one commit more than it lists.
type miscount struct{ next http.RoundTripper }

func (m miscount) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := m.next.RoundTrip(r)
	if err != nil || !strings.HasSuffix(r.URL.Path, "/ties/commits") {
		return resp, err
	}
	body, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	body = bytes.Replace(body, []byte(`"count":60`), []byte(`"count":61`), 1)
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return resp, err
}

func TestIncompleteListIsNamedAndWritten(t *testing.T) {
	b := newBenchOver(t, func(rt http.RoundTripper) http.RoundTripper { return miscount{rt} }, recorded(t, "github.acme.json"))
	result := b.run(t)
	checkFailures(t, result, "ties list_incomplete 0")
	if ids := commitsOf(b, "ties"); len(ids) == 0 || result.Repositories.Read != 53 {
		t.Errorf("%d commits of it in Port, %+v", len(ids), result.Repositories)
	}
}
