package codecov

import (
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"
)

// Mode says what a user API token's user may see of private repositories. Public ones everybody sees.
// The texts of the refusals are those of the recordings.
type Mode int

// The modes, with what becomes of the list of repositories, of a private repository's commits, and of details.
const (
	Everything          Mode = iota // private repositories are listed and can be read
	PublicOnly                      // not listed; commits and detail 404 "Github API: Not Found"
	Partial                         // those of Access.Private are listed; any can be read, and is listed from then on
	NoSeat                          // listed; commits and detail 403
	ProviderRateLimited             // not listed; commits 403, every detail 403: the git provider's rate limit
	RevokedAtProvider               // not listed; commits 401 without WWW-Authenticate, every detail too
	ProviderDown                    // not listed; commits 500, every detail 500
)

// Access is what a user API token may do. The zero value sees everything.
type Access struct {
	Mode Mode
	// Owners are the accounts that the list of owners shows and that Mode holds for, as "github/acme", compared
	// without case; in others only public repositories are seen. Nil means all accounts.
	Owners []string
	// Private are the names of the private repositories that lists show from the start. For Partial only.
	Private []string
}

func (a Access) covers(account Account) bool {
	return a.Owners == nil || containsFold(a.Owners, account.Service()+"/"+account.Owner().Username)
}

// modeFor narrows the mode to the accounts that it holds for.
func (a Access) modeFor(account Account) Mode {
	if !a.covers(account) {
		return PublicOnly
	}
	return a.Mode
}

// user is who makes a request.
type user struct {
	token  string // canonical; empty without a token
	access Access
}

func (u user) anonymous() bool { return u.token == "" }

// authenticate reads the Authorization header. No token and an unknown scheme make an anonymous user;
// Basic, of all schemes, is an error of the server.
func (s *Server) authenticate(header string) (user, *answer) {
	words := strings.Fields(header)
	if len(words) == 0 {
		return user{}, nil
	}
	switch strings.ToLower(words[0]) {
	case "bearer":
		return s.identify(words[1:])
	case "basic":
		return user{}, serverError()
	default:
		return user{}, nil
	}
}

func (s *Server) identify(words []string) (user, *answer) {
	switch {
	case len(words) == 0:
		return user{}, challenged("Invalid token header. No credentials provided.")
	case len(words) > 1:
		return user{}, challenged("Invalid token header. Token string should not contain spaces.")
	case !utf8.ValidString(words[0]):
		return user{}, challenged("Invalid token header. Token string should not contain invalid characters.")
	}
	token := canonicalToken(words[0])
	access, known := s.tokens[token]
	if !known {
		return user{}, challenged("Invalid token.")
	}
	return user{token: token, access: access}, nil
}

// canonicalToken returns a UUID, however it is written, in one way, and leaves other texts alone.
func canonicalToken(token string) string {
	digits := strings.ToLower(strings.ReplaceAll(token, "-", ""))
	if len(digits) == 32 && strings.Trim(digits, "0123456789abcdef") == "" {
		return digits
	}
	return token
}

// lists reports whether the list of repositories shows one to a user.
func (s *Server) lists(u user, account Account, repository Repository) bool {
	if !repository.Private {
		return true
	}
	if u.anonymous() {
		return false
	}
	switch u.access.modeFor(account) {
	case Everything, NoSeat:
		return true
	case Partial:
		return containsFold(u.access.Private, repository.Name) || s.hasGrant(u, repositoryKey(account, repository.Name))
	default:
		return false
	}
}

// refuseCommits says why a user can't read a repository's commits; nil when they can, which Codecov remembers.
func (s *Server) refuseCommits(u user, account Account, repository Repository) *answer {
	if !repository.Private {
		return nil
	}
	if u.anonymous() {
		return detailed(http.StatusNotFound, "Not found.")
	}
	mode := u.access.modeFor(account)
	switch mode {
	case NoSeat:
		return detailed(http.StatusForbidden, "Permission denied: some possible reasons for this are (1) the user doesn't have permission "+
			"to view the specific resource, (2) the organization has a per-user plan or (3) the user is trying to view a private repo but is not activated.")
	case PublicOnly:
		return providerError(account, http.StatusNotFound, ": Not Found")
	case Partial:
		s.grant(u, repositoryKey(account, repository.Name))
	}
	return refusedByProvider(mode, account)
}

// refuseDetail says why a user can't read a repository's detail, for which the git provider is asked each time.
func refuseDetail(u user, account Account, repository Repository) *answer {
	if u.anonymous() {
		if repository.Private {
			return detailed(http.StatusNotFound, "Not found.")
		}
		return nil
	}
	mode := u.access.modeFor(account)
	switch {
	case repository.Private && mode == NoSeat:
		return detailed(http.StatusForbidden, "User not activated")
	case repository.Private && mode == PublicOnly:
		return providerError(account, http.StatusNotFound, ": Not Found")
	default:
		return refusedByProvider(mode, account)
	}
}

// refusedByProvider returns the git provider's own refusals.
func refusedByProvider(mode Mode, account Account) *answer {
	switch mode {
	case ProviderRateLimited:
		return providerError(account, http.StatusForbidden, " rate limit error: Forbidden")
	case RevokedAtProvider:
		return providerError(account, http.StatusUnauthorized, " unauthorized error: Unauthorized")
	case ProviderDown:
		return serverError()
	default:
		return nil
	}
}

func providerError(account Account, status int, text string) *answer {
	return detailed(status, providerName(account.Service())+" API"+text)
}

func (s *Server) hasGrant(u user, repository string) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.granted[u.token][repository]
}

func (s *Server) grant(u user, repository string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.granted[u.token] == nil {
		s.granted[u.token] = map[string]bool{}
	}
	s.granted[u.token][repository] = true
}

func containsFold(names []string, wanted string) bool {
	return slices.ContainsFunc(names, func(name string) bool { return strings.EqualFold(name, wanted) })
}
