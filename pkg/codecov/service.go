package codecov

import (
	"fmt"
	"strings"
)

// Service names a git provider as Codecov writes it in every answer: the long name.
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

var shortNames = map[Service]string{
	GitHub:           "gh",
	GitHubEnterprise: "ghe",
	GitLab:           "gl",
	GitLabEnterprise: "gle",
	Bitbucket:        "bb",
	BitbucketServer:  "bbs",
}

// Services lists every service, in the order in which Codecov's documentation does.
func Services() []Service {
	return []Service{GitHub, GitHubEnterprise, Bitbucket, BitbucketServer, GitLab, GitLabEnterprise}
}

// ParseService takes a service's long or short name in any case, blanks around it ignored.
// The error lists the names that are known.
func ParseService(name string) (Service, error) {
	wanted := strings.ToLower(strings.TrimSpace(name))
	known := make([]string, 0, len(shortNames))
	for _, service := range Services() {
		if wanted == string(service) || wanted == service.Short() {
			return service, nil
		}
		known = append(known, string(service))
	}
	return "", fmt.Errorf("unknown service %q: expected one of %s", name, strings.Join(known, ", "))
}

// Short gives the abbreviation that stands in the addresses of Codecov's web pages: "gh" for github.
// For a service that is not one of the six it gives the name unchanged.
func (s Service) Short() string {
	if short, ok := shortNames[s]; ok {
		return short
	}
	return string(s)
}

// String gives the long name.
func (s Service) String() string { return string(s) }
