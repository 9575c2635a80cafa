package main

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/codecov-port/codecov-port/pkg/codecov"
)

// providerHosts are the hosts of the cloud services of git providers.
var providerHosts = map[string]codecov.Service{
	"github.com":    codecov.GitHub,
	"gitlab.com":    codecov.GitLab,
	"bitbucket.org": codecov.Bitbucket,
}

// codecovHosts are the hosts of Codecov's cloud service.
var codecovHosts = []string{"codecov.io", "www.codecov.io", "app.codecov.io", "api.codecov.io"}

// owners returns the accounts as they were set, without blank and repeated ones.
func owners(cmd *cobra.Command) []string {
	values, _ := cmd.Flags().GetStringSlice("owner")
	return distinct(values)
}

func distinct(values []string) []string {
	var all []string
	for _, value := range values {
		value = strings.TrimSpace(value)
		if value != "" && !slices.ContainsFunc(all, func(other string) bool { return strings.EqualFold(other, value) }) {
			all = append(all, value)
		}
	}
	return all
}

// parseOwners reads the accounts. A value may also be owner/repository or an address at Codecov or a git provider; its repository, if it
// has one, is returned, too.
func (s *settings) parseOwners(values []string) (names []string, repository string, err error) {
	for _, value := range values {
		value = withoutUser(value)
		path, exact, err := s.pastedPath(value)
		if err != nil {
			return nil, "", usage(fmt.Errorf("account %q: %w", value, err), accountHint)
		}
		owner, rest, _ := strings.Cut(path, "/")
		switch {
		case rest != "" && !exact:
			return nil, "", usage(fmt.Errorf("account %q: must not contain a slash", value),
				"write a GitLab subgroup with colons: "+colons(path)+"; select a project with --repo")
		case owner == "", strings.Contains(rest, "/"), strings.ContainsAny(owner, " @?#"), !s.isGitLab() && strings.Contains(owner, ":"):
			return nil, "", usage(fmt.Errorf("account %q: expected the name of an account", value), accountHint)
		}
		names, repository = append(names, owner), cmp.Or(rest, repository)
	}
	if repository != "" && len(values) > 1 {
		return nil, "", usage(fmt.Errorf("account with repository %q: only allowed as the only account", repository),
			"name the accounts only, and select repositories with --repo")
	}
	return distinct(names), repository, nil
}

const accountHint = "name the account as in https://app.codecov.io/gh/ACCOUNT"

func (s *settings) isGitLab() bool {
	return s.service == codecov.GitLab || s.service == codecov.GitLabEnterprise
}

// colons writes the path of a GitLab subgroup as Codecov does.
func colons(path string) string { return strings.ReplaceAll(path, "/", ":") }

// pastedPath returns owner or owner/repository of what was pasted. exact is false if the path may also be that of a GitLab subgroup.
func (s *settings) pastedPath(value string) (path string, exact bool, err error) {
	_, rest, isAddress := strings.Cut(value, "://")
	if !isAddress {
		rest = value
	}
	host, path, _ := strings.Cut(rest, "/")
	host = strings.ToLower(host)
	switch provider := providerHosts[host]; {
	case path == "" && !isAddress:
		return value, true, nil
	case s.isCodecovHost(host):
		return s.codecovPath(segmentsOf(path))
	case provider != "":
		return s.providerPath(provider, segmentsOf(path))
	case isAddress && (s.service == codecov.GitHubEnterprise || s.service == codecov.GitLabEnterprise):
		return s.providerPath(s.service, segmentsOf(path))
	case isAddress:
		return "", false, errors.New("neither an address of Codecov nor of a git provider")
	}
	return strings.TrimSuffix(strings.Trim(value, "/"), ".git"), !s.isGitLab(), nil
}

// segmentsOf splits the path of an address, without query and fragment.
func segmentsOf(path string) []string {
	if end := strings.IndexAny(path, "?#"); end >= 0 {
		path = path[:end]
	}
	return strings.Split(strings.TrimSuffix(strings.Trim(path, "/"), ".git"), "/")
}

// codecovPath returns owner or owner/repository of the segments of a page of Codecov, such as gh/owner/repository/commits.
func (s *settings) codecovPath(segments []string) (path string, exact bool, err error) {
	provider, err := codecov.ParseService(segments[0])
	if err != nil {
		return "", false, errors.New("not the address of an account at Codecov")
	}
	return strings.Join(segments[1:min(3, len(segments))], "/"), true, s.checkProvider(provider)
}

// providerPath returns owner or owner/repository of the segments of a page of a git provider, without what follows them in pages.
func (s *settings) providerPath(provider codecov.Service, segments []string) (path string, exact bool, err error) {
	end := min(2, len(segments))
	if s.isGitLab() {
		if end = slices.Index(segments, "-"); end < 0 {
			end = len(segments)
		}
	}
	return strings.Join(segments[:end], "/"), !s.isGitLab(), s.checkProvider(provider)
}

func (s *settings) checkProvider(provider codecov.Service) error {
	if provider != s.service {
		return fmt.Errorf("an address at %s, but the service is %s", provider, s.service)
	}
	return nil
}

// withoutUser removes the user and password from an address: they must not be printed.
func withoutUser(value string) string {
	scheme, rest, isAddress := strings.Cut(value, "://")
	host, path, hasPath := strings.Cut(rest, "/")
	at := strings.LastIndex(host, "@")
	switch {
	case !isAddress || at < 0:
		return value
	case hasPath:
		return scheme + "://" + host[at+1:] + "/" + path
	}
	return scheme + "://" + host[at+1:]
}

func (s *settings) isCodecovHost(host string) bool {
	return slices.Contains(codecovHosts, host) || host == hostOf(s.codecovApp) || host == hostOf(s.codecovAPI)
}

func hostOf(address string) string {
	parsed, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return parsed.Host
}

// parseRepositories reads the values of --repo: globs, each possibly with the account in front or as an address. A repository that --owner named
// is the first.
func (s *settings) parseRepositories(values []string) ([]string, error) {
	var globs []string
	if s.repository != "" {
		globs = append(globs, s.repository)
	}
	for _, value := range values {
		glob, excludes := strings.CutPrefix(value, "!")
		glob = withoutUser(glob)
		path, _, err := s.pastedPath(glob)
		if err != nil {
			return nil, usage(fmt.Errorf("--repo %q: %w", glob, err), "name the repository without its account")
		}
		if i := strings.LastIndex(path, "/"); i >= 0 {
			owner, name := colons(path[:i]), path[i+1:]
			if len(s.owners) != 1 || !strings.EqualFold(owner, s.owners[0]) {
				return nil, usage(fmt.Errorf("--repo %q: the accounts are %s", glob, strings.Join(s.owners, ", ")),
					fmt.Sprintf("use --owner %s --repo '%s'", owner, cmp.Or(name, "*")))
			}
			glob = name
		}
		if excludes {
			glob = "!" + glob
		}
		globs = append(globs, glob)
	}
	return globs, nil
}
