package codecov_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	fakecodecov "github.com/codecov-port/codecov-port/internal/fake/codecov"
	"github.com/codecov-port/codecov-port/internal/fake/faults"
	"github.com/codecov-port/codecov-port/pkg/codecov"
)

// TestWholeAccounts reads every row of the recorded accounts, with one request for each page.
func TestWholeAccounts(t *testing.T) {
	for _, account := range recordedAccounts(t) {
		server := serve(t, account.emulated)
		for _, size := range []int{7, 100, 1000} {
			t.Run(fmt.Sprintf("%s/%s/%d", account.Service, account.Owner, size), func(t *testing.T) {
				client := server.client(t, func(o *codecov.Options) { o.Service, o.PageSize = codecov.Service(account.Service), size })
				server.Reset()
				got, err := collect(client.Repositories(t.Context(), account.Owner, codecov.RepositoriesOptions{}))
				compare(t, got, err, wantAll(t, account.Repositories, wantRepository))
				checkPages(t, server, len(account.Repositories), size)
				for name, rows := range account.Commits {
					server.Reset()
					got, err := collect(client.Commits(t.Context(), account.Owner, name, codecov.CommitsOptions{}))
					compare(t, got, err, wantCommits(t, rows))
					checkPages(t, server, len(rows), size)
				}
			})
		}
	}
}

func compare[T any](t *testing.T, got []T, err error, want []T) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != len(want) {
		t.Errorf("%d rows, want %d", len(got), len(want))
	}
	for i := range min(len(got), len(want)) {
		if diff := cmp.Diff(want[i], got[i]); diff != "" {
			t.Fatalf("row %d (-want +got):\n%s", i, diff)
		}
	}
}

// checkPages expects one request for each page of so many rows.
func checkPages(t *testing.T, server emulator, rows, size int) {
	t.Helper()
	var want, got []string
	for page := range max(1, (rows+size-1)/size) {
		want = append(want, fmt.Sprintf("page %d of %d rows: 200", page+1, size))
	}
	for _, request := range server.Seen() {
		target, err := url.Parse(request.Target)
		if err != nil {
			t.Fatal(err)
		}
		query := target.Query()
		got = append(got, fmt.Sprintf("page %s of %s rows: %d", query.Get("page"), query.Get("page_size"), request.Status))
	}
	slices.Sort(want)
	slices.Sort(got) // pages are read ahead together
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("requests (-want +sent):\n%s", diff)
	}
}

func TestPageSizeOfACall(t *testing.T) {
	account := acme(t)
	server := serve(t, account.emulated)
	client := server.client(t, func(o *codecov.Options) { o.PageSize = 50 })
	if _, err := collect(client.Repositories(t.Context(), "acme", codecov.RepositoriesOptions{PageSize: 11})); err != nil {
		t.Fatal(err)
	}
	checkPages(t, server, len(account.Repositories), 11)
	server.Reset()
	if _, err := collect(client.Commits(t.Context(), "acme", "ties", codecov.CommitsOptions{PageSize: 13})); err != nil {
		t.Fatal(err)
	}
	checkPages(t, server, len(account.Commits["ties"]), 13)
}

func TestEarlyBreakSendsNoMoreRequests(t *testing.T) {
	server := serve(t, acme(t).emulated)
	for _, err := range server.client(t).Commits(t.Context(), "acme", "monolith", codecov.CommitsOptions{PageSize: 3, LimitHint: 1}) {
		if err != nil {
			t.Error(err)
		}
		break
	}
	if requests := server.Requests().Requests; requests != 1 {
		t.Errorf("%d requests, want 1", requests)
	}
}

// TestListIsReadTwice: an iterator may be ranged over more than once.
func TestListIsReadTwice(t *testing.T) {
	account := acme(t)
	rows := serve(t, account.emulated).client(t).Commits(t.Context(), "acme", "ties", codecov.CommitsOptions{})
	for range 2 {
		got, err := collect(rows)
		compare(t, got, err, wantCommits(t, account.Commits["ties"]))
	}
}

// TestRowsPushedMeanwhile adds commits in front while the list is read. They are not part of the list, and push no
// commit out of it.
func TestRowsPushedMeanwhile(t *testing.T) {
	account := acme(t)
	server := serve(t, account.emulated)
	var got []codecov.Commit
	for commit, err := range server.client(t).Commits(t.Context(), "acme", "ties", codecov.CommitsOptions{PageSize: 10, LimitHint: 9}) {
		if err != nil {
			t.Fatal(err)
		}
		if got = append(got, commit); len(got)%10 == 1 {
			push(t, server, len(got))
		}
	}
	compare(t, got, nil, wantCommits(t, account.Commits["ties"]))
}

// push adds a commit before all others.
func push(t *testing.T, server emulator, number int) {
	t.Helper()
	commit := fmt.Sprintf(`{"commitid":"new-%d","timestamp":"2026-11-22T21:00:00Z","branch":"main"}`, number)
	if err := server.AddCommit("github", "acme", "ties", json.RawMessage(commit)); err != nil {
		t.Fatal(err)
	}
}

// TestLastPageIsGone: the last page is past the end after a row was removed. The list is read again, since it has fewer
// rows than the page before counted.
func TestLastPageIsGone(t *testing.T) {
	account := acme(t)
	server := serve(t, account.emulated)
	server.Faults.Add(faults.Fault{
		Match:  func(r *http.Request) bool { return r.URL.Query().Get("page") == "2" },
		Status: http.StatusNotFound, Body: `{"detail":"Invalid page."}`,
	})
	size := len(account.Repositories) - 1
	rows, err := collect(server.client(t).Repositories(t.Context(), "acme", codecov.RepositoriesOptions{PageSize: size}))
	if len(rows) != size+1 || err != nil || server.Faults.Met() != 1 {
		t.Errorf("%d rows, %v; %d requests past the end", len(rows), err, server.Faults.Met())
	}
}

func TestErrorInTheMiddleComesLast(t *testing.T) {
	server := serve(t, acme(t).emulated)
	server.Faults.Add(faults.Fault{
		Match:  func(r *http.Request) bool { return r.URL.Query().Get("page") == "3" },
		Status: http.StatusForbidden, Body: `{"detail":"why"}`,
	})
	rows, err := collect(server.client(t).Commits(t.Context(), "acme", "monolith", codecov.CommitsOptions{PageSize: 10}))
	if len(rows) != 19 || !errors.Is(err, codecov.ErrForbidden) {
		t.Errorf("%d rows, error %v; want 19, since row 20 may have more of its time", len(rows), err)
	}
}

func TestNames(t *testing.T) {
	account := acme(t)
	server := serve(t, account.emulated)
	names := []string{".github", "MONOLITH", "dots...and--dashes__", "nope", "a&names=b"}
	got, err := collect(server.client(t).Repositories(t.Context(), "acme", codecov.RepositoriesOptions{Names: names}))
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, repository := range got {
		found = append(found, repository.Name)
	}
	slices.Sort(found)
	if want := []string{".github", "dots...and--dashes__", "monolith"}; !slices.Equal(found, want) {
		t.Errorf("found %q, want %q", found, want)
	}
}

// TestManyNames requests more names than a request line can hold.
func TestManyNames(t *testing.T) {
	const repositories = 2500
	account := fakecodecov.Synthetic(fakecodecov.SyntheticOptions{Repositories: repositories})
	server := serve(t, account)
	client := server.client(t)
	for _, test := range []struct {
		every    int // one in so many of the names
		rewrite  func(string) string
		requests int
	}{
		{1, strings.Clone, 16},
		{1, strings.ToUpper, 16},
		{20, strings.Clone, 1},
		{13, func(name string) string { return name + "ü&= %\x00" }, 3}, // each longer in the address, and unknown
	} {
		server.Reset()
		var names, want []string
		for i := 0; i < repositories; i += test.every {
			name := account.Repositories[i].Name
			names = append(names, test.rewrite(name))
			if strings.EqualFold(name, test.rewrite(name)) {
				want = append(want, name)
			}
		}
		got, err := collect(client.Repositories(t.Context(), account.Owner.Username, codecov.RepositoriesOptions{Names: names}))
		if err != nil {
			t.Fatal(err)
		}
		var found []string
		for _, repository := range got {
			found = append(found, repository.Name)
		}
		if diff := cmp.Diff(want, found); diff != "" {
			t.Errorf("repositories (-want +found):\n%s", diff)
		}
		if requests := server.Requests().Requests; requests != test.requests {
			t.Errorf("%d names: %d requests, want %d", len(names), requests, test.requests)
		}
	}
}

// TestNamesOfEveryLength requests more names of each length than a line can hold: lines are at least half full, and the
// emulator rejects one that is too long.
func TestNamesOfEveryLength(t *testing.T) {
	server := serve(t, acme(t).emulated)
	client := server.client(t)
	for length := 1; length < 2000; length += 61 {
		server.Reset()
		names := slices.Repeat([]string{strings.Repeat("x", length)}, 8000/length+2)
		names = append(names, "monolith", "Monolith")
		got, err := collect(client.Repositories(t.Context(), "acme", codecov.RepositoriesOptions{Names: names}))
		if err != nil || len(got) != 1 {
			t.Errorf("names of %d bytes: %d repositories, %v", length, len(got), err)
		}
		longest := 0
		for _, request := range server.Seen() {
			longest = max(longest, len("GET "+request.Target+" HTTP/1.1"))
		}
		if longest > 4094 || longest < 4094/2 {
			t.Errorf("names of %d bytes: the longest request line has %d bytes", length, longest)
		}
	}
}

// TestNameThatNoRequestCanHold fails: a request without names would return every repository.
func TestNameThatNoRequestCanHold(t *testing.T) {
	server := serve(t, acme(t).emulated)
	long := strings.Repeat("x", 5000)
	for want, names := range [][]string{{long, "ties"}, {"monolith", long, "ties"}} {
		got, err := collect(server.client(t).Repositories(t.Context(), "acme", codecov.RepositoriesOptions{Names: names}))
		apiError := (*codecov.APIError)(nil)
		if len(got) != want || !errors.As(err, &apiError) || apiError.Status != http.StatusBadRequest {
			t.Errorf("%d repositories, want %d; error %v", len(got), want, err)
		}
	}
}

func TestCountCommits(t *testing.T) {
	account := acme(t)
	server := serve(t, account.emulated)
	client := server.client(t)
	for name, rows := range account.Commits {
		server.Reset()
		count, err := client.CountCommits(t.Context(), "acme", name, codecov.CommitsOptions{LimitHint: 100, PageSize: 100})
		if served := server.Requests(); count != len(rows) || err != nil || served.Requests != 1 || served.Rows > 1 {
			t.Errorf("%s: %d commits, %v, by %d requests for %d rows; want %d", name, count, err, served.Requests, served.Rows, len(rows))
		}
	}
	branches := byBranch(account.Commits["monolith"])
	if len(branches) < 2 {
		t.Fatalf("%d branches", len(branches))
	}
	for branch, rows := range branches {
		if count, err := client.CountCommits(t.Context(), "acme", "monolith", codecov.CommitsOptions{Branch: branch}); count != len(rows) || err != nil {
			t.Errorf("%s: %d commits, %v; want %d", branch, count, err, len(rows))
		}
	}
	if count, err := client.CountCommits(t.Context(), "acme", "nope", codecov.CommitsOptions{}); count != 0 || !errors.Is(err, codecov.ErrNotFound) {
		t.Errorf("no such repository: %d commits, %v", count, err)
	}
}

// TestBranches filters by every recorded branch, and by names that a query must escape.
func TestBranches(t *testing.T) {
	account := acme(t)
	server := serve(t, account.emulated)
	client := server.client(t)
	for _, name := range []string{"monolith", "branches-odd", "other-branch-only"} {
		for branch, rows := range byBranch(account.Commits[name]) {
			got, err := collect(client.Commits(t.Context(), "acme", name, codecov.CommitsOptions{Branch: branch}))
			compare(t, got, err, wantCommits(t, rows))
		}
	}
	for _, branch := range []string{"a b", "a+b", "a&branch=main", "100%", "%2F", "fork/repo:main", "ünï/🌱", "#1", "a=b", "a;b", `\`} {
		commit, err := json.Marshal(map[string]any{"commitid": "on " + branch, "timestamp": "2026-11-22T21:00:00Z", "branch": branch})
		if err != nil {
			t.Fatal(err)
		}
		if err := server.AddCommit("github", "acme", "monolith", commit); err != nil {
			t.Fatal(err)
		}
		got, err := collect(client.Commits(t.Context(), "acme", "monolith", codecov.CommitsOptions{Branch: branch}))
		if err != nil || len(got) != 1 || got[0].CommitID != "on "+branch {
			t.Errorf("%q: %d commits, %v", branch, len(got), err)
		}
	}
}

// byBranch groups rows by branch, without those of no branch and of one that no filter can name.
func byBranch(rows []map[string]any) map[string][]map[string]any {
	grouped := map[string][]map[string]any{}
	for _, fields := range rows {
		if branch, _ := fields["branch"].(string); branch != "" && branch == strings.TrimSpace(branch) {
			grouped[branch] = append(grouped[branch], fields)
		}
	}
	return grouped
}

// TestNamesThatNeedEscapes reads accounts and repositories whose names would change the address.
func TestNamesThatNeedEscapes(t *testing.T) {
	names := []string{".github", "a b", "ünï-🌱", "100%", "%2e%2e", "a?b", "a#b", "a+b", "a;b&c=d", "a:b", "...", `a\b`, "~", "@"}
	repositories, commits := []map[string]any{}, map[string]any{}
	for i, name := range names {
		repositories = append(repositories, map[string]any{"name": name, "private": false, "active": true})
		commits[name] = []map[string]any{{"commitid": fmt.Sprint(i), "timestamp": "2026-11-22T21:00:00Z", "branch": "main"}}
	}
	for _, owner := range []string{"group:subgroup", "a b%?#", ".ünï"} {
		text, err := json.Marshal(map[string]any{"service": "gitlab", "owner": owner, "repos": repositories, "commits": commits})
		if err != nil {
			t.Fatal(err)
		}
		account, err := fakecodecov.LoadAccount(bytes.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		server := serve(t, account)
		client := server.client(t, func(o *codecov.Options) { o.Service = codecov.GitLab })
		listed, err := collect(client.Repositories(t.Context(), owner, codecov.RepositoriesOptions{}))
		if err != nil || len(listed) != len(names) {
			t.Errorf("owner %q: %d repositories, %v", owner, len(listed), err)
		}
		for i, name := range names {
			got, err := collect(client.Commits(t.Context(), owner, name, codecov.CommitsOptions{}))
			if err != nil || len(got) != 1 || got[0].CommitID != fmt.Sprint(i) {
				t.Errorf("%q: %d commits, %v", name, len(got), err)
			}
		}
	}
}

// TestNamesThatNoAddressCanHold: path elements of dots would be resolved to another address.
func TestNamesThatNoAddressCanHold(t *testing.T) {
	server := serve(t, acme(t).emulated)
	client := server.client(t)
	for _, name := range []string{".", ".."} {
		if _, err := collect(client.Commits(t.Context(), "acme", name, codecov.CommitsOptions{})); err == nil {
			t.Errorf("repository %q: no error", name)
		}
		if _, err := collect(client.Repositories(t.Context(), name, codecov.RepositoriesOptions{})); err == nil {
			t.Errorf("owner %q: no error", name)
		}
	}
	if requests := server.Requests().Requests; requests != 0 {
		t.Errorf("%d requests were sent", requests)
	}
	if _, err := collect(client.Commits(t.Context(), "acme", "a/../monolith", codecov.CommitsOptions{})); !errors.Is(err, codecov.ErrNotFound) {
		t.Errorf("name with slashes: error %v", err)
	}
}

func TestSubgroupIsOneSegment(t *testing.T) {
	account := fakecodecov.Synthetic(fakecodecov.SyntheticOptions{Service: "gitlab", Owner: "group:subgroup", Repositories: 3})
	server := serve(t, account)
	client := server.client(t, func(o *codecov.Options) { o.Service = codecov.GitLab })
	if rows, err := collect(client.Repositories(t.Context(), "group:subgroup", codecov.RepositoriesOptions{})); err != nil || len(rows) != 3 {
		t.Errorf("%d repositories, %v", len(rows), err)
	}
	if _, err := collect(client.Repositories(t.Context(), "group", codecov.RepositoriesOptions{})); !errors.Is(err, codecov.ErrOwnerNotFound) {
		t.Errorf("the parent: error %v", err)
	}
}

func TestOwners(t *testing.T) {
	var accounts []fakecodecov.Account
	for _, account := range recordedAccounts(t) {
		accounts = append(accounts, account.emulated)
	}
	server := serve(t, accounts...)
	rows, err := collect(server.client(t).Owners(t.Context()))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, owner := range rows {
		if owner.Service != "github" || owner.Username == nil {
			t.Fatalf("owner %+v", owner)
		}
		names = append(names, *owner.Username)
	}
	slices.Sort(names)
	if want := []string{"acme", "slanks"}; !slices.Equal(names, want) {
		t.Errorf("owners %q, want %q", names, want)
	}
}

// TestConcurrentUse reads many lists with one client at once.
func TestConcurrentUse(t *testing.T) {
	account := acme(t)
	client := serve(t, account.emulated).client(t)
	var readers sync.WaitGroup
	for _, name := range slices.Sorted(maps.Keys(account.Commits)) {
		readers.Go(func() {
			rows, err := collect(client.Commits(t.Context(), "acme", name, codecov.CommitsOptions{}))
			if err != nil || len(rows) != len(account.Commits[name]) {
				t.Errorf("%s: %d commits, %v; want %d", name, len(rows), err, len(account.Commits[name]))
			}
		})
	}
	readers.Wait()
}

func TestCanceledContext(t *testing.T) {
	server := serve(t, acme(t).emulated)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	rows := 0
	var last error
	for _, err := range server.client(t).Commits(ctx, "acme", "monolith", codecov.CommitsOptions{PageSize: 5, LimitHint: 4}) {
		if err == nil {
			rows++
			cancel()
			continue
		}
		last = err
	}
	if rows != 4 || !errors.Is(last, context.Canceled) {
		t.Errorf("%d rows, error %v; want 4 and the cancellation", rows, last)
	}
}
