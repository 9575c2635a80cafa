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

// Circuit breaks when a service has stopped answering or rejects the credentials. What is left is then recorded as failed without further
// requests, so that a run against a dead service ends within minutes. It is safe for concurrent use.
type Circuit struct {
	patience  int           // how many failures in a row are tolerated
	tolerated []int         // with one of these statuses, which a single request may cause; 0 is no answer
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
	status, down := unavailable(err)
	rejected := errors.Is(err, port.ErrUnauthorized)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.inRow++
	switch {
	case !down && !rejected:
		c.inRow = 0
		return
	case c.err != nil, down && c.inRow <= c.patience && slices.Contains(c.tolerated, status):
		return
	case down:
		err = fmt.Errorf("%w: %w", errServiceDown, err)
	}
	c.err = err
	close(c.broken)
}

// unavailable reports whether an error means that the service is down or overloaded, and not that it refuses, and returns the
// status of its response: 0 if there was none.
func unavailable(err error) (status int, down bool) {
	if errors.Is(err, codecov.ErrRetryAfterExceeded) || errors.Is(err, port.ErrRetryAfterExceeded) {
		return http.StatusTooManyRequests, true
	}
	status, ok := statusOf(err)
	return status, ok && (status == 0 || status == http.StatusTooManyRequests || status >= http.StatusInternalServerError)
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

// StopOn returns a context that ends with the cause when the channel is closed, and a function that releases it.
func StopOn(ctx context.Context, closed <-chan struct{}, cause error) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	go func() {
		select {
		case <-closed:
			cancel(cause)
		case <-ctx.Done():
		}
	}()
	return ctx, func() { cancel(nil) }
}

// IsClosed reports whether the channel is closed.
func IsClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// waitFor waits until the channel is closed. It returns the cause if ctx ends before.
func waitFor(ctx context.Context, closed <-chan struct{}) error {
	select {
	case <-closed:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
