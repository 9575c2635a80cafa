package codecov

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Service is the long name of a git provider, as Codecov writes it in every answer.
type Service string

// The six services that Codecov's REST API knows.
const (
	GitHub           Service = "github"
	GitHubEnterprise Service = "github_enterprise"
	GitLab           Service = "gitlab"
	GitLabEnterprise Service = "gitlab_enterprise"
	Bitbucket        Service = "bitbucket"
	BitbucketServer  Service = "bitbucket_server"
)

// services are in the order of Codecov's documentation.
var services = []Service{GitHub, GitHubEnterprise, Bitbucket, BitbucketServer, GitLab, GitLabEnterprise}

var shortNames = map[Service]string{
	GitHub: "gh", GitHubEnterprise: "ghe", Bitbucket: "bb", BitbucketServer: "bbs", GitLab: "gl", GitLabEnterprise: "gle",
}

// Services returns every service, in the order of Codecov's documentation.
func Services() []Service { return slices.Clone(services) }

// ParseService returns the service of a long or short name in any case. Blanks around the name are ignored.
// The error lists the known names.
func ParseService(name string) (Service, error) {
	wanted := Service(strings.ToLower(strings.TrimSpace(name)))
	known := make([]string, len(services))
	for i, service := range services {
		if wanted == service || string(wanted) == service.Short() {
			return service, nil
		}
		known[i] = string(service)
	}
	return "", fmt.Errorf("unknown service %q: expected one of %s", name, strings.Join(known, ", "))
}

// Short returns the abbreviation that the addresses of Codecov's web pages use: "gh" for github.
// The name of an unknown service is returned unchanged.
func (s Service) Short() string { return cmp.Or(shortNames[s], string(s)) }

// String returns the long name.
func (s Service) String() string { return string(s) }
