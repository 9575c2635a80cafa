package codecov_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	fakecodecov "github.com/codecov-port/codecov-port/internal/fake/codecov"
	"github.com/codecov-port/codecov-port/internal/fake/recordings"
	"github.com/codecov-port/codecov-port/pkg/codecov"
)

// TestRepositoryExists reads each recorded answer for a repository's commits.
func TestRepositoryExists(t *testing.T) {
	checkExists(t, listings(t), "/commits", "No Repository matches the given query.", func(ctx context.Context, c *codecov.Client) (bool, error) {
		return c.RepositoryExists(ctx, "acme", "app")
	})
}

// TestCommitExists reads each recorded answer for a commit.
func TestCommitExists(t *testing.T) {
	commits := recordedGets(t, func(path string) bool {
		before, _, _ := strings.Cut(path[strings.LastIndexByte(path, '/')+1:], "?")
		return strings.HasSuffix(strings.TrimSuffix(path, "/"+before), "/commits") && before != ""
	})
	checkExists(t, commits, "", "No Commit matches the given query.", func(ctx context.Context, c *codecov.Client) (bool, error) {
		return c.CommitExists(ctx, "acme", "app", "ea82b974095089fac2e519c3d210f794335a3a92")
	})
}

// checkExists calls exists for each exchange. Only the answer with this message may be false, others must be true or an
// error.
func checkExists(
	t *testing.T, exchanges []recordings.Exchange, suffix, message string,
	exists func(context.Context, *codecov.Client) (bool, error),
) {
	t.Helper()
	seen := map[string]int{}
	for _, exchange := range exchanges {
		if !strings.HasSuffix(pathOf(exchange), suffix) {
			continue
		}
		synctest.Test(t, func(t *testing.T) {
			found, err := exists(t.Context(), recordedClient(t, exchange))
			result := fmt.Sprint(found)
			if err != nil {
				result = "error"
			}
			seen[result]++
			if found && err != nil {
				t.Errorf("%s: true and the error %v", exchange.Name, err)
			}
			missing := exchange.Response.Status == 404 && strings.Contains(string(exchange.Response.Body), message)
			if missing != (result == "false") {
				t.Errorf("%s: %s for %d %s", exchange.Name, result, exchange.Response.Status, exchange.Response.Body)
			}
		})
	}
	if seen["true"] == 0 || seen["false"] == 0 {
		t.Errorf("results %v, want recordings of each", seen)
	}
}

// TestCommitOfLostRepository: a 404 of the repository says nothing about the commit.
func TestCommitOfLostRepository(t *testing.T) {
	for _, detail := range []string{"Not found.", "Github API: Not Found", "No Repository matches the given query.", "No Owner matches the given query."} {
		client := newClient(t, codecov.Options{Transport: network(func(*http.Request) (*http.Response, error) {
			return answer(http.StatusNotFound, nil, fmt.Sprintf(`{"detail":%q}`, detail)), nil
		})})
		found, err := client.CommitExists(t.Context(), "acme", "app", "ea82b974095089fac2e519c3d210f794335a3a92")
		if found || err == nil {
			t.Errorf("%s: %v, %v; want an error", detail, found, err)
		}
	}
}

// TestRecordedBranches reads each recorded list of branches.
func TestRecordedBranches(t *testing.T) {
	lists := recordedGets(t, func(path string) bool { return strings.HasSuffix(path, "/branches") })
	read := 0
	for _, exchange := range lists {
		synctest.Test(t, func(t *testing.T) {
			branches, err := recordedClient(t, exchange).Branches(t.Context(), "acme", "app")
			if exchange.Response.Status != 200 {
				if err == nil {
					t.Errorf("%s: no error for status %d", exchange.Name, exchange.Response.Status)
				}
				return
			}
			var recorded struct{ Results []codecov.Branch }
			decode(t, exchange.Response.Body, &recorded)
			if diff := cmp.Diff(recorded.Results, branches); diff != "" || err != nil {
				t.Errorf("%s: %v, branches (-recorded +got):\n%s", exchange.Name, err, diff)
			}
			read++
		})
	}
	if read < 3 {
		t.Errorf("%d recorded lists, want 3 at least", read)
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
		t.Errorf("exists %v, %v; want true", known, err)
	}
	if served := server.Requests(); served.Requests != 1 || served.Rows > 1 {
		t.Errorf("%d requests for %d rows, want one of each", served.Requests, served.Rows)
	}
}
