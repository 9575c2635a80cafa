package transport

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

// Causes of an attempt that brought no usable answer.
var (
	ErrTimeout     = errors.New("no answer in time")
	ErrNotJSON     = errors.New("the answer is not JSON")
	ErrBodyTooLong = errors.New("the answer is too long")
)

// attempt sends one request and hands up only an answer that has arrived whole, within its time, and is JSON
// where its status says success.
type attempt struct {
	next    http.RoundTripper
	timeout time.Duration
	maxBody int64
	stats   *Stats
}

func (a *attempt) RoundTrip(req *http.Request) (*http.Response, error) {
	tries, started := triesOf(req.Context()), time.Now()
	timeout := min(a.timeout, tries.left())
	ctx, cancel := context.WithTimeoutCause(req.Context(), timeout, fmt.Errorf("%w (%s)", ErrTimeout, timeout))
	defer cancel()
	tries.attempts++
	defer func() { tries.spent += time.Since(started) }()
	a.stats.sent(req)
	resp, err := a.next.RoundTrip(req.WithContext(ctx))
	if err != nil {
		return nil, attemptError(ctx, err)
	}
	body, err := a.read(resp.Body)
	a.stats.received(len(body))
	if err != nil {
		return nil, attemptError(ctx, err)
	}
	if resp.StatusCode >= 200 && resp.StatusCode <= 299 && !json.Valid(body) {
		return nil, fmt.Errorf("%d %s: %w", resp.StatusCode, http.StatusText(resp.StatusCode), ErrNotJSON)
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	resp.ContentLength = int64(len(body))
	return resp, nil
}

func (a *attempt) read(body io.ReadCloser) ([]byte, error) {
	defer func() { _ = body.Close() }()
	data, err := io.ReadAll(io.LimitReader(body, a.maxBody+1))
	if err == nil && int64(len(data)) > a.maxBody {
		return nil, fmt.Errorf("%w: more than %d bytes", ErrBodyTooLong, a.maxBody)
	}
	return data, err
}

// attemptError tells a time-out of this attempt from the end of the whole request.
func attemptError(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}
