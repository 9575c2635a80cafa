package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestPastedAccounts: what is unambiguous is understood, the rest is wrong usage with the right form.
func TestPastedAccounts(t *testing.T) {
	for _, test := range []struct {
		service, owner string
		repositories   []string // of --repo
		owners, globs  []string
		err, hint      string // parts
	}{
		{service: "github", owner: "acme", owners: []string{"acme"}},
		{service: "github", owner: "acme/", owners: []string{"acme"}},
		{service: "github", owner: "acme/app", owners: []string{"acme"}, globs: []string{"app"}},
		{service: "github", owner: "acme/app.git", owners: []string{"acme"}, globs: []string{"app"}},
		{service: "github", owner: "https://app.codecov.io/gh/acme", owners: []string{"acme"}},
		{service: "github", owner: "app.codecov.io/gh/acme/", owners: []string{"acme"}},
		{service: "github", owner: "https://codecov.io/github/acme/app/commits?page=2", owners: []string{"acme"}, globs: []string{"app"}},
		{service: "github", owner: "https://coverage.example.com/gh/acme#top", owners: []string{"acme"}},
		{service: "github", owner: "https://GitHub.com/acme", owners: []string{"acme"}},
		{service: "github", owner: "https://github.com/acme/app.git", owners: []string{"acme"}, globs: []string{"app"}},
		{service: "github", owner: "https://github.com/acme/app/tree/main/docs", owners: []string{"acme"}, globs: []string{"app"}},
		{service: "github", owner: "acme,https://github.com/Acme", owners: []string{"acme"}},
		{service: "bitbucket", owner: "https://bitbucket.org/acme/app/src", owners: []string{"acme"}, globs: []string{"app"}},
		{service: "github_enterprise", owner: "https://git.example.com/acme/app/pulls", owners: []string{"acme"}, globs: []string{"app"}},
		{service: "gitlab_enterprise", owner: "https://git.example.com/group/sub", err: "must not contain a slash", hint: "with colons: group:sub;"},
		{service: "gitlab", owner: "group:sub", owners: []string{"group:sub"}},
		{service: "gitlab", owner: "https://gitlab.com/group", owners: []string{"group"}},
		{service: "gitlab", owner: "https://app.codecov.io/gl/group:sub/app", owners: []string{"group:sub"}, globs: []string{"app"}},

		{service: "gitlab", owner: "group/sub", err: `account "group/sub": must not contain a slash`, hint: "with colons: group:sub;"},
		{service: "gitlab", owner: "https://gitlab.com/a/b/c/-/tree/main", err: "must not contain a slash", hint: "with colons: a:b:c;"},
		{service: "github", owner: "https://gitlab.com/group", err: "an address at gitlab, but the service is github"},
		{service: "github", owner: "https://app.codecov.io/gl/group", err: "an address at gitlab, but the service is github"},
		{service: "github", owner: "https://app.codecov.io/account", err: "not the address of an account at Codecov"},
		{service: "github", owner: "https://app.codecov.io/gh", err: "expected the name of an account", hint: "app.codecov.io/gh/ACCOUNT"},
		{service: "github", owner: "https://example.com/acme", err: "neither an address of Codecov nor of a git provider"},
		{service: "github", owner: "a/b/c", err: "expected the name of an account"},
		{service: "github", owner: "git@github.com:acme/app", err: "expected the name of an account"},
		{service: "github", owner: "group:sub", err: "expected the name of an account"},
		{service: "github", owner: "acme/app,other", err: "only allowed as the only account", hint: "select repositories with --repo"},
		{service: "github", owner: "https://me:hunter2@gitlab.com/acme", err: `account "https://gitlab.com/acme"`},

		{service: "github", owner: "acme", repositories: []string{"ACME/app-*", "!acme/app-old"}, owners: []string{"acme"}, globs: []string{"app-*", "!app-old"}},
		{service: "github", owner: "acme", repositories: []string{"app-?", "codecov.io"}, owners: []string{"acme"}, globs: []string{"app-?", "codecov.io"}},
		{service: "github", owner: "acme/one", repositories: []string{"two"}, owners: []string{"acme"}, globs: []string{"one", "two"}},
		{service: "github", owner: "acme", repositories: []string{"https://github.com/acme/app"}, owners: []string{"acme"}, globs: []string{"app"}},
		{service: "gitlab", owner: "group:sub", repositories: []string{"group/sub/app"}, owners: []string{"group:sub"}, globs: []string{"app"}},
		{service: "github", owner: "acme", repositories: []string{"other/app"}, err: `--repo "other/app": the accounts are acme`, hint: "use --owner other --repo 'app'"},
		{service: "github", owner: "acme,other", repositories: []string{"acme/app"}, err: "the accounts are acme, other", hint: "use --owner acme --repo 'app'"},
		{service: "github", owner: "acme", repositories: []string{"https://me:hunter2@example.com/acme/app"}, err: `--repo "https://example.com/acme/app"`},
	} {
		t.Run(test.service+" "+test.owner+" "+strings.Join(test.repositories, " "), func(t *testing.T) {
			inFolder(t, nil)
			t.Setenv("CODECOV_URL", "https://coverage.example.com/")
			s, _, err := settingsOf(t, "--service", test.service, "--owner", test.owner)
			var globs []string
			if err == nil {
				globs, err = s.parseRepositories(test.repositories)
			}
			if test.err != "" {
				if err == nil || exitCode(err) != exitUsage || !strings.Contains(err.Error(), test.err) || !strings.Contains(hintOf(err), test.hint) || strings.Contains(err.Error(), "hunter2") {
					t.Errorf("error %v with hint %q, want wrong usage: %q, %q", err, hintOf(err), test.err, test.hint)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.owners, s.owners); diff != "" {
				t.Errorf("accounts (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.globs, globs); diff != "" {
				t.Errorf("repositories (-want +got):\n%s", diff)
			}
		})
	}
}

// TestPastedAddresses: paths and slashes that belong to the API are not doubled, and Codecov's own hosts mean the cloud.
func TestPastedAddresses(t *testing.T) {
	for _, test := range []struct{ portURL, codecovURL, wantPort, wantAPI, wantApp string }{
		{"https://api.example.com/v1", "https://coverage.example.com/api/v2", "https://api.example.com", "https://coverage.example.com/api/v2", "https://coverage.example.com"},
		{"https://api.example.com/v1//", "https://coverage.example.com/api/v2/", "https://api.example.com", "https://coverage.example.com/api/v2", "https://coverage.example.com"},
		{"https://api.example.com//", "https://coverage.example.com//", "https://api.example.com", "https://coverage.example.com/api/v2", "https://coverage.example.com"},
		{"", "https://api.codecov.io/", "https://api.port.io", "https://api.codecov.io/api/v2", "https://app.codecov.io"},
		{"", "https://app.codecov.io/api/v2", "https://api.port.io", "https://api.codecov.io/api/v2", "https://app.codecov.io"},
	} {
		inFolder(t, nil)
		t.Setenv("PORT_BASE_URL", test.portURL)
		t.Setenv("CODECOV_URL", test.codecovURL)
		s, _, err := settingsOf(t, "--service", "github", "--owner", "acme")
		if err != nil {
			t.Fatal(err)
		}
		got := [3]string{s.port.BaseURL, s.codecov.BaseURL, s.codecovApp}
		if want := [3]string{test.wantPort, test.wantAPI, test.wantApp}; got != want {
			t.Errorf("PORT_BASE_URL=%s CODECOV_URL=%s: Port, API, pages %q, want %q", test.portURL, test.codecovURL, got, want)
		}
	}
}

// TestAccountWithRepository: only commands that select repositories take one.
func TestAccountWithRepository(t *testing.T) {
	inFolder(t, nil)
	emulate(t)
	for _, command := range []string{"check", "prune --yes"} {
		got := say(t, append(strings.Fields(command), "--owner", "acme/app")...)
		if got.code != exitUsage || !strings.Contains(got.text(), "name the account only: --owner acme") {
			t.Errorf("%s: exit code %d, want wrong usage and a hint:\n%s", command, got.code, got.text())
		}
	}
}
