package codecov_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"

	fakecodecov "github.com/codecov-port/codecov-port/internal/fake/codecov"
	"github.com/codecov-port/codecov-port/pkg/codecov"
)

// seesAll is a token whose user can see everything.
const seesAll = "0a1b2c3d-0000-4000-8000-00000000aaaa"

// basePath has a prefix, so that an address without it is not found.
const basePath = "/prefix/api/v2"

// emulator is a Codecov server over real HTTP.
type emulator struct {
	*fakecodecov.Server
	address string // of the API
}

// serve starts an emulator that accepts seesAll.
func serve(t testing.TB, accounts ...fakecodecov.Account) emulator {
	t.Helper()
	server := fakecodecov.New(fakecodecov.Options{
		Accounts: accounts, Tokens: map[string]fakecodecov.Access{seesAll: {}}, BasePath: basePath, KeepRequests: true,
	})
	return emulator{server, listen(t, misleading(server))}
}

// misleading makes the emulator believe that it has another name, so that its "next" is the address of another host.
func misleading(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Host = "codecov.invalid"
		next.ServeHTTP(w, r)
	})
}

// listen returns the address of the API that a handler serves.
func listen(t testing.TB, handler http.Handler) string {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server.URL + basePath
}

// client returns a client of the emulator for GitHub's accounts with the token seesAll, changed by change.
func (e emulator) client(t testing.TB, change ...func(*codecov.Options)) *codecov.Client {
	t.Helper()
	options := codecov.Options{BaseURL: e.address, Token: seesAll}
	for _, apply := range change {
		apply(&options)
	}
	return newClient(t, options)
}

// direct makes a client call the emulator without connections, so that its waits take no time in synctest.
func (e emulator) direct(o *codecov.Options) {
	o.Transport = network(func(r *http.Request) (*http.Response, error) {
		recorder := httptest.NewRecorder()
		e.ServeHTTP(recorder, r)
		return recorder.Result(), nil
	})
}

// newClient fills in the service.
func newClient(t testing.TB, o codecov.Options) *codecov.Client {
	t.Helper()
	if o.Service == "" {
		o.Service = codecov.GitHub
	}
	client, err := codecov.NewClient(o)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// recordedAccount is an account as it was recorded, decoded without the emulator's and the client's types.
type recordedAccount struct {
	Service      string
	Owner        string
	Repositories []map[string]any `json:"repos"`
	Commits      map[string][]map[string]any

	emulated fakecodecov.Account
}

// readAccounts reads the recorded accounts once for all tests, none of which changes them.
var readAccounts = sync.OnceValues(func() ([]recordedAccount, error) {
	files, err := filepath.Glob("../../internal/fake/recordings/accounts/*.json")
	if err != nil {
		return nil, err
	}
	accounts := make([]recordedAccount, len(files))
	for i, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		decoder := json.NewDecoder(bytes.NewReader(text))
		decoder.UseNumber()
		if err := decoder.Decode(&accounts[i]); err != nil {
			return nil, err
		}
		if accounts[i].emulated, err = fakecodecov.LoadAccount(bytes.NewReader(text)); err != nil {
			return nil, err
		}
	}
	return accounts, nil
})

func recordedAccounts(t testing.TB) []recordedAccount {
	t.Helper()
	accounts, err := readAccounts()
	if err != nil || len(accounts) != 4 {
		t.Fatalf("%d recorded accounts, %v; want 4", len(accounts), err)
	}
	return accounts
}

// acme returns the large account.
func acme(t testing.TB) recordedAccount {
	t.Helper()
	for _, account := range recordedAccounts(t) {
		if account.Owner == "acme" {
			return account
		}
	}
	t.Fatal("no account acme was recorded")
	return recordedAccount{}
}

// totals returns all totals of the account's repositories and commits.
func (a recordedAccount) totals(t testing.TB) []*codecov.Totals {
	t.Helper()
	var all []*codecov.Totals
	add := func(totals *codecov.Totals) {
		if totals != nil {
			all = append(all, totals)
		}
	}
	for _, fields := range a.Repositories {
		add(wantRepository(t, fields).Totals)
	}
	for _, rows := range a.Commits {
		for _, fields := range rows {
			add(wantCommit(t, fields).Totals)
		}
	}
	return all
}
