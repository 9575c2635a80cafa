package codecov

import "strings"

// longNames are the names that the API takes for a service, long and short. The last one is an owner that
// Codecov is about to delete: a service nobody uses, but one that is known.
var longNames = map[string]string{
	"github": "github", "gh": "github",
	"github_enterprise": "github_enterprise", "ghe": "github_enterprise",
	"gitlab": "gitlab", "gl": "gitlab",
	"gitlab_enterprise": "gitlab_enterprise", "gle": "gitlab_enterprise",
	"bitbucket": "bitbucket", "bb": "bitbucket",
	"bitbucket_server": "bitbucket_server", "bbs": "bitbucket_server",
	"to_be_deleted": "to_be_deleted",
}

// longName returns a service's long name from its long or short one in any case.
func longName(service string) (string, bool) {
	long, known := longNames[strings.ToLower(service)]
	return long, known
}

// providerName is how Codecov calls a service in the errors that it passes on: "Github". Only GitHub's are recorded.
func providerName(service string) string {
	family, _, _ := strings.Cut(service, "_")
	return strings.ToUpper(family[:1]) + family[1:]
}
