package codecov_test

import (
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	fakecodecov "github.com/codecov-port/codecov-port/internal/fake/codecov"
	"github.com/codecov-port/codecov-port/pkg/codecov"
)

// TestRepositoryExists gives the client each recorded answer for a repository's commits.
func TestRepositoryExists(t *testing.T) {
	seen := map[string]int{}
	for _, exchange := range listings(t) {
		if !strings.HasSuffix(pathOf(exchange), "/commits") {
			continue
		}
		synctest.Test(t, func(t *testing.T) {
			known, err := recordedClient(t, exchange).RepositoryExists(t.Context(), "acme", "app")
			told := "nothing"
			switch {
			case known && err == nil:
				told = "known"
			case err == nil:
				told = "unknown"
			case known:
				t.Errorf("%s: known, and %v", exchange.Name, err)
			}
			seen[told]++
			gone := strings.Contains(string(exchange.Response.Body), "No Repository matches the given query.")
			if gone != (told == "unknown") {
				t.Errorf("%s: %d %s tells %s", exchange.Name, exchange.Response.Status, exchange.Response.Body, told)
			}
		})
	}
	if seen["known"] == 0 || seen["unknown"] == 0 || seen["nothing"] == 0 {
		t.Errorf("told %v", seen)
	}
}

func TestRepositoryExistsByAccess(t *testing.T) {
	const token = "0a1b2c3d-0000-4000-8000-00000000bbbb"
	account := acme(t)
	for name, test := range map[string]struct {
		mode fakecodecov.Mode
		want map[string]string // by repository
	}{
		"everything": {fakecodecov.Everything, map[string]string{"monolith": "true", "MONOLITH": "true", "nope": "false", "..": "error"}},
		"public":     {fakecodecov.PublicOnly, map[string]string{"monolith": "error", "nope": "false"}},
		"no seat":    {fakecodecov.NoSeat, map[string]string{"monolith": "error", "nope": "false"}},
		"revoked":    {fakecodecov.RevokedAtProvider, map[string]string{"monolith": "error"}},
	} {
		t.Run(name, func(t *testing.T) {
			server := fakecodecov.New(fakecodecov.Options{
				Accounts: []fakecodecov.Account{account.emulated}, BasePath: basePath, KeepRequests: true,
				Tokens: map[string]fakecodecov.Access{token: {Mode: test.mode}},
			})
			client := emulator{server, listen(t, server)}.client(t, func(o *codecov.Options) { o.Token = token })
			got := map[string]string{}
			for repository := range test.want {
				known, err := client.RepositoryExists(t.Context(), "acme", repository)
				switch {
				case err != nil:
					got[repository] = "error"
				case known:
					got[repository] = "true"
				default:
					got[repository] = "false"
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestRepositoryExistsThatWasDeletedAtCodecov(t *testing.T) {
	server := serve(t, acme(t).emulated)
	if err := server.HideRepository("github", "acme", "monolith"); err != nil {
		t.Fatal(err)
	}
	server.Reset()
	if known, err := server.client(t).RepositoryExists(t.Context(), "acme", "monolith"); !known || err != nil {
		t.Errorf("known %v, %v", known, err)
	}
	if served := server.Requests(); served.Requests != 1 || served.Rows > 1 {
		t.Errorf("%d requests for %d rows, want one of each", served.Requests, served.Rows)
	}
}
