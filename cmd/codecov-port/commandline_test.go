package main

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	fakecodecov "github.com/codecov-port/codecov-port/internal/fake/codecov"
	"github.com/codecov-port/codecov-port/internal/terminal"
)

// said is what a command wrote, and how it ended.
type said struct {
	code     int
	out, err string
}

func (s said) text() string { return s.out + s.err }

// say runs a command within the test, in the environment that the test has set.
func say(t *testing.T, args ...string) said {
	t.Helper()
	var out, err bytes.Buffer
	code := run(t.Context(), args, &terminal.Streams{In: strings.NewReader(""), Out: &out, Err: &err})
	return said{code, out.String(), err.String()}
}

// export sets what a user of both servers exports, with other values where they are named.
func export(t *testing.T, codecovURL, portURL string, others map[string]string) {
	t.Helper()
	for name, value := range userEnvironment(codecovURL, portURL) {
		t.Setenv(name, value)
	}
	for name, value := range others {
		t.Setenv(name, value)
	}
}

// listen serves a handler on this machine.
func listen(t *testing.T, handler http.Handler) string {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server.URL
}

// row is a row of one of Codecov's lists.
type row map[string]any

// repositoryRow is an ordinary repository with coverage.
func repositoryRow(name string) row {
	return row{
		"name": name, "private": true, "updatestamp": "2026-11-14T04:15:24Z", "language": "go", "branch": "main", "active": true, "activated": true,
		"author": row{"service": "github", "username": "acme", "name": "Acme"}, "totals": totalsRow(),
	}
}

// commitRow is an ordinary commit with coverage.
func commitRow(sha, message string) row {
	return row{
		"commitid": sha, "message": message, "timestamp": "2026-10-31T09:35:55Z", "ci_passed": true, "branch": "main",
		"author": row{"service": "github", "username": "jdoe", "name": "Jane Doe"}, "totals": totalsRow(), "state": "complete", "parent": nil,
	}
}

func totalsRow() row {
	return row{
		"files": 3, "lines": 36, "hits": 35, "misses": 1, "partials": 0, "coverage": 97.22, "branches": 0, "methods": 0, "sessions": 2,
		"complexity": 0.0, "complexity_total": 0.0, "complexity_ratio": 0, "diff": 0,
	}
}

// codecovWith returns a Codecov with one account, github/acme.
func codecovWith(t *testing.T, repositories []row, commits map[string][]row) *fakecodecov.Server {
	t.Helper()
	document, err := json.Marshal(row{"service": "github", "owner": "acme", "repos": repositories, "commits": commits})
	if err != nil {
		t.Fatal(err)
	}
	account, err := fakecodecov.LoadAccount(bytes.NewReader(document))
	if err != nil {
		t.Fatal(err)
	}
	return fakecodecov.New(fakecodecov.Options{
		Accounts: []fakecodecov.Account{account}, Tokens: map[string]fakecodecov.Access{scriptToken: {}},
	})
}
