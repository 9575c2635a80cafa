package transport

import (
	"context"
	"net/http"
)

// Limiter decides when a request may be sent. It is safe for concurrent use.
type Limiter interface {
	// Acquire waits for a turn and gives the function that is to be called with the answer, nil where there
	// was none. It fails only when ctx ends first.
	Acquire(ctx context.Context) (release func(*http.Response), err error)
}

type limited struct {
	next    http.RoundTripper
	limiter Limiter
}

func (l *limited) RoundTrip(req *http.Request) (*http.Response, error) {
	release, err := l.limiter.Acquire(req.Context())
	if err != nil {
		return nil, err
	}
	resp, err := l.next.RoundTrip(req)
	release(resp)
	return resp, err
}

// Concurrency is a Limiter that lets a fixed number of requests be under way.
type Concurrency chan struct{}

// NewConcurrency gives a limiter for n requests at a time; below 1 counts as 1.
func NewConcurrency(n int) Concurrency { return make(Concurrency, max(n, 1)) }

// Acquire waits until fewer than n requests are under way.
func (c Concurrency) Acquire(ctx context.Context) (func(*http.Response), error) {
	select {
	case c <- struct{}{}:
		return func(*http.Response) { <-c }, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}
