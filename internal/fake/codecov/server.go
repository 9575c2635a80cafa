// Package codecov is a fake of Codecov's REST API v2 for tests and the demo: an http.Handler whose answers are compared
// with recordings of a real server.
//
// It serves recorded accounts (LoadAccount) and generated ones of any size (Synthetic), and counts requests.
// Server.Faults loses or replaces answers; PoisonRepository and PoisonCommit mark rows that a real server cannot return.
// Requests that codecov-port does not send are answered with 501.
package codecov

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/codecov-port/codecov-port/internal/fake/faults"
	"github.com/codecov-port/codecov-port/internal/fake/journal"
)

// DefaultBasePath is where the API lives on Codecov's cloud and on self-hosted servers.
const DefaultBasePath = "/api/v2"

// Options describe a Server. The zero value is a Codecov without accounts that knows no token.
type Options struct {
	// Accounts are served in this order by the list of owners. Of two with the same service and owner the later one counts.
	Accounts []Account
	// Tokens are the user API tokens and what each may do; any other is answered with 401.
	Tokens map[string]Access
	// BasePath stands before every address; empty means DefaultBasePath.
	BasePath string
	// Latency returns how long an answer with so many rows takes; nil means no time at all.
	Latency func(r *http.Request, rows int) time.Duration
	// Ties orders commits of equal time as PostgreSQL does: differently in each page of the first half of a list.
	Ties bool
	// KeepRequests makes Seen return each request. Off, memory stays flat however many there are.
	KeepRequests bool
}

// Server is a fake Codecov, an http.Handler. It is safe for concurrent use.
type Server struct {
	// Faults are met by requests before they are answered.
	Faults faults.Queue

	options  Options
	accounts map[string]*account // by service and owner
	journal  journal.Journal

	mu sync.RWMutex // guards what can be changed of the repositories
}

type account struct {
	repositories []*repository
	byName       map[string]*repository // in lower case
}

// New returns a Server. Changing options' maps and slices afterwards has no defined effect.
func New(options Options) *Server {
	options.BasePath = strings.TrimRight(cmp.Or(options.BasePath, DefaultBasePath), "/")
	s := &Server{options: options, accounts: map[string]*account{}, journal: journal.Journal{Keep: options.KeepRequests}}
	for _, a := range options.Accounts {
		served := &account{byName: map[string]*repository{}}
		for _, r := range a.Repositories {
			changed := &repository{data: r, added: branches{}, poisoned: map[string]bool{}}
			served.repositories = append(served.repositories, changed)
			served.byName[strings.ToLower(r.Name)] = changed
		}
		s.accounts[accountKey(a.Service, a.Owner.Username)] = served
	}
	return s
}

// accountKey compares without case, as the API does.
func accountKey(service, owner string) string { return strings.ToLower(service + "/" + owner) }

// ServeHTTP answers a request, or lets it meet a fault, and counts it.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c := s.read(r)
	s.journal.Serve(w, r, c.kind, nil, s.Faults.Wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.RLock()
		answer := s.answer(c)
		s.mu.RUnlock()
		if s.options.Latency != nil && !faults.Wait(r.Context(), s.options.Latency(r, answer.rows)) {
			return
		}
		s.journal.Add(func(c *journal.Counts) { c.Rows += answer.rows })
		answer.write(w)
	})))
}

// The kinds of requests, by their address.
const (
	Repositories journal.Kind = "repositories" // the list of repositories
	Commits      journal.Kind = "commits"      // a repository's list of commits
	Owners       journal.Kind = "owners"       // the list of owners
	Other        journal.Kind = "other"        // anything else
)

// Requests describes what the server saw since it was made or reset.
func (s *Server) Requests() journal.Counts { return s.journal.Counts() }

// Seen returns every request in the order of the answers, when Options.KeepRequests asked for it.
func (s *Server) Seen() []journal.Request { return s.journal.Seen() }

// Reset forgets what Requests and Seen return.
func (s *Server) Reset() { s.journal.Reset() }

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
