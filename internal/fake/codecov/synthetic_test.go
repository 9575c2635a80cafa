package codecov_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	fakecodecov "github.com/codecov-port/codecov-port/internal/fake/codecov"
	"github.com/google/go-cmp/cmp"
)

func syntheticServer(options fakecodecov.SyntheticOptions) *fakecodecov.Server {
	return fakecodecov.New(fakecodecov.Options{
		Accounts: []fakecodecov.Account{fakecodecov.Synthetic(options)},
		Tokens:   map[string]fakecodecov.Access{"all": {}},
	})
}

func TestSyntheticRowsDependOnTheSeedAlone(t *testing.T) {
	options := fakecodecov.SyntheticOptions{Seed: 7, Repositories: 3, CommitsPerRepository: 50, Branches: 2}
	first, again := fakecodecov.Synthetic(options), fakecodecov.Synthetic(options)
	options.Seed = 8
	other := fakecodecov.Synthetic(options)
	for i := range 3 {
		row := string(first.Repositories[i].Row)
		if row != string(again.Repositories[i].Row) {
			t.Errorf("repository %d differs from itself", i)
		}
		if row == string(other.Repositories[i].Row) {
			t.Errorf("repository %d is the same with another seed", i)
		}
		for j := 49; j >= 0; j-- {
			commit := string(first.Repositories[i].Commits("").Row(j))
			if commit != string(again.Repositories[i].Commits("").Row(j)) {
				t.Errorf("commit %d of repository %d differs from itself", j, i)
			}
			if commit == string(other.Repositories[i].Commits("").Row(j)) {
				t.Errorf("commit %d of repository %d is the same with another seed", j, i)
			}
		}
	}
}

func TestPagesOfAnySizeHoldTheSameRows(t *testing.T) {
	server := syntheticServer(fakecodecov.SyntheticOptions{Repositories: 25, CommitsPerRepository: 47, Branches: 4, IncompleteEvery: 5})
	names := repositoryNames(t, server)
	commits := "/api/v2/github/synthetic/repos/" + names[3] + "/commits"
	for _, list := range []struct {
		target string
		count  int
	}{
		{"/api/v2/github/synthetic/repos?", 25},
		{commits + "?", 47},
		{commits + "?branch=develop&", 12},
		{commits + "?branch=release%2F2.x&", 12},
		{commits + "?branch=feature%2F3&", 11},
		{commits + "?branch=nope&", 0},
	} {
		whole := collect(t, server, list.target, 1000)
		if len(whole) != list.count {
			t.Errorf("%s: %d rows, want %d", list.target, len(whole), list.count)
		}
		for _, size := range []int{1, 2, 7, 20, 46} {
			if diff := cmp.Diff(whole, collect(t, server, list.target, size)); diff != "" {
				t.Errorf("%s in pages of %d (-whole +pages):\n%s", list.target, size, diff)
			}
		}
	}
}

func repositoryNames(t testing.TB, server http.Handler) []string {
	t.Helper()
	var names []string
	for _, row := range getList(t, server, "/api/v2/github/synthetic/repos?page_size=1000").Results {
		names = append(names, nameOf(t, row))
	}
	return names
}

// collect reads a list page by page.
func collect(t testing.TB, server http.Handler, target string, size int) []string {
	t.Helper()
	var rows []string
	for number := 1; ; number++ {
		page := getList(t, server, fmt.Sprintf("%spage_size=%d&page=%d", target, size, number))
		rows = append(rows, texts(page.Results)...)
		if number >= page.TotalPages {
			return rows
		}
	}
}

type syntheticCommit struct {
	CommitID  string    `json:"commitid"`
	Timestamp time.Time `json:"timestamp"`
	Branch    string    `json:"branch"`
	State     string    `json:"state"`
	Parent    *string   `json:"parent"`
	Totals    *struct {
		Lines, Hits, Misses, Partials int64
		Coverage                      json.Number
	} `json:"totals"`
}

// TestSyntheticCommitsArePlausible checks what a client counts on: the fields of recorded rows, each commit older than the one
// before it and the parent of it, ids that don't repeat, figures that add up, coverage in percent.
func TestSyntheticCommitsArePlausible(t *testing.T) {
	newest := time.Date(2026, time.March, 1, 12, 0, 0, 0, time.UTC)
	account := fakecodecov.Synthetic(fakecodecov.SyntheticOptions{Repositories: 10, CommitsPerRepository: 100, IncompleteEvery: 10, Newest: newest})
	recorded := loadAccount(t, "github.acme")
	fields := fieldsOf(recorded.Repositories[59].Commits("").Row(0))
	ids := map[string]bool{}
	for i := range 10 {
		rows := account.Repositories[i].Commits("")
		younger := syntheticCommit{Timestamp: newest.Add(time.Second), Parent: new(string)}
		for j := range rows.Len {
			row := rows.Row(j)
			var commit syntheticCommit
			mustDo(t, json.Unmarshal(row, &commit))
			if incomplete := j%10 == 9; incomplete != (commit.State != "complete") || incomplete != (commit.Totals == nil) {
				t.Errorf("commit %d of repository %d: state %s, totals %v", j, i, commit.State, commit.Totals)
			}
			if diff := cmp.Diff(fields, fieldsOf(row)); commit.Totals != nil && diff != "" {
				t.Fatalf("fields (-recorded +synthetic):\n%s", diff)
			}
			if !commit.Timestamp.Before(younger.Timestamp) || j > 0 && commit.CommitID != *younger.Parent {
				t.Errorf("commit %d of repository %d is no parent of the one before it: %s", j, i, row)
			}
			if totals := commit.Totals; totals != nil && totals.Hits+totals.Misses+totals.Partials != totals.Lines {
				t.Errorf("figures don't add up: %s", row)
			}
			ids[commit.CommitID] = len(commit.CommitID) == 40
			younger = commit
		}
		if younger.Parent != nil {
			t.Errorf("the first commit of repository %d has a parent", i)
		}
	}
	for id, wellFormed := range ids {
		if !wellFormed {
			t.Errorf("commitid %q", id)
		}
	}
	if len(ids) != 1000 {
		t.Errorf("%d different commitids, want 1000", len(ids))
	}
}

// fieldsOf returns the names of a row's fields in their order.
func fieldsOf(row []byte) []string {
	return regexp.MustCompile(`"\w+":`).FindAllString(string(row), -1)
}

func TestSyntheticRepositories(t *testing.T) {
	account := fakecodecov.Synthetic(fakecodecov.SyntheticOptions{Repositories: 10, CommitsPerRepository: 20, InactiveEvery: 5})
	fields := fieldsOf(loadAccount(t, "github.acme").Repositories[0].Row)
	for i := range 10 {
		facts := account.Repositories[i]
		row := account.Repositories[i].Row
		var repository struct {
			Name, Branch    string
			Private, Active bool
			Totals          json.RawMessage
		}
		mustDo(t, json.Unmarshal(row, &repository))
		if repository.Name != facts.Name || repository.Private != facts.Private || repository.Active == (i%5 == 4) {
			t.Errorf("row %s doesn't say what it is filtered by: %+v", row, facts)
		}
		commits := account.Repositories[i].Commits(repository.Branch)
		if inactive := i%5 == 4; inactive {
			if commits.Len != 0 || string(repository.Totals) != "null" || repository.Active {
				t.Errorf("inactive repository %s has %d commits", row, commits.Len)
			}
			continue
		}
		if diff := cmp.Diff(fields, fieldsOf(row)); diff != "" {
			t.Errorf("fields (-recorded +synthetic):\n%s", diff)
		}
		if newest := commits.Row(0); commits.Len != 20 || !strings.Contains(string(newest), string(repository.Totals)) {
			t.Errorf("totals of %s are not those of its newest commit %s", row, newest)
		}
	}
}

// TestMillionCommitsTakeNoMemory serves pages from all over a large account: what stays allocated must not depend on its size.
func TestMillionCommitsTakeNoMemory(t *testing.T) {
	server := syntheticServer(fakecodecov.SyntheticOptions{Repositories: 1000, CommitsPerRepository: 1000})
	name := nameOf(t, getList(t, server, "/api/v2/github/synthetic/repos?page=last&page_size=1").Results[0])
	commits := "/api/v2/github/synthetic/repos/" + name + "/commits"
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for number := 1; number <= 10; number++ {
		if page := getList(t, server, fmt.Sprintf("%s?page_size=100&page=%d", commits, number)); page.Count != 1000 || len(page.Results) != 100 {
			t.Fatalf("page %d: %d of %d rows", number, len(page.Results), page.Count)
		}
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	runtime.KeepAlive(server)
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 1<<20 {
		t.Errorf("%d bytes more are in use after 1,000 rows", grown)
	}
	if rows := server.Requests().Rows; rows != 1001 {
		t.Errorf("%d rows served, want 1001", rows)
	}
}

func BenchmarkSyntheticPage(b *testing.B) {
	rows := fakecodecov.Synthetic(fakecodecov.SyntheticOptions{Repositories: 1, CommitsPerRepository: 1000}).Repositories[0].Commits("")
	for b.Loop() {
		for i := range 100 {
			rows.Row(i)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/100, "ns/row")
}
