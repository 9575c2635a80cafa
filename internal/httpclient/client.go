// Package httpclient is the HTTP of both API clients. Each concern is an http.RoundTripper of its own, and every
// request passes them in this order:
//
//	retry → authorization → limiter → attempt (time limit, buffer) → network
//
// Retries are outermost, so that each attempt is authorized, limited and timed separately. The time limit is below the
// limiter, so that waiting for a turn is not a time-out. The buffer is below the retries, so that an answer that breaks
// off in its body is retried.
package httpclient

import (
	"cmp"
	"context"
	"log/slog"
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
	Authorizer   Authorizer        // optional
	Concurrency  int               // maximum requests under way, default: 1
	Share        float64           // of the server's rate limit, above 0 to 1, default: 1
	MaxBody      int64             // maximum bytes of an answer, default: 64 MiB
	Secrets      *Secrets          // removed from answers and errors; optional
	Network      http.RoundTripper // default: a transport that all clients share
	Logger       *slog.Logger      // receives requests at Debug, retries, waits and silence at Info; nil disables logging
}

const defaultMaxBody = 64 << 20

// Client sends requests to one origin. It is safe for concurrent use.
type Client struct {
	origin     *url.URL
	agent      string
	authorizer Authorizer
	limiter    *limiter
	network    http.RoundTripper
	maxBody    int64
	secrets    *Secrets
	log        *slog.Logger
	stats      *stats
}

// New returns a client. The error wraps ErrInsecure if credentials would travel in clear text.
func New(o Options) (*Client, error) {
	if err := checkOrigin(o.Origin, o.InsecureHTTP); err != nil {
		return nil, err
	}
	if o.Network == nil {
		if err := checkProxies(); err != nil {
			return nil, err
		}
		o.Network = sharedNetwork
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	stats := new(stats)
	return &Client{
		origin:     o.Origin,
		agent:      o.UserAgent,
		authorizer: o.Authorizer,
		limiter:    newLimiter(o.Concurrency, o.Share, stats, o.Logger),
		network:    o.Network,
		maxBody:    cmp.Or(o.MaxBody, defaultMaxBody),
		secrets:    o.Secrets,
		log:        o.Logger,
		stats:      stats,
	}, nil
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
		WaitsUntil:    c.limiter.waitsUntil(),
	}
}

// EstimateWait returns how long the rate limit delays so many requests of a class, and false if no answer has shown a
// limit.
func (c *Client) EstimateWait(class string, requests int) (time.Duration, bool) {
	return c.limiter.estimateWait(class, requests, time.Now())
}

// Request is a request to the client's origin.
type Request struct {
	Method string
	URL    *url.URL
	Body   []byte // JSON; nil for no body
	Class  string // requests of a class have the same rate limit
	SignIn bool   // asks for a token: sent without authorization, and secrets stay in the answer of a success
	// Valid reports whether the body of a success arrived whole; if not, the request is retried. Default: json.Valid.
	// A caller that decodes in it saves a pass over the body.
	Valid func(body []byte) bool
	Tries *Tries // optional, see Tries
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
	call := newCall(c, r)
	resp, err := call.send(ctx)
	failure := &Failure{Method: r.Method, Address: r.URL.Redacted(), Attempts: call.tries.attempts}
	if err != nil {
		failure.Err = c.secrets.legible(cause(ctx, err))
		return nil, failure
	}
	_ = resp.Body.Close() // it has been read
	response := &Response{Status: resp.StatusCode, Header: resp.Header, Body: call.body}
	if isSuccess(resp.StatusCode) {
		return response, nil
	}
	failure.Status, failure.Redirect = resp.StatusCode, redirectTarget(r.URL, resp)
	return response, failure
}

func isSuccess(status int) bool { return status >= 200 && status <= 299 }
