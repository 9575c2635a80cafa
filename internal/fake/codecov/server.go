// Package codecov is a fake of Codecov's REST API v2 for tests and the demo: an http.Handler whose answers are compared
// with recordings of a real server.
//
// It serves recorded accounts (LoadAccount) and generated ones of any size (Synthetic), and counts requests.
// Server.Faults loses or replaces answers; PoisonRepository and PoisonCommit mark rows that a real server cannot return.
// Requests that codecov-port does not send are answered with 501.
package codecov

import (
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/codecov-port/codecov-port/internal/fake/faults"
)

// DefaultBasePath is where the API lives on Codecov's cloud and on self-hosted servers.
const DefaultBasePath = "/api/v2"

// Options say what a Server holds. The zero value is a Codecov without accounts that knows no token.
type Options struct {
	// Accounts are served in this order by the list of owners. Of two with the same service and owner the later one counts.
	Accounts []Account
	// Tokens are the user API tokens and what each may do; any other is answered with 401.
	Tokens map[string]Access
	// BasePath stands before every address; empty means DefaultBasePath.
	BasePath string
	// Latency says how long an answer with so many rows takes; nil means no time at all. See MeasuredLatency.
	Latency func(r *http.Request, rows int) time.Duration
	// Ties orders commits of equal time as PostgreSQL does: differently in each page of the first half of a list.
	Ties bool
	// KeepRequests makes Seen return each request. Off, memory stays flat however many there are.
	KeepRequests bool
}

// Server is an emulated Codecov, an http.Handler. It is safe for concurrent use.
type Server struct {
	// Faults are met by requests before they are answered.
	Faults faults.Queue

	options  Options
	accounts map[string]Account // by service and owner
	handler  http.Handler
	log      log

	mu      sync.RWMutex
	changes map[string]*changes // by service, owner and repository
}

// New returns a Server. Changing options' maps and slices afterwards has no defined effect.
func New(options Options) *Server {
	if options.BasePath == "" {
		options.BasePath = DefaultBasePath
	}
	options.BasePath = strings.TrimRight(options.BasePath, "/")
	s := &Server{
		options:  options,
		accounts: map[string]Account{},
		log:      log{keep: options.KeepRequests},
		changes:  map[string]*changes{},
	}
	for _, account := range options.Accounts {
		s.accounts[accountKey(account.Service(), account.Owner().Username)] = account
	}
	s.handler = s.Faults.Wrap(http.HandlerFunc(s.serve))
	return s
}

// MeasuredLatency is the time that the real server took: 20 ms a request and 0.22 ms a row. For Options.Latency.
func MeasuredLatency(_ *http.Request, rows int) time.Duration {
	return 20*time.Millisecond + time.Duration(rows)*220*time.Microsecond
}

// ServeHTTP answers a request, or lets it meet a fault, and counts it.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	watched := &watchedWriter{ResponseWriter: w, log: &s.log, request: r, kind: s.read(r).kind}
	defer watched.answered(0)
	s.handler.ServeHTTP(watched, r)
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	answer := s.answer(r)
	if !s.wait(r, answer.rows) {
		return
	}
	s.log.served(answer.rows)
	answer.write(w)
}

// wait lets the latency pass and reports whether the client is still there.
func (s *Server) wait(r *http.Request, rows int) bool {
	if s.options.Latency == nil {
		return true
	}
	timer := time.NewTimer(s.options.Latency(r, rows))
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-r.Context().Done():
		return false
	}
}

// accountKey compares owners without case, as the API does.
func accountKey(service, owner string) string {
	return service + "/" + strings.ToLower(owner)
}

func repositoryKey(account Account, repository string) string {
	return accountKey(account.Service(), account.Owner().Username) + "/" + strings.ToLower(repository)
}
