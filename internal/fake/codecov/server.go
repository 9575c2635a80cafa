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
