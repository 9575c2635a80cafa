// Package journal counts the requests that a fake sees.
package journal

import (
	"bufio"
	"maps"
	"net"
	"net/http"
	"slices"
	"sync"
)

// Kind is what a request was for.
type Kind string

// Counts describes requests. A request that met a fault counts with the fault's status, and with status 0 if it got no
// answer, because of a fault or a client that left.
type Counts struct {
	Requests      int          `json:"requests"`
	ByKind        map[Kind]int `json:"byKind"`
	ByStatus      map[int]int  `json:"byStatus"`
	BytesReceived int          `json:"bytesReceived"` // of bodies
	BytesSent     int          `json:"bytesSent"`     // of bodies

	// Codecov's
	Rows int `json:"rows,omitempty"` // of the answers that were made, lost ones included

	// Port's
	EntitiesReceived int `json:"entitiesReceived,omitempty"` // refused ones included
	EntitiesWritten  int `json:"entitiesWritten,omitempty"`  // of those, created or changed
	EntitiesCreated  int `json:"entitiesCreated,omitempty"`  // of those, created
	StubsCreated     int `json:"stubsCreated,omitempty"`     // made by create_missing_related_entities
}

// Request is one request.
type Request struct {
	Kind   Kind
	Method string
	Target string // path and query as sent
	Path   string // as sent, escaped
	Query  string // as sent
	Header http.Header
	Body   []byte
	Status int // of the answer; 0: none
}

// Journal counts requests. It is safe for concurrent use. The zero value is ready.
type Journal struct {
	Keep bool // keeps each request for Seen; leave it off in large runs

	mu     sync.Mutex
	counts Counts
	seen   []Request
}

// Serve lets next answer a request, whose body has been read, and counts it. The request is counted before its answer's
// body is sent, so that a client that has read an answer finds it counted.
func (j *Journal) Serve(w http.ResponseWriter, r *http.Request, kind Kind, body []byte, next http.Handler) {
	watched := &writer{ResponseWriter: w, journal: j, request: Request{
		Kind: kind, Method: r.Method, Target: r.URL.RequestURI(), Path: r.URL.EscapedPath(), Query: r.URL.RawQuery,
		Header: r.Header.Clone(), Body: body,
	}}
	defer watched.count(0)
	next.ServeHTTP(watched, r)
}

// Add changes the counts.
func (j *Journal) Add(change func(*Counts)) {
	j.mu.Lock()
	defer j.mu.Unlock()
	change(&j.counts)
}

// Counts returns the counts since the start or the last Reset.
func (j *Journal) Counts() Counts {
	j.mu.Lock()
	defer j.mu.Unlock()
	counts := j.counts
	counts.ByKind, counts.ByStatus = maps.Clone(counts.ByKind), maps.Clone(counts.ByStatus)
	return counts
}

// Seen returns the kept requests since the start or the last Reset, in the order of the answers.
func (j *Journal) Seen() []Request {
	j.mu.Lock()
	defer j.mu.Unlock()
	return slices.Clone(j.seen)
}

// Reset forgets all requests.
func (j *Journal) Reset() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.counts, j.seen = Counts{}, nil
}

// writer counts an answer on its way out, each part before it leaves.
type writer struct {
	http.ResponseWriter
	journal *Journal
	request Request
	counted bool
}

// count counts the request, once.
func (w *writer) count(status int) {
	if w.counted {
		return
	}
	w.counted, w.request.Status = true, status
	j := w.journal
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.counts.ByKind == nil {
		j.counts.ByKind, j.counts.ByStatus = map[Kind]int{}, map[int]int{}
	}
	j.counts.Requests++
	j.counts.ByKind[w.request.Kind]++
	j.counts.ByStatus[status]++
	j.counts.BytesReceived += len(w.request.Body)
	if j.Keep {
		j.seen = append(j.seen, w.request)
	}
}

// WriteHeader counts the request.
func (w *writer) WriteHeader(status int) {
	w.count(status)
	w.ResponseWriter.WriteHeader(status)
}

// Write counts the bytes.
func (w *writer) Write(body []byte) (int, error) {
	w.count(http.StatusOK)
	w.journal.Add(func(c *Counts) { c.BytesSent += len(body) })
	return w.ResponseWriter.Write(body)
}

// Hijack returns the connection to a fault that resets it.
func (w *writer) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	w.count(0)
	return http.NewResponseController(w.ResponseWriter).Hijack()
}

// Unwrap lets http.ResponseController flush.
func (w *writer) Unwrap() http.ResponseWriter { return w.ResponseWriter }
