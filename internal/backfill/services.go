package backfill

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"

	"github.com/codecov-port/codecov-port/pkg/codecov"
	"github.com/codecov-port/codecov-port/pkg/port"
)

// services holds a Circuit for each service that a run depends on.
type services struct {
	codecov, provider  *Circuit
	port, portRejected *Circuit // Port not answering, and Port rejecting the credentials
}

func newServices() *services {
	return &services{
		codecov:      NewCircuit(2, perRequestStatuses...),
		provider:     NewCircuit(2, perRequestStatuses...),
		port:         NewCircuit(2, http.StatusInternalServerError), // one batch may be too much for Port
		portRejected: NewCircuit(0),
	}
}

// Circuit breaks when a service has stopped answering. What is left is then recorded as failed without further requests, so that a run
// against a dead service ends within minutes. It is safe for concurrent use.
type Circuit struct {
	tolerated []int         // statuses that may be caused by a single request; 0 is no answer
	patience  int           // how many of those in a row are tolerated
	broken    chan struct{} // closed when the circuit breaks

	mu    sync.Mutex
	inRow int
	err   error
}

// perRequestStatuses may mean that one repository is too much for Codecov or the git provider.
var perRequestStatuses = []int{0, http.StatusInternalServerError, http.StatusBadGateway, http.StatusGatewayTimeout}

// errServiceDown is the cause of requests that a broken circuit ends.
var errServiceDown = errors.New("the service has stopped answering")

// NewCircuit returns a Circuit that tolerates so many failures in a row with one of these statuses; 0 is no answer.
func NewCircuit(patience int, tolerated ...int) *Circuit {
	return &Circuit{patience: patience, tolerated: tolerated, broken: make(chan struct{})}
}

// guard returns a context that ends when the circuit breaks, and a function that releases it.
func (c *Circuit) guard(ctx context.Context) (context.Context, func()) {
	return StopOn(ctx, c.broken, errServiceDown)
}

// Cause returns why the circuit is broken, or nil.
func (c *Circuit) Cause() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

// Record records the outcome of a request after all its attempts. Only an error that means that the service is down is a failure.
func (c *Circuit) Record(err error) {
	if _, down := unavailable(err); down {
		c.fail(err)
		return
	}
	c.succeed()
}

// fail records a request that failed after all its attempts.
func (c *Circuit) fail(err error) {
	status, down := unavailable(err)
	if !down {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.inRow++; c.inRow > c.patience || !slices.Contains(c.tolerated, status) {
		c.breakLocked(fmt.Errorf("%w: %w", errServiceDown, err))
	}
}

// breakWith breaks the circuit at once.
func (c *Circuit) breakWith(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.breakLocked(err)
}

func (c *Circuit) breakLocked(err error) {
	if c.err == nil {
		c.err = err
		close(c.broken)
	}
}

// succeed records a request that was answered.
func (c *Circuit) succeed() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.inRow = 0
}

// unavailable reports whether an error means that the service is down or overloaded, and not that it refuses, and returns the
// status of its response: 0 if there was none.
func unavailable(err error) (status int, down bool) {
	if errors.Is(err, codecov.ErrRetryAfterExceeded) || errors.Is(err, port.ErrRetryAfterExceeded) {
		return http.StatusTooManyRequests, true
	}
	status, ok := statusOf(err)
	if !ok {
		return 0, false
	}
	return status, status == 0 || status == http.StatusTooManyRequests || status >= http.StatusInternalServerError
}

// statusOf returns the status of the response that an error of a client is about: 0 if there was no response. It reports
// false for other errors.
func statusOf(err error) (status int, ok bool) {
	if e := (*codecov.APIError)(nil); errors.As(err, &e) {
		return e.Status, true
	}
	if e := (*port.APIError)(nil); errors.As(err, &e) {
		return e.Status, true
	}
	return 0, false
}
