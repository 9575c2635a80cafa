// Package httpclient is the HTTP of both API clients. Each concern is an http.RoundTripper of its own, and every
// request passes them in this order:
//
//	retries → authorization → limiter → attempt (time limit, answer read) → network
//
// Retries are outermost, so that each attempt is authorized, limited and timed separately. The time limit is below the
// limiter, so that waiting for a turn is not a time-out. Answers are read below the retries, so that one that breaks off
// in its body is retried.
package httpclient

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"
)

// Options configures a Client. Origin is required.
type Options struct {
	Origin       *url.URL          // scheme and host that requests may be sent to
	InsecureHTTP bool              // allow http:// for remote hosts
	UserAgent    string            // optional
	Concurrency  int               // maximum requests under way, default: 64
	Share        float64           // of the server's rate limit, above 0 to 1, default: 1
	Secrets      *Secrets          // removed from answers and errors; optional
	Network      http.RoundTripper // default: NewNetwork(nil)
	Logger       *slog.Logger      // receives requests at Debug, retries, waits and silence at Info; nil disables logging
	// Authorize returns the Authorization header. After an answer with 401, rejected is the header that was sent, and the
	// request is sent once more with the result: a new header, which is the same for all callers with the same rejected
	// one, or the rejected one, if the answer may be a mistake. Without a result, no header or request is sent. Optional.
	Authorize func(ctx context.Context, rejected string) (string, error)
}

// maxBody is the maximum size of an answer.
const maxBody = 64 << 20

// Client sends requests to one origin. It is safe for concurrent use.
type Client struct {
	options Options
	limiter *limiter
	maxBody int64
	stats   *stats
}

// New returns a client. The error wraps ErrInsecure if credentials would travel in clear text.
func New(o Options) (*Client, error) {
	host := o.Origin.Hostname()
	if o.Origin.Scheme != "https" && !o.InsecureHTTP && host != "localhost" && !net.ParseIP(host).IsLoopback() {
		return nil, fmt.Errorf("address %q: %w", o.Origin.Redacted(), ErrInsecure)
	}
	if o.Network == nil {
		network, err := NewNetwork(nil)
		if err != nil {
			return nil, err
		}
		o.Network = network
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	stats := new(stats)
	return &Client{options: o, limiter: newLimiter(o.Concurrency, o.Share, stats, o.Logger), maxBody: maxBody, stats: stats}, nil
}

// Counts is the traffic of a client since it was created. The clients of the APIs have types of their own with the same
// fields.
type Counts struct {
	Requests      int64 // attempts, retries included
	Retries       int64
	SentBytes     int64     // of bodies
	ReceivedBytes int64     // of bodies, uncompressed
	WaitedSeconds float64   // back-offs and rate limits, the sum over all requests, in milliseconds' precision
	WaitsUntil    time.Time // end of the present wait for a rate limit; zero if there is none
	Answered      bool      // the server has answered, whatever the status
}

// stats counts traffic. It is safe for concurrent use.
type stats struct {
	requests, retries, sentBytes, receivedBytes atomic.Int64

	waited   atomic.Int64 // nanoseconds
	answered atomic.Int64 // Unix nanoseconds of the last answer, whatever its status; 0 before the first
}

// Counts returns the traffic so far.
func (c *Client) Counts() Counts {
	waited := time.Duration(c.stats.waited.Load()).Round(time.Millisecond)
	return Counts{
		Requests:      c.stats.requests.Load(),
		Retries:       c.stats.retries.Load(),
		SentBytes:     c.stats.sentBytes.Load(),
		ReceivedBytes: c.stats.receivedBytes.Load(),
		WaitedSeconds: float64(waited.Milliseconds()) / 1000,
		WaitsUntil:    c.limiter.waitsUntil(time.Now()),
		Answered:      c.stats.answered.Load() != 0,
	}
}

// EstimateWait returns how long the rate limit delays so many requests of a class, and false if no answer has shown a
// limit.
func (c *Client) EstimateWait(class string, requests int) (time.Duration, bool) {
	c.limiter.mu.Lock()
	defer c.limiter.mu.Unlock()
	budget := c.limiter.class(class).budget
	return budget.estimateWait(requests, time.Now()), budget.limit.requests > 0
}

// Request is a request to the client's origin.
type Request struct {
	Method string
	URL    *url.URL
	Body   []byte // JSON; nil for no body
	Class  string // requests of a class have the same rate limit
	SignIn bool   // asks for a token: sent without authorization, and secrets stay in the answer of a success
	// Decode reads the body of a success. After ErrNotJSON or a *json.SyntaxError, the request is retried, since the
	// answer did not arrive whole; any other error fails it. Default: a check of the syntax.
	Decode func(body []byte) error
	// Final reports whether an answer with an error status, without Retry-After, is not going to change. Optional.
	Final func(status int, body []byte) bool
	// Smaller is called if a request for less may succeed: after 502, 503 or 504 without Retry-After, after a time-out,
	// and if the answer is too long. It returns the address to request at once, URL to retry as usual, or nil to fail.
	// lastChance is set if there is only time for one more attempt that takes as long as the last. Optional.
	Smaller func(lastChance bool) *url.URL
}

// Response is an answer that arrived whole, whatever its status.
type Response struct {
	Status int
	Header http.Header
	Body   []byte
}

// Do sends a request, retries it where that may help, and returns the last answer. It returns a *Failure for an answer
// with an error status, along with the answer, and for no answer. If ctx ends, the failure wraps its cause.
func (c *Client) Do(ctx context.Context, r Request) (*Response, *Failure) {
	call := &call{client: c, request: r, url: r.URL}
	response, err := call.run(ctx)
	failure := &Failure{Method: r.Method, URL: call.url.Redacted(), Attempts: call.attempts}
	if err != nil {
		failure.Err = c.options.Secrets.legible(err)
		return nil, failure
	}
	if isSuccess(response.Status) {
		return response, nil
	}
	failure.Status, failure.Message = response.Status, redirection(call.url, response)
	return response, failure
}
