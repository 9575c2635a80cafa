// Package transport is what the HTTP of both clients needs: retries, authorization, a limit on what is under
// way, a time limit and a capped buffer an attempt, and the origin that credentials may go to. Each concern
// is a RoundTripper of its own; New stacks them in the one order in which they work together:
//
//	retry → authorization → limiter → attempt (time limit, buffer) → network
//
// The retries stand on top, so that each attempt is authorized, limited and timed by itself. The time limit
// stands below the limiter, so that waiting for a turn is not a time-out. The buffer stands below the
// retries, so that an answer that breaks off in its body is tried again.
package httpclient

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/hashicorp/go-retryablehttp"
)

// Options says how a Client behaves. Origin and UserAgent are needed; a zero value elsewhere means the default.
type Options struct {
	Origin         *url.URL      // scheme and host: requests to any other are refused
	InsecureHTTP   bool          // plain http to other hosts than loopback
	UserAgent      string        // sent with each request
	Authorizer     Authorizer    // nil: no Authorization header
	Limiter        Limiter       // nil: no limit
	Retry          Retry         // the zero value: DefaultRetry
	AttemptTimeout time.Duration // 0: 30 s
	MaxBody        int64         // bytes of an answer's body that are read at the most; 0: 64 MiB
	Network        http.RoundTripper
	Stats          *Stats   // nil: nothing is counted
	Secrets        *Secrets // taken out of answers, and of errors that quote them; nil: none
	// SecretsAsked: an answer with a status of success holds secrets that were asked for; they stay in it.
	SecretsAsked bool
	Logger       *slog.Logger // told of attempts at the level Debug, of what is repeated and of waits at Info; nil: nobody is
}

const (
	defaultAttemptTimeout = 30 * time.Second
	defaultMaxBody        = 64 << 20
)

// Client sends requests to one origin. It is safe for concurrent use.
type Client struct {
	retrying *retryablehttp.Client
	origin   *url.URL
	agent    string
	budget   time.Duration
	secrets  *Secrets
}

// New gives a client, or an error when the origin is not one that credentials may be sent to.
func New(o Options) (*Client, error) {
	if err := checkOrigin(o.Origin, o.InsecureHTTP); err != nil {
		return nil, err
	}
	retry := o.Retry
	if retry == (Retry{}) {
		retry = DefaultRetry
	}
	journal := newJournal(o.Logger, o.Secrets)
	return &Client{
		retrying: retry.client(chain(o, journal), o.Stats, journal),
		origin:   o.Origin,
		agent:    o.UserAgent,
		budget:   retry.Budget,
		secrets:  o.Secrets,
	}, nil
}

func chain(o Options, journal *journal) http.RoundTripper {
	rt := o.Network
	if rt == nil {
		rt = sharedNetwork
	}
	rt = &attempt{
		next:         rt,
		timeout:      orDefault(o.AttemptTimeout, defaultAttemptTimeout),
		maxBody:      orDefault(o.MaxBody, defaultMaxBody),
		stats:        o.Stats,
		secrets:      o.Secrets,
		secretsAsked: o.SecretsAsked,
		journal:      journal,
	}
	if o.Limiter != nil {
		rt = &limited{next: rt, limiter: o.Limiter}
	}
	if o.Authorizer != nil {
		rt = &authorized{next: rt, authorizer: o.Authorizer}
	}
	return rt
}

func orDefault[T int64 | time.Duration](value, fallback T) T {
	if value == 0 {
		return fallback
	}
	return value
}

// Request is one request to the client's origin.
type Request struct {
	Method string
	URL    *url.URL
	Body   []byte // sent as JSON; nil: no body
	Class  string // requests of one class share what the Limiter knows of the server's rate limit

	// Valid tells whether the body of an answer with a status of success has arrived sound; one that has not is
	// asked for again. nil: json.Valid. A caller that decodes in it spares a pass over the body.
	Valid func(body []byte) bool
	Tries *Tries // nil: an account of its own
}

// Response is an answer that has arrived whole, whatever its status.
type Response struct {
	Status int
	Header http.Header
	Body   []byte
}

// Do sends the request, again where the policy says so, and gives the last answer. An answer with an error
// status is a *Failure next to the response; so is no answer at all, then without a response.
// When ctx ends, its cause is given unwrapped inside the failure: errors.Is(err, context.Canceled) holds.
func (c *Client) Do(ctx context.Context, r Request) (*Response, *Failure) {
	failure := &Failure{Method: r.Method, Address: r.URL.Redacted()}
	if r.URL.Scheme != c.origin.Scheme || r.URL.Host != c.origin.Host {
		failure.Err = errors.New("address outside the configured origin " + c.origin.Redacted())
		return nil, failure
	}
	tries := r.Tries
	if tries == nil {
		tries = new(Tries)
	}
	tries.begin(c.budget, r.Valid)
	tries.method, tries.address = r.Method, r.URL
	req, err := c.request(withTries(withClass(ctx, r.Class), tries), r)
	if err != nil {
		failure.Err = err
		return nil, failure
	}
	resp, err := c.retrying.Do(req)
	failure.Attempts = tries.attempts
	if err != nil {
		failure.Err = c.secrets.legible(cause(ctx, err))
		return nil, failure
	}
	_ = resp.Body.Close() // it has arrived already
	response := &Response{Status: resp.StatusCode, Header: resp.Header, Body: tries.body}
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		failure.Status = resp.StatusCode
		return response, failure
	}
	return response, nil
}

func (c *Client) request(ctx context.Context, r Request) (*retryablehttp.Request, error) {
	var body any
	if r.Body != nil {
		body = r.Body
	}
	req, err := retryablehttp.NewRequestWithContext(ctx, r.Method, r.URL.String(), body)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", c.agent)
	if r.Body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	return req, nil
}

// cause strips what net/http and the retries wrap around an error: the method and the address are told by
// the Failure already.
func cause(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if wrapped := (*url.Error)(nil); errors.As(err, &wrapped) {
		return wrapped.Err
	}
	return err
}
