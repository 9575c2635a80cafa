// Package faults makes a fake misbehave: it takes faults from a queue and puts one in place of the answer that a request
// would have had.
package faults

import (
	"bytes"
	"context"
	"errors"
	"io"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"testing/iotest"
	"time"
)

// Kind is what becomes of an answer.
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

// Queue holds faults in the order in which they are to be met. The zero value is ready. It is safe for concurrent use.
type Queue struct {
	mu     sync.Mutex
	faults []Fault
	random *rand.Rand // nil: none meets a random fault
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

// Clear removes all faults, the random ones included. Met keeps counting.
func (q *Queue) Clear() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.faults, q.random = nil, nil
}

// Met returns the number of requests that met a fault.
func (q *Queue) Met() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.met
}

// Wrap returns a handler that answers as next does unless a fault matches.
func (q *Queue) Wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if fault, found := q.take(r); found {
			fault.serve(w, r, next)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (q *Queue) take(r *http.Request) (fault Fault, found bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	matches := func(f Fault) bool { return f.Match == nil || f.Match(r) }
	if i := slices.IndexFunc(q.faults, matches); i >= 0 {
		fault, found = q.faults[i], true
		switch {
		case fault.Times > 1:
			q.faults[i].Times--
		case fault.Times >= 0:
			q.faults = slices.Delete(q.faults, i, i+1)
		}
	} else if q.random != nil && q.random.Float64() < q.rate {
		fault = q.kinds[q.random.IntN(len(q.kinds))]
		found = matches(fault)
	}
	if found {
		q.met++
	}
	return fault, found
}

func (f Fault) serve(w http.ResponseWriter, r *http.Request, next http.Handler) {
	real := httptest.NewRecorder()
	if f.Effect || f.Kind == Cut || f.Kind == Truncate {
		next.ServeHTTP(real, r)
	}
	body := real.Body.Bytes()
	switch f.Kind {
	case Answer:
		send(w, f.Status, f.Header, []byte(f.Body))
	case Reset:
		reset(w)
	case Cut:
		real.Header().Set("Content-Length", strconv.Itoa(len(body)))
		send(w, real.Code, real.Header(), body[:len(body)/2])
		_ = http.NewResponseController(w).Flush()
		reset(w)
	case Truncate:
		real.Header().Set("Content-Length", strconv.Itoa(len(body)/2))
		send(w, real.Code, real.Header(), body[:len(body)/2])
	case Hang:
		<-r.Context().Done()
	}
}

func send(w http.ResponseWriter, status int, header http.Header, body []byte) {
	maps.Copy(w.Header(), header)
	w.WriteHeader(status)
	_, _ = w.Write(body) // a client that left is no concern of a fake
}

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

// Wait waits the latency of an answer and reports whether the client waited as long.
func Wait(ctx context.Context, latency time.Duration) bool {
	waited, stop := context.WithTimeout(ctx, latency)
	defer stop()
	<-waited.Done()
	return ctx.Err() == nil
}

// Network passes requests to handlers in this process, without connections: a test that runs in a synctest bubble
// waits no time in it. A broken-off answer looks as over a real connection. It is safe for concurrent use.
type Network struct {
	Hosts  map[string]http.Handler  // requests to other hosts fail
	Refuse func(*http.Request) bool // reports whether the connection for a request is refused; nil: none is
}

// RoundTrip returns what a client sees of the handler's answer.
func (n Network) RoundTrip(r *http.Request) (*http.Response, error) {
	handler, known := n.Hosts[r.URL.Host]
	switch {
	case !known:
		return nil, errors.New("no such host")
	case n.Refuse != nil && n.Refuse(r):
		return nil, os.NewSyscallError("connect", syscall.ECONNREFUSED)
	}
	request := r.Clone(r.Context())
	request.RequestURI = r.URL.RequestURI()
	if request.Body == nil {
		request.Body = http.NoBody
	}
	recorder := httptest.NewRecorder()
	broken := serveUntilBroken(handler, recorder, request)
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	if broken && recorder.Body.Len() == 0 {
		return nil, os.NewSyscallError("read", syscall.ECONNRESET)
	}
	response := recorder.Result()
	response.Request = r
	if announced, err := strconv.ParseInt(response.Header.Get("Content-Length"), 10, 64); err == nil {
		response.ContentLength = announced
	}
	if broken {
		response.Body = io.NopCloser(io.MultiReader(bytes.NewReader(recorder.Body.Bytes()), iotest.ErrReader(io.ErrUnexpectedEOF)))
	}
	return response, nil
}

// serveUntilBroken reports whether the handler broke the connection.
func serveUntilBroken(handler http.Handler, w http.ResponseWriter, r *http.Request) (broken bool) {
	defer func() {
		cause := recover()
		err, _ := cause.(error)
		if broken = errors.Is(err, http.ErrAbortHandler); cause != nil && !broken {
			panic(cause)
		}
	}()
	handler.ServeHTTP(w, r)
	return false
}
