package codecov_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/codecov-port/codecov-port/pkg/codecov"
)

func TestParseService(t *testing.T) {
	for name, want := range map[string]codecov.Service{
		"github": codecov.GitHub, "gh": codecov.GitHub, "GitHub": codecov.GitHub, " GH\n": codecov.GitHub,
		"github_enterprise": codecov.GitHubEnterprise, "ghe": codecov.GitHubEnterprise,
		"gitlab": codecov.GitLab, "gl": codecov.GitLab,
		"gitlab_enterprise": codecov.GitLabEnterprise, "GLE": codecov.GitLabEnterprise,
		"bitbucket": codecov.Bitbucket, "bb": codecov.Bitbucket,
		"bitbucket_server": codecov.BitbucketServer, "bbs": codecov.BitbucketServer,
	} {
		if got, err := codecov.ParseService(name); got != want || err != nil {
			t.Errorf("%q: %q, %v; want %q", name, got, err, want)
		}
	}
}

func TestParseServiceNamesWhatItKnows(t *testing.T) {
	for _, name := range []string{"", "git", "github-enterprise", "github.com", "g h"} {
		got, err := codecov.ParseService(name)
		if got != "" || err == nil {
			t.Errorf("%q: %q, %v", name, got, err)
			continue
		}
		for _, service := range codecov.Services() {
			if !strings.Contains(err.Error(), service.String()) {
				t.Errorf("%q: error %q does not name %s", name, err, service)
			}
		}
	}
}

func TestShortNames(t *testing.T) {
	var names []string
	for _, service := range codecov.Services() {
		names = append(names, service.Short())
		if parsed, err := codecov.ParseService(service.Short()); parsed != service || err != nil {
			t.Errorf("%s: %s, %v", service.Short(), parsed, err)
		}
	}
	if want := []string{"gh", "ghe", "bb", "bbs", "gl", "gle"}; !slices.Equal(names, want) {
		t.Errorf("short names %q, want %q", names, want)
	}
	if got := codecov.Service("gitea").Short(); got != "gitea" {
		t.Errorf("unknown service: %q", got)
	}
}
