package codecov

import (
	"net/http"
	"slices"
	"strings"
)

// Mode is what a user API token's user may see of private repositories. Everybody sees public ones.
// The texts of the refusals are those of the recordings.
type Mode int

// The modes, with what becomes of the list of repositories and of a private repository's commits.
const (
	Everything          Mode = iota // private repositories are listed and can be read
	PublicOnly                      // not listed; 404 "Github API: Not Found"
	NoSeat                          // listed; 403
	ProviderRateLimited             // not listed; 403: the git provider's rate limit
	RevokedAtProvider               // not listed; 401 without WWW-Authenticate
	ProviderDown                    // not listed; 500
	anonymous                       // without a token: not listed; 404 "Not found."
)

// Access is what a user API token may do. The zero value sees everything.
type Access struct {
	Mode Mode
	// Owners are the accounts that the list of owners shows and that Mode holds for, as "github/acme", compared
	// without case; in others only public repositories are seen. Nil means all accounts.
	Owners []string
}

// access returns the access of a request by its Authorization; false if its token is unknown.
func (s *Server) access(authorization string) (Access, bool) {
	if authorization == "" {
		return Access{Mode: anonymous}, true
	}
	access, known := s.options.Tokens[strings.TrimPrefix(authorization, "Bearer ")]
	return access, known
}

func (a Access) covers(service, owner string) bool {
	return a.Owners == nil || containsFold(a.Owners, service+"/"+owner)
}

// modeFor narrows the mode to the accounts that it holds for.
func (a Access) modeFor(service, owner string) Mode {
	if !a.covers(service, owner) {
		return PublicOnly
	}
	return a.Mode
}

// refuse returns the answer to a user who can't read the commits of a service's private repository, nil to one who can.
func (m Mode) refuse(service string) *answer {
	family, _, _ := strings.Cut(service, "_")
	provider := strings.ToUpper(family[:1]) + family[1:] + " API"
	switch m {
	case NoSeat:
		return detailed(http.StatusForbidden, "Permission denied: some possible reasons for this are (1) the user doesn't have permission "+
			"to view the specific resource, (2) the organization has a per-user plan or (3) the user is trying to view a private repo but is not activated.")
	case anonymous:
		return detailed(http.StatusNotFound, "Not found.")
	case PublicOnly:
		return detailed(http.StatusNotFound, provider+": Not Found")
	case ProviderRateLimited:
		return detailed(http.StatusForbidden, provider+" rate limit error: Forbidden")
	case RevokedAtProvider:
		return detailed(http.StatusUnauthorized, provider+" unauthorized error: Unauthorized")
	case ProviderDown:
		return serverError()
	default:
		return nil
	}
}

func containsFold(names []string, wanted string) bool {
	return slices.ContainsFunc(names, func(name string) bool { return strings.EqualFold(name, wanted) })
}
