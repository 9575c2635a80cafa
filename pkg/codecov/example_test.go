package codecov_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	fakecodecov "github.com/codecov-port/codecov-port/internal/fake/codecov"
	"github.com/codecov-port/codecov-port/pkg/codecov"
)

// exampleServer is a Codecov server with one small account.
func exampleServer() *httptest.Server {
	account, err := fakecodecov.LoadAccount(strings.NewReader(`{"service": "github", "owner": "acme",
		"repos": [{"name": "api", "branch": "main", "active": true}, {"name": "docs", "branch": "main", "active": false}],
		"commits": {"api": [
			{"commitid": "7f3c1d9", "timestamp": "2026-11-02T09:30:00Z", "branch": "main", "state": "complete",
				"totals": {"lines": 36, "hits": 35, "coverage": 97.22}},
			{"commitid": "2b8e4aa", "timestamp": "2026-11-01T17:05:00Z", "branch": "main", "state": "pending"}],
			"docs": []}}`))
	if err != nil {
		log.Fatal(err)
	}
	return httptest.NewServer(fakecodecov.New(fakecodecov.Options{
		Accounts: []fakecodecov.Account{account}, Tokens: map[string]fakecodecov.Access{seesAll: {}}, BasePath: "/api/v2",
	}))
}

func ExampleClient_Commits() {
	server := exampleServer()
	defer server.Close()

	client, err := codecov.NewClient(codecov.Options{
		BaseURL: server.URL + "/api/v2", Token: seesAll, Service: codecov.GitHub,
	})
	if err != nil {
		log.Fatal(err)
	}
	options := codecov.CommitsOptions{Branch: "main"}
	for commit, err := range client.Commits(context.Background(), "acme", "api", options) {
		if err != nil {
			log.Fatal(err)
		}
		coverage := "not measured"
		if commit.Totals != nil {
			coverage = commit.Totals.Ratio() + "%"
		}
		fmt.Println(commit.Timestamp.Format(time.DateOnly), commit.CommitID, coverage)
	}
	// Output:
	// 2026-11-02 7f3c1d9 97.22222%
	// 2026-11-01 2b8e4aa not measured
}

func ExampleClient_Repositories() {
	server := exampleServer()
	defer server.Close()

	client, err := codecov.NewClient(codecov.Options{
		BaseURL: server.URL + "/api/v2", Token: seesAll, Service: codecov.GitHub,
	})
	if err != nil {
		log.Fatal(err)
	}
	for repository, err := range client.Repositories(context.Background(), "acme", codecov.RepositoriesOptions{}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(repository.Name, repository.HasCoverage())
	}
	// Output:
	// api true
	// docs false
}

func ExampleAPIError() {
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()

	client, err := codecov.NewClient(codecov.Options{BaseURL: server.URL, Service: codecov.GitHub})
	if err != nil {
		log.Fatal(err)
	}
	_, err = client.CountCommits(context.Background(), "acme", "api", codecov.CommitsOptions{})
	var apiError *codecov.APIError
	if errors.As(err, &apiError) {
		fmt.Println(apiError.Status, apiError.Message)
	}
	fmt.Println(errors.Is(err, codecov.ErrNotFound))
	// Output:
	// 404 404 page not found
	// true
}
