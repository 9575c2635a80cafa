package httpclient

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/hashicorp/go-retryablehttp"
)

// call is one request with its attempts. Its attempts follow each other, so it needs no lock.
type call struct {
	client  *Client
	request Request
	tries   *Tries

	rounds  int           // attempts, with those that ended before anything was sent
	settled int           // answers that Tries.Settled is true of
	body    []byte        // of the last answer
	wait    time.Duration // of our own choice, before the next attempt
}

func newCall(client *Client, request Request) *call {
	if request.Valid == nil {
		request.Valid = json.Valid
	}
	if request.Tries == nil {
		request.Tries = new(Tries)
	}
	request.Tries.GaveUp, request.Tries.LastChance = false, false
	return &call{client: client, request: request, tries: request.Tries}
}

// send sends the request through all layers and returns the last answer, whose body has been read.
func (c *call) send(ctx context.Context) (*http.Response, error) {
	origin, address := c.client.origin, c.request.URL
	if address.Scheme != origin.Scheme || address.Host != origin.Host {
		return nil, fmt.Errorf("address outside the configured origin %s", origin.Redacted())
	}
	var body any // not a nil []byte, which would be an empty body
	if c.request.Body != nil {
		body = c.request.Body
	}
	req, err := retryablehttp.NewRequestWithContext(ctx, c.request.Method, address.String(), body)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", c.client.agent)
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	return c.retrying().Do(req)
}

// retrying returns the outermost layer: it sends attempts through the other layers.
func (c *call) retrying() *retryablehttp.Client {
	var layers http.RoundTripper = &attempt{next: c.client.network, call: c}
	layers = &limited{next: layers, limiter: c.client.limiter, class: c.request.Class}
	if c.client.authorizer != nil && !c.request.SignIn {
		layers = &authorized{next: layers, authorizer: c.client.authorizer}
	}
	return &retryablehttp.Client{
		HTTPClient: &http.Client{
			Transport: layers,
			// A redirect is returned as an answer: following it would send the token along.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		RetryMax:     maxRetries,
		CheckRetry:   c.checkRetry,
		Backoff:      func(_, _ time.Duration, _ int, _ *http.Response) time.Duration { return c.wait },
		PrepareRetry: c.prepareRetry,
		ErrorHandler: retryablehttp.PassthroughErrorHandler,
	}
}

// checkRetry decides after each attempt whether there is another one, and after which wait.
func (c *call) checkRetry(ctx context.Context, resp *http.Response, err error) (bool, error) {
	if ctx.Err() != nil {
		return false, context.Cause(ctx)
	}
	c.rounds++
	asked, isAsked := retryAfter(resp, time.Now())
	if c.wait = backOff(c.rounds - 1); isAsked {
		c.wait = 0 // the limiter waits, for all requests of the class
	}
	if !c.mayRetry(resp, err, isAsked) || c.rounds > maxRetries {
		return false, nil
	}
	c.logRetry(ctx, resp, err, max(c.wait, min(asked, maxRetryAfter)))
	return true, nil
}

// mayRetry reports whether the next attempt may succeed. asked is true if the server asked to wait for it.
func (c *call) mayRetry(resp *http.Response, err error, asked bool) bool {
	t := c.tries
	switch {
	case t.left() <= longestWait, errors.Is(err, ErrRetryAfterExceeded):
		return false
	case t.Hurry && !asked && mayBeTooLarge(resp, err):
		t.GaveUp, t.LastChance = true, t.left()-t.took <= longestWait
		return false
	case err != nil && t.spent+c.wait > firstContact && c.neverConnected(err):
		return false
	case err != nil:
		return retryableError(err)
	case !asked && t.Settled != nil && t.Settled(resp.StatusCode, c.body):
		if c.settled++; c.settled > t.Again {
			return false
		}
	}
	return retryableStatus(resp.StatusCode)
}

// neverConnected reports whether an attempt failed on the connection, while the server has never answered.
func (c *call) neverConnected(err error) bool {
	return c.client.stats.answered.Load() == 0 && outcomeOf(nil, err) != overloaded
}

// prepareRetry counts the wait that has just ended.
func (c *call) prepareRetry(*http.Request) error {
	c.client.stats.retries.Add(1)
	c.client.stats.waited.Add(int64(c.wait))
	c.tries.spent += c.wait
	return nil
}

// cause removes what net/http wraps around an error: method and address, which the Failure has.
func cause(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if wrapped := (*url.Error)(nil); errors.As(err, &wrapped) {
		return wrapped.Err
	}
	return err
}

// Tries is the account of a request's attempts and their time. A request that replaces another one, by asking for
// less, takes over its account, so that both together are bounded. The zero value is ready. It is not safe for
// concurrent use.
type Tries struct {
	// Hurry ends a request at once where a smaller one may succeed: after 502, 503 or 504 without Retry-After,
	// after a time-out, and if the answer is too long.
	Hurry bool
	// Settled reports whether an answer with an error status is not going to change. Such a request is retried Again
	// times, or as usual if the server sends Retry-After. Optional.
	Settled func(status int, body []byte) bool
	Again   int

	GaveUp     bool // set by Client.Do: the request was given up because of Hurry
	LastChance bool // set with GaveUp: there is time for one more request only, if it takes as long as the last

	attempts int
	spent    time.Duration // in attempts and back-offs
	took     time.Duration // the last attempt
}

// left returns the rest of the time budget.
func (t *Tries) left() time.Duration { return timeBudget - t.spent }
