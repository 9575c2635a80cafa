package port

import (
	"bufio"
	"maps"
	"net"
	"net/http"
	"sync"
)

// Kind names what a request was for.
type Kind string

// The kinds of requests that are distinguished.
const (
	Token           Kind = "token"
	BlueprintList   Kind = "blueprint list"
	BlueprintRead   Kind = "blueprint read"
	BlueprintCreate Kind = "blueprint create"
	BlueprintChange Kind = "blueprint change"
	BlueprintDelete Kind = "blueprint delete"
	Bulk            Kind = "bulk"
	BulkDelete      Kind = "bulk delete"
	Search          Kind = "search"
	WebhookRead     Kind = "webhook read"
	WebhookWrite    Kind = "webhook write"
	WebhookDelete   Kind = "webhook delete"
	VisualRead      Kind = "visual read"
	VisualWrite     Kind = "visual write"
	VisualDelete    Kind = "visual delete"
	Other           Kind = "other"
)

// Counts is what a Server has seen. Requests that met a fault are counted with the status that the fault
// gave, and with status 0 when it gave none.
type Counts struct {
	Requests         int          `json:"requests"`
	ByKind           map[Kind]int `json:"byKind"`
	ByStatus         map[int]int  `json:"byStatus"`
	EntitiesReceived int          `json:"entitiesReceived"` // refused ones included
	EntitiesWritten  int          `json:"entitiesWritten"`  // of those, created or changed
	EntitiesCreated  int          `json:"entitiesCreated"`  // of those, created
	StubsCreated     int          `json:"stubsCreated"`     // made by create_missing_related_entities
	BytesReceived    int64        `json:"bytesReceived"`    // of bodies
	BytesSent        int64        `json:"bytesSent"`        // of bodies
}

// Request is one request as it came, and the status of its answer (0: none was given).
type Request struct {
	Kind   Kind
	Method string
	Path   string // as sent, escaped
	Query  string // as sent
	Header http.Header
	Body   []byte
	Status int
}

// journal counts requests. It is safe for concurrent use.
type journal struct {
	mu     sync.Mutex
	keep   bool
	counts Counts
	seen   []Request
}

func (j *journal) add(request Request, sent int64) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.counts.Requests++
	j.counts.BytesReceived += int64(len(request.Body))
	j.counts.BytesSent += sent
	if j.counts.ByKind == nil {
		j.counts.ByKind, j.counts.ByStatus = map[Kind]int{}, map[int]int{}
	}
	j.counts.ByKind[request.Kind]++
	j.counts.ByStatus[request.Status]++
	if j.keep {
		j.seen = append(j.seen, request)
	}
}

func (j *journal) addEntity(result written, isWritten bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.counts.EntitiesReceived++
	if !isWritten {
		return
	}
	j.counts.EntitiesWritten++
	j.counts.StubsCreated += result.stubs
	if result.created {
		j.counts.EntitiesCreated++
	}
}

func (j *journal) read() Counts {
	j.mu.Lock()
	defer j.mu.Unlock()
	counts := j.counts
	counts.ByKind, counts.ByStatus = maps.Clone(counts.ByKind), maps.Clone(counts.ByStatus)
	return counts
}

func (j *journal) reset() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.counts, j.seen = Counts{}, nil
}

// recorder notes an answer's status and size on the way out.
type recorder struct {
	http.ResponseWriter
	finish func() // called before the connection is taken over, so that a client that is cut off is counted by then
	status int
	sent   int64
}

// WriteHeader notes the status.
func (r *recorder) WriteHeader(status int) {
	r.status = status
	r.ResponseWriter.WriteHeader(status)
}

// Write notes the size.
func (r *recorder) Write(data []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	n, err := r.ResponseWriter.Write(data)
	r.sent += int64(n)
	return n, err
}

// Hijack returns the connection to a fault that resets it.
func (r *recorder) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	r.finish()
	return http.NewResponseController(r.ResponseWriter).Hijack()
}

// Unwrap lets http.ResponseController flush.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }
