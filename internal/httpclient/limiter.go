package httpclient

import (
	"context"
	"net/http"
)

// Limiter decides when a request may be sent. It is safe for concurrent use.
type Limiter interface {
	// Acquire waits for a turn of a request of the given class (Request.Class) and gives the function that is to
	// be called once with what came of it. It fails when ctx ends first, and with ErrRetryAfterExceeded, which is final, where
	// the server asks to wait for too long.
	Acquire(ctx context.Context, class string) (release func(*http.Response, error), err error)
}

// limited sends each attempt when the limiter says so.
type limited struct {
	next    http.RoundTripper
	limiter Limiter
}

func (l *limited) RoundTrip(req *http.Request) (*http.Response, error) {
	release, err := l.limiter.Acquire(req.Context(), classOf(req.Context()))
	if err != nil {
		return nil, err
	}
	resp, err := l.next.RoundTrip(req)
	release(resp, err)
	return resp, err
}

type classKey struct{}

func withClass(ctx context.Context, class string) context.Context {
	if class == "" {
		return ctx
	}
	return context.WithValue(ctx, classKey{}, class)
}

func classOf(ctx context.Context) string {
	class, _ := ctx.Value(classKey{}).(string)
	return class
}
