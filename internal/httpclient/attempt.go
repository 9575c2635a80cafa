package httpclient

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

// Causes of an attempt without a usable answer.
var (
	ErrTimeout     = errors.New("no answer in time")
	ErrNotJSON     = errors.New("the answer is not JSON")
	ErrBodyTooLong = errors.New("the answer is too long")
)

const attemptTimeout = 30 * time.Second

// attempt sends a request once. It returns only answers that arrived whole and in time, and that are JSON if the status
// is a success. It removes secrets before anybody reads the answer.
type attempt struct {
	next http.RoundTripper
	call *call
}

func (a *attempt) RoundTrip(req *http.Request) (*http.Response, error) {
	started, tries := time.Now(), a.call.tries
	timeout := min(attemptTimeout, tries.left())
	ctx, cancel := context.WithTimeoutCause(req.Context(), timeout, fmt.Errorf("%w (%s)", ErrTimeout, timeout))
	defer cancel()
	tries.attempts++
	stop := a.call.watchSilence(req.Context())
	resp, err := a.send(req.WithContext(ctx))
	stop()
	if err != nil && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	took := time.Since(started)
	tries.took = took
	tries.spent += took
	a.call.logAttempt(req.Context(), resp, err, took)
	return resp, err
}

func (a *attempt) send(req *http.Request) (*http.Response, error) {
	client, request := a.call.client, a.call.request
	client.stats.requests.Add(1)
	client.stats.sentBytes.Add(max(req.ContentLength, 0))
	resp, err := a.next.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	client.stats.answered.Store(time.Now().UnixNano())
	body, err := a.read(resp)
	client.stats.receivedBytes.Add(int64(len(body)))
	if err != nil {
		return nil, err
	}
	success := isSuccess(resp.StatusCode)
	if !success || !request.SignIn {
		body = client.secrets.redact(body)
		client.secrets.redactHeader(resp.Header)
	}
	if success && !request.Valid(body) {
		return nil, fmt.Errorf("%d %s: %w", resp.StatusCode, http.StatusText(resp.StatusCode), ErrNotJSON)
	}
	a.call.body = body
	resp.Body = io.NopCloser(bytes.NewReader(body))
	resp.ContentLength = int64(len(body))
	return resp, nil
}

func (a *attempt) read(resp *http.Response) ([]byte, error) {
	defer func() { _ = resp.Body.Close() }()
	maxBody := a.call.client.maxBody
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxBody+1))
	if err == nil && int64(len(body)) > maxBody {
		return nil, fmt.Errorf("%w: more than %d bytes", ErrBodyTooLong, maxBody)
	}
	return body, err
}
