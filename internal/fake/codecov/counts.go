package codecov

import (
	"bufio"
	"maps"
	"net"
	"net/http"
	"slices"
	"sync"
)

// Kind is what a request was for, by its address.
type Kind string

// The kinds of requests.
const (
	Repositories Kind = "repositories" // the list of repositories
	Commits      Kind = "commits"      // a repository's list of commits
	Owners       Kind = "owners"       // the list of owners
	Other        Kind = "other"        // anything else
)

// Counts are what a Server saw since it was made or reset.
type Counts struct {
	Requests int
	ByKind   map[Kind]int
	ByStatus map[int]int // status 0: no answer, because of a fault or a client that left
	Rows     int         // rows of the answers that were made, lost ones included
	Bytes    int64       // bytes of bodies that were sent
}

// Request is one request that a Server saw.
type Request struct {
	Method string
	Target string // path and query as they were sent
	Status int    // 0: no answer
}

// Requests describes what the server saw. A request is counted before its answer's body is sent, so that a client that has
// read an answer finds it counted. Safe for concurrent use.
func (s *Server) Requests() Counts {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	counts := s.log.counts
	counts.ByKind, counts.ByStatus = maps.Clone(counts.ByKind), maps.Clone(counts.ByStatus)
	return counts
}

// Seen returns every request in the order of the answers, when Options.KeepRequests asked for it. Safe for concurrent use.
func (s *Server) Seen() []Request {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	return slices.Clone(s.log.requests)
}

// Reset forgets what Requests and Seen return. Safe for concurrent use.
func (s *Server) Reset() {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	s.log.counts, s.log.requests = Counts{}, nil
}

// log keeps account of requests.
type log struct {
	keep bool

	mu       sync.Mutex
	counts   Counts
	requests []Request
}

func (l *log) answered(r *http.Request, kind Kind, status int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.counts.ByKind == nil {
		l.counts.ByKind, l.counts.ByStatus = map[Kind]int{}, map[int]int{}
	}
	l.counts.Requests++
	l.counts.ByKind[kind]++
	l.counts.ByStatus[status]++
	if l.keep {
		l.requests = append(l.requests, Request{Method: r.Method, Target: r.URL.RequestURI(), Status: status})
	}
}

func (l *log) served(rows int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.counts.Rows += rows
}

func (l *log) sent(bytes int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.counts.Bytes += int64(bytes)
}

// watchedWriter counts an answer on its way out, each part before it leaves.
type watchedWriter struct {
	http.ResponseWriter
	log     *log
	request *http.Request
	kind    Kind
	counted bool
}

// answered counts the request, once.
func (w *watchedWriter) answered(status int) {
	if !w.counted {
		w.counted = true
		w.log.answered(w.request, w.kind, status)
	}
}

func (w *watchedWriter) WriteHeader(status int) {
	w.answered(status)
	w.ResponseWriter.WriteHeader(status)
}

func (w *watchedWriter) Write(body []byte) (int, error) {
	w.answered(http.StatusOK)
	w.log.sent(len(body))
	return w.ResponseWriter.Write(body)
}

// Hijack returns the connection away, as a fault does that resets it.
func (w *watchedWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	w.answered(0)
	return http.NewResponseController(w.ResponseWriter).Hijack()
}

// Unwrap lets http.ResponseController flush.
func (w *watchedWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
