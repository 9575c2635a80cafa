package codecov

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// endpoint is an address of the API.
type endpoint int

const (
	pageNotFound endpoint = iota // no address of the API
	withoutSlash                 // one that exists with a slash at the end only
	notEmulated                  // one that the real API has and this one has not
	listOwners
	showOwner
	listRepositories
	showRepository
	repositoryIndex // what the real API takes odd repository names for
	suffixNotFound  // and names that begin with a dot
	listCommits
)

// view is the name that the real API returns an endpoint in answer to OPTIONS. Only the list of repositories is recorded.
func (e endpoint) view() string {
	return map[endpoint]string{
		listOwners: "Owners List", showOwner: "Owner Instance",
		listRepositories: "Repository List", showRepository: "Repository Instance",
		listCommits: "Commits List",
	}[e]
}

// kind says as what a request to the endpoint is counted.
func (e endpoint) kind() Kind {
	switch e {
	case listRepositories:
		return Repositories
	case listCommits:
		return Commits
	case listOwners, showOwner:
		return Owners
	case showRepository, repositoryIndex, suffixNotFound:
		return Details
	default:
		return Other
	}
}

// route is what an address asks for.
type route struct {
	endpoint                   endpoint
	service, owner, repository string // as they stand in the address
}

// Parts of the real API that are not emulated.
var (
	otherOfOwner      = []string{"users", "user-sessions"}
	otherOfRepository = []string{
		"branches", "commits", "compare", "components", "config", "coverage", "file_report", "flags",
		"pulls", "report", "test-analytics", "test-results", "totals",
	}
)

// route reads a path, its escapes resolved.
func (s *Server) route(path string) route {
	below, ok := strings.CutPrefix(path, s.options.BasePath+"/")
	if !ok {
		return route{}
	}
	below, slash := strings.CutSuffix(below, "/")
	parts := strings.Split(below, "/")
	if slices.Contains(parts, "") {
		return route{}
	}
	return routeParts(parts, slash)
}

func routeParts(parts []string, slash bool) route {
	to := route{service: parts[0]}
	switch {
	case len(parts) == 1 && slash:
		to.endpoint = listOwners
		return to
	case len(parts) == 1:
		to.endpoint = withoutSlash
		return to
	}
	to.owner = parts[1]
	switch {
	case len(parts) == 2:
		to.endpoint = showOwner
	case len(parts) == 3 && isOrJSON(parts[2], "repos"):
		to.endpoint = listRepositories
	case slices.Contains(otherOfOwner, parts[2]):
		to.endpoint = notEmulated
	case parts[2] == "repos" && len(parts) > 3:
		to.repository = parts[3]
		to.endpoint = belowRepository(to.repository, parts[4:], slash)
	}
	return to
}

func belowRepository(name string, rest []string, slash bool) endpoint {
	switch {
	case len(rest) == 0:
		return detail(name, slash)
	case len(rest) == 1 && isOrJSON(rest[0], "commits"):
		return listCommits
	case slices.Contains(otherOfRepository, rest[0]):
		return notEmulated
	default:
		return pageNotFound
	}
}

// detail distinguishes the names that the address of a repository's detail takes from those that mean something else:
// ".github" is read as a format, "a b" as a folder of links.
func detail(name string, slash bool) endpoint {
	switch {
	case isFormat(name):
		return suffixNotFound
	case strings.IndexFunc(name, isOdd) < 0:
		return showRepository
	case slash:
		return repositoryIndex
	default:
		return withoutSlash
	}
}

func isFormat(name string) bool {
	suffix, dotted := strings.CutPrefix(name, ".")
	return dotted && suffix != "" && strings.Trim(suffix, "abcdefghijklmnopqrstuvwxyz0123456789") == ""
}

// isOdd reports whether a repository's detail can't be addressed with this character in its name.
func isOdd(char rune) bool {
	return char < utf8.RuneSelf && !unicode.IsLetter(char) && !unicode.IsDigit(char) && !strings.ContainsRune("-._~", char)
}

func isOrJSON(part, name string) bool { return part == name || part == name+".json" }
