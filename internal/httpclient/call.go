package httpclient

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"time"
)

// The retry policy. A service that is down is given up within two minutes.
const (
	maxRetries     = 8
	firstWait      = 500 * time.Millisecond // the longest first back-off, doubled with each attempt
	longestWait    = 20 * time.Second       // of one back-off
	attemptTimeout = 30 * time.Second
	maxRetryAfter  = 2 * time.Minute  // of one wait that a server asks for
	timeBudget     = 2 * time.Minute  // in attempts and back-offs, without waits for a turn or for a Retry-After
	firstContact   = 15 * time.Second // in attempts and back-offs, while connections fail and none has ever worked
	patience       = 7 * time.Minute  // with a server that keeps asking to wait
)

// call is one request with its attempts. Its attempts follow each other, so it needs no lock.
type call struct {
	*Client
	Request

	attempts int           // that were sent
	retries  int           // rounds after the first, without those for less
	spent    time.Duration // in attempts and back-offs
	took     time.Duration // the last attempt
}

// left returns the rest of the time budget.
func (c *call) left() time.Duration { return timeBudget - c.spent }

// run sends the request until an answer is final, and returns that answer.
func (c *call) run(ctx context.Context) (*Response, error) {
	if c.URL.Scheme != c.options.Origin.Scheme || c.URL.Host != c.options.Origin.Host {
		return nil, fmt.Errorf("address outside the configured origin %s", c.options.Origin.Redacted())
	}
	for {
		response, err := c.authorized(ctx)
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if err == nil && response.isSuccess() {
			return response, nil
		}
		asked, isAsked := retryAfter(response, time.Now())
		if c.left() <= longestWait || errors.Is(err, ErrRetryAfterExceeded) {
			return response, err
		}
		if c.Smaller != nil && !isAsked && mayBeTooLarge(response, err) {
			switch smaller := c.Smaller(c.left()-c.took <= longestWait); smaller {
			case nil:
				return response, err
			case c.URL:
			default:
				c.URL = smaller
				continue
			}
		}
		wait := backOff(c.retries)
		if isAsked {
			wait = 0 // the limiter waits, for all requests of the class
		}
		if c.retries == maxRetries || !c.mayRetry(response, err, wait, isAsked) {
			return response, err
		}
		c.retries++
		c.logRetry(ctx, response, err, max(wait, asked))
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
		c.stats.retries.Add(1)
		c.stats.waited.Add(int64(wait))
		c.spent += wait
	}
}

// mayRetry reports whether the next attempt, after a back-off, may succeed. asked is true if the server sent
// Retry-After.
func (c *call) mayRetry(response *Response, err error, wait time.Duration, asked bool) bool {
	switch {
	case err != nil && c.stats.answered.Load() == 0 && !isTimeout(err) && c.spent+wait > firstContact:
		return false // no connection has ever worked
	case err != nil:
		return retryableError(err)
	case !asked && c.Final != nil && c.Final(response.Status, response.Body):
		return false
	}
	return slices.Contains(retryableStatuses, response.Status)
}

// authorized sends the request with authorization and, after a 401, once more with a renewed one.
func (c *call) authorized(ctx context.Context) (*Response, error) {
	if c.options.Authorize == nil || c.SignIn {
		return c.attempt(ctx, "")
	}
	value, err := c.options.Authorize(ctx, "")
	if err != nil {
		return nil, err
	}
	response, err := c.attempt(ctx, value)
	if err != nil || response.Status != http.StatusUnauthorized || value == "" {
		return response, err
	}
	switch renewed, err := c.options.Authorize(ctx, value); {
	case err != nil:
		return nil, err
	case renewed != "":
		return c.attempt(ctx, renewed)
	}
	return response, nil
}

// attempt sends the request once, when the limiter permits it.
func (c *call) attempt(ctx context.Context, authorization string) (*Response, error) {
	release, err := c.limiter.acquire(ctx, c.Class)
	if err != nil {
		return nil, err
	}
	started, limit := time.Now(), min(attemptTimeout, c.left())
	inTime, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("%w (%s)", ErrTimeout, limit))
	defer cancel()
	c.attempts++
	stop := c.watchSilence(ctx)
	response, err := c.exchange(inTime, authorization)
	stop()
	if err != nil && inTime.Err() != nil {
		err = context.Cause(inTime)
	}
	c.took = time.Since(started)
	c.spent += c.took
	c.logAttempt(ctx, response, err)
	release(response, err)
	return response, err
}

// exchange returns only answers that arrived whole and, if the status is a success, are decoded. Nobody reads an answer
// before secrets are removed. The network does not follow redirects, which would send the token along.
func (c *call) exchange(ctx context.Context, authorization string) (*Response, error) {
	req, err := http.NewRequestWithContext(ctx, c.Method, c.URL.String(), bytes.NewReader(c.Body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", c.options.UserAgent)
	if c.Body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if authorization != "" {
		req.Header.Set("Authorization", authorization)
	}
	c.stats.requests.Add(1)
	c.stats.sentBytes.Add(int64(len(c.Body)))
	resp, err := c.options.Network.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	c.stats.answered.Store(time.Now().UnixNano())
	body, err := io.ReadAll(io.LimitReader(resp.Body, c.maxBody+1))
	c.stats.receivedBytes.Add(int64(len(body)))
	switch {
	case err != nil:
		return nil, err
	case int64(len(body)) > c.maxBody:
		return nil, fmt.Errorf("%w: more than %d bytes", ErrBodyTooLong, c.maxBody)
	}
	response := &Response{Status: resp.StatusCode, Header: resp.Header, Body: body}
	if !c.SignIn || !response.isSuccess() {
		response.Body = c.options.Secrets.redact(body)
		for _, values := range response.Header {
			for i, value := range values {
				values[i] = c.options.Secrets.Redact(value)
			}
		}
	}
	if response.isSuccess() {
		if err := c.decode(response); err != nil {
			return nil, err
		}
	}
	return response, nil
}

func (c *call) decode(response *Response) (err error) {
	if c.Decode != nil {
		err = c.Decode(response.Body)
	} else if !json.Valid(response.Body) {
		err = ErrNotJSON
	}
	syntax := (*json.SyntaxError)(nil)
	switch {
	case errors.Is(err, ErrNotJSON), errors.As(err, &syntax):
		return fmt.Errorf("%d %s: %w", response.Status, http.StatusText(response.Status), ErrNotJSON)
	case err != nil:
		return DecodeError(err)
	}
	return nil
}

// backOff returns the wait after an attempt, which are numbered from 0: exponential, with full jitter.
func backOff(attempt int) time.Duration {
	return rand.N(min(longestWait, firstWait<<min(attempt, 10))) + 1
}

var (
	retryableStatuses = []int{408, 429, 500, 502, 503, 504}
	tooLargeStatuses  = []int{http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout}
)

// mayBeTooLarge reports whether the server may answer a request for less.
func mayBeTooLarge(response *Response, err error) bool {
	if err != nil {
		return errors.Is(err, ErrTimeout) || errors.Is(err, ErrBodyTooLong)
	}
	return slices.Contains(tooLargeStatuses, response.Status)
}

// retryableError reports whether the next attempt may succeed: after a broken connection, a time-out or a garbled
// answer, but not after an invalid certificate, an unknown host, an answer that is too long or cannot be decoded, or a
// failure that has been retried itself, such as that of a sign-in.
func retryableError(err error) bool {
	var (
		retried     interface{ Retryable() bool }
		certificate *tls.CertificateVerificationError
		record      tls.RecordHeaderError
		dns         *net.DNSError
	)
	switch {
	case errors.As(err, &retried), errors.As(err, &certificate), errors.As(err, &record),
		errors.Is(err, ErrBodyTooLong), errors.Is(err, errDecode):
		return false
	case errors.As(err, &dns):
		return !dns.IsNotFound
	}
	return true
}

func isTimeout(err error) bool {
	timeout := net.Error(nil)
	return errors.Is(err, ErrTimeout) || errors.As(err, &timeout) && timeout.Timeout()
}

const (
	maxLoggedQuery = 80              // bytes
	silence        = 2 * time.Second // of a server, until that is logged
)

// logAttempt logs an attempt at Debug: no bodies, no headers but the trace id, no secrets. The trace id of a sign-in is
// left out, since that answer holds secrets that are not known yet.
func (c *call) logAttempt(ctx context.Context, response *Response, err error) {
	attributes := c.attributes()
	if err != nil {
		attributes = append(attributes, "error", c.options.Secrets.legible(err).Error())
	} else {
		attributes = append(attributes, "status", response.Status, "bytes", len(response.Body))
		id := cmp.Or(response.Header.Get("X-Trace-Id"), response.Header.Get("X-Request-Id"))
		if id != "" && !c.SignIn {
			attributes = append(attributes, "trace", Message(c.options.Secrets.Redact(id)))
		}
	}
	attributes = append(attributes, "took", c.took.Round(time.Millisecond), "attempt", c.attempts)
	c.options.Logger.DebugContext(ctx, "request", attributes...)
}

// logRetry logs at Info that a request will be sent again, why and when.
func (c *call) logRetry(ctx context.Context, response *Response, err error, wait time.Duration) {
	attributes := c.attributes("attempt", c.attempts, "of", c.attempts+1+maxRetries-c.retries)
	if err != nil {
		attributes = append(attributes, "reason", c.options.Secrets.legible(err).Error())
	} else {
		attributes = append(attributes, "reason", http.StatusText(response.Status), "status", response.Status)
	}
	c.options.Logger.InfoContext(ctx, "request will be repeated", append(attributes, "wait", wait.Round(time.Millisecond))...)
}

// watchSilence logs at Info if an attempt has waited for 2 seconds in which the server has answered nothing at all,
// unless stop is called before. Nothing is logged after stop has returned.
func (c *call) watchSilence(ctx context.Context) (stop func()) {
	attributes := []any{"attempt", c.attempts, "of", c.attempts + maxRetries - c.retries}
	logged := make(chan struct{})
	timer := time.AfterFunc(silence, func() {
		defer close(logged)
		if time.Now().UnixNano()-c.stats.answered.Load() >= int64(silence) {
			c.options.Logger.InfoContext(ctx, "no answer yet", c.attributes(attributes...)...)
		}
	})
	return func() {
		if !timer.Stop() {
			<-logged
		}
	}
}

// attributes returns method, path and the beginning of the query, as escaped in the address, and more.
func (c *call) attributes(more ...any) []any {
	attributes := []any{"method", c.Method, "path", c.options.Secrets.Redact(c.URL.EscapedPath())}
	query := c.options.Secrets.Redact(c.URL.RawQuery)
	if len(query) > maxLoggedQuery {
		query = query[:maxLoggedQuery] + "…"
	}
	if query != "" {
		attributes = append(attributes, "query", query)
	}
	return append(attributes, more...)
}
