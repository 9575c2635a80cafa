package httpclient

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/hashicorp/go-retryablehttp"
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
	client  *Client
	request Request

	url      *url.URL      // of the next attempt: the request's, or one for less
	body     []byte        // of the last answer
	attempts int           // that were sent
	retries  int           // without those for less
	wait     time.Duration // before the next attempt
	spent    time.Duration // in attempts and back-offs
	took     time.Duration // the last attempt
}

// left returns the rest of the time budget.
func (c *call) left() time.Duration { return timeBudget - c.spent }

// run sends the request through all layers until an answer is final, and returns that answer.
func (c *call) run(ctx context.Context) (*Response, error) {
	if origin := c.client.options.Origin; c.url.Scheme != origin.Scheme || c.url.Host != origin.Host {
		return nil, fmt.Errorf("address outside the configured origin %s", origin.Redacted())
	}
	req, err := retryablehttp.NewRequestWithContext(ctx, c.request.Method, c.url.String(), nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", c.client.options.UserAgent)
	if c.request.Body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := c.retrying().Do(req)
	switch {
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case err != nil:
		return nil, cause(err)
	}
	return &Response{Status: resp.StatusCode, Header: resp.Header, Body: c.body}, resp.Body.Close()
}

// retrying returns the outermost layer: it sends attempts through the other layers.
func (c *call) retrying() *retryablehttp.Client {
	var layers http.RoundTripper = attempt{c}
	layers = limited{layers, c.client.limiter, c.request.Class}
	if c.client.options.Authorize != nil && !c.request.SignIn {
		layers = authorized{layers, c.client.options.Authorize}
	}
	return &retryablehttp.Client{
		HTTPClient: &http.Client{
			Transport: layers,
			// A redirect is returned as an answer: following it would send the token along.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		RetryMax:     math.MaxInt, // checkRetry counts
		CheckRetry:   c.checkRetry,
		Backoff:      func(_, _ time.Duration, _ int, _ *http.Response) time.Duration { return c.wait },
		PrepareRetry: c.prepareRetry,
		ErrorHandler: retryablehttp.PassthroughErrorHandler,
	}
}

// checkRetry decides after each attempt whether there is another one, for what, and after which wait.
func (c *call) checkRetry(ctx context.Context, resp *http.Response, err error) (bool, error) {
	if ctx.Err() != nil {
		return false, context.Cause(ctx)
	}
	if err == nil && isSuccess(resp.StatusCode) {
		return false, nil
	}
	asked, isAsked := retryAfter(resp, time.Now())
	if c.left() <= longestWait || errors.Is(err, ErrRetryAfterExceeded) {
		return false, nil
	}
	if c.request.Smaller != nil && !isAsked && mayBeTooLarge(resp, err) {
		switch smaller := c.request.Smaller(c.left()-c.took <= longestWait); smaller {
		case nil:
			return false, nil
		case c.url:
		default:
			c.url, c.wait = smaller, 0
			return true, nil
		}
	}
	if c.wait = backOff(c.retries); isAsked {
		c.wait = 0 // the limiter waits, for all requests of the class
	}
	if c.retries == maxRetries || !c.mayRetry(resp, err, isAsked) {
		return false, nil
	}
	c.retries++
	c.logRetry(ctx, resp, err, max(c.wait, asked))
	return true, nil
}

// mayRetry reports whether the next attempt, after a back-off, may succeed. asked is true if the server sent
// Retry-After.
func (c *call) mayRetry(resp *http.Response, err error, asked bool) bool {
	final := c.request.Final
	switch {
	case err != nil && c.client.stats.answered.Load() == 0 && !isTimeout(err) && c.spent+c.wait > firstContact:
		return false // no connection has ever worked
	case err != nil:
		return retryableError(err)
	case !asked && final != nil && final(resp.StatusCode, c.body):
		return false
	}
	return slices.Contains(retryableStatuses, resp.StatusCode)
}

// prepareRetry counts the wait that has just ended, and sets the address of the next attempt.
func (c *call) prepareRetry(req *http.Request) error {
	if req.URL.String() == c.url.String() {
		c.client.stats.retries.Add(1)
	}
	req.URL = c.url
	c.client.stats.waited.Add(int64(c.wait))
	c.spent += c.wait
	return nil
}

// cause removes what net/http wraps around an error: method and address, which the Failure has.
func cause(err error) error {
	if wrapped := (*url.Error)(nil); errors.As(err, &wrapped) {
		return wrapped.Err
	}
	return err
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
func mayBeTooLarge(resp *http.Response, err error) bool {
	if err != nil {
		return errors.Is(err, ErrTimeout) || errors.Is(err, ErrBodyTooLong)
	}
	return slices.Contains(tooLargeStatuses, resp.StatusCode)
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
