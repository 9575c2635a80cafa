// Package faults makes an emulated API misbehave: it takes faults from a queue and puts one in place of
// the answer that a request would have had. It serves codecovtest and porttest and knows neither.
package faults

import (
	"bytes"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
)

// Kind says what becomes of an answer.
type Kind int

// The kinds of faults. Each is named for what the client sees.
const (
	Answer   Kind = iota // Status, Header and Body instead of the real answer
	Reset                // the connection is reset before a byte of an answer
	Cut                  // the real answer's head and half of its body, then a reset
	Truncate             // half of the real answer's body with a Content-Length that fits: a complete answer, broken JSON
	Hang                 // no answer until the client stops
)

// Fault is one misbehaviour, waiting for a request that it matches.
type Fault struct {
	Name   string                   // for messages: "codecov 503 on commits"
	Match  func(*http.Request) bool // nil matches every request; it must not wait for other requests
	Times  int                      // how many requests it meets: 0 and 1 are one, a negative number is every one
	Kind   Kind
	Effect bool // the request takes effect first; only its answer is lost
	Status int
	Header http.Header
	Body   string
}

// Queue holds faults in the order in which they are to be met. The zero value is ready.
// It is safe for concurrent use.
type Queue struct {
	mu     sync.Mutex
	faults []Fault
	random *rand.Rand
	rate   float64
	kinds  []Fault
	met    int
}

// Add appends faults to the queue.
func (q *Queue) Add(faults ...Fault) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.faults = append(q.faults, faults...)
}

// Randomly lets each request that no queued fault matches meet one of kinds with probability rate (0 to 1),
// drawn from the seed. A kind's Match still decides whether it applies.
func (q *Queue) Randomly(seed uint64, rate float64, kinds ...Fault) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.random, q.rate, q.kinds = rand.New(rand.NewPCG(seed, seed)), rate, kinds
}

// Clear takes all faults away, the random ones too. Met goes on counting.
func (q *Queue) Clear() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.faults, q.random = nil, nil
}

// Pending returns the faults that no request has met yet, those without an end left out:
// a test that queued them expected requests that never came.
func (q *Queue) Pending() []Fault {
	q.mu.Lock()
	defer q.mu.Unlock()
	var pending []Fault
	for _, fault := range q.faults {
		if fault.Times >= 0 {
			pending = append(pending, fault)
		}
	}
	return pending
}

// Met counts the requests that met a fault.
func (q *Queue) Met() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.met
}

// Wrap returns a handler that answers as next does unless a fault matches.
func (q *Queue) Wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fault, ok := q.take(r)
		if !ok {
			next.ServeHTTP(w, r)
			return
		}
		fault.serve(w, r, next)
	})
}

func (q *Queue) take(r *http.Request) (Fault, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for i, fault := range q.faults {
		if !fault.matches(r) {
			continue
		}
		switch {
		case fault.Times > 1:
			q.faults[i].Times--
		case fault.Times >= 0:
			q.faults = append(q.faults[:i:i], q.faults[i+1:]...)
		}
		q.met++
		return fault, true
	}
	if q.random != nil && q.random.Float64() < q.rate {
		if fault := q.kinds[q.random.IntN(len(q.kinds))]; fault.matches(r) {
			q.met++
			return fault, true
		}
	}
	return Fault{}, false
}

func (f Fault) matches(r *http.Request) bool { return f.Match == nil || f.Match(r) }

func (f Fault) serve(w http.ResponseWriter, r *http.Request, next http.Handler) {
	var real *httptest.ResponseRecorder
	if f.Effect || f.Kind == Cut || f.Kind == Truncate {
		real = httptest.NewRecorder()
		next.ServeHTTP(real, r)
	}
	switch f.Kind {
	case Answer:
		copyHeader(w.Header(), f.Header)
		w.WriteHeader(f.Status)
		_, _ = w.Write([]byte(f.Body))
	case Reset:
		reset(w)
	case Cut:
		copyHeader(w.Header(), real.Header())
		w.Header().Set("Content-Length", strconv.Itoa(real.Body.Len()))
		w.WriteHeader(real.Code)
		_, _ = w.Write(half(real.Body))
		_ = http.NewResponseController(w).Flush()
		reset(w)
	case Truncate:
		copyHeader(w.Header(), real.Header())
		w.Header().Set("Content-Length", strconv.Itoa(len(half(real.Body))))
		w.WriteHeader(real.Code)
		_, _ = w.Write(half(real.Body))
	case Hang:
		<-r.Context().Done()
	}
}

func copyHeader(to, from http.Header) {
	for name, values := range from {
		to[name] = values
	}
}

func half(body *bytes.Buffer) []byte { return body.Bytes()[:body.Len()/2] }

// reset closes the connection so that the client sees a reset and not an orderly end.
func reset(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}
