package main

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/codecov-port/codecov-port/pkg/codecov"
)

// cloudHosts are the hosts of the cloud services of git providers, and those of Codecov, which have none.
var cloudHosts = map[string]codecov.Service{
	"github.com": codecov.GitHub, "gitlab.com": codecov.GitLab, "bitbucket.org": codecov.Bitbucket,
	"codecov.io": "", "www.codecov.io": "", "app.codecov.io": "", "api.codecov.io": "",
}

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
	return s.codecov.Service == codecov.GitLab || s.codecov.Service == codecov.GitLabEnterprise
}

// colons writes the path of a GitLab subgroup as Codecov does.
func colons(path string) string { return strings.ReplaceAll(path, "/", ":") }

// pastedPath returns owner or owner/repository of a name or an address. exact is false if it may be a GitLab subgroup.
func (s *settings) pastedPath(value string) (path string, exact bool, err error) {
	_, rest, isAddress := strings.Cut(value, "://")
	if !isAddress {
		rest = value
	}
	host, path, hasPath := strings.Cut(rest, "/")
	host = strings.ToLower(host)
	provider, isCloud := cloudHosts[host]
	isCodecov := isCloud && provider == "" || host == hostOf(s.codecovApp) || host == hostOf(s.codecov.BaseURL)
	if !isAddress && (!hasPath || provider == "" && !isCodecov) {
		return strings.TrimSuffix(strings.Trim(value, "/"), ".git"), !hasPath || !s.isGitLab(), nil
	}
	path, _, _ = strings.Cut(path, "?")
	path, _, _ = strings.Cut(path, "#")
	segments := strings.Split(strings.TrimSuffix(strings.Trim(path, "/"), ".git"), "/")
	switch {
	case isCodecov:
		if provider, err = codecov.ParseService(segments[0]); err != nil {
			return "", false, errors.New("not the address of an account at Codecov")
		}
		segments = segments[1:]
	case provider == "" && (s.codecov.Service == codecov.GitHubEnterprise || s.codecov.Service == codecov.GitLabEnterprise):
		provider = s.codecov.Service
	case provider == "":
		return "", false, errors.New("neither an address of Codecov nor of a git provider")
	}
	if provider != s.codecov.Service {
		return "", false, fmt.Errorf("an address at %s, but the service is %s", provider, s.codecov.Service)
	}
	end := min(2, len(segments)) // pages follow
	if s.isGitLab() && !isCodecov {
		end = slices.Index(append(segments, "-"), "-")
	}
	return strings.Join(segments[:end], "/"), isCodecov || !s.isGitLab(), nil
}

// userInfo matches what must not be printed of an address.
var userInfo = regexp.MustCompile(`://[^/]*@`)

func withoutUser(value string) string { return userInfo.ReplaceAllString(value, "://") }

func hostOf(address string) string {
	_, rest, _ := strings.Cut(address, "://")
	host, _, _ := strings.Cut(rest, "/")
	return host
}

// parseRepositories reads the values of --repo: globs, each possibly with the account in front or as an address. A repository that --owner named
// is the first.
func (s *settings) parseRepositories(values []string) ([]string, error) {
	var globs []string
	if s.repository != "" {
		globs = append(globs, s.repository)
	}
	for _, value := range values {
		pasted := strings.TrimPrefix(value, "!")
		glob := withoutUser(pasted)
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
		globs = append(globs, strings.TrimSuffix(value, pasted)+glob) // with its !
	}
	return globs, nil
}
