package httpclient

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
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
	tries := request.Tries
	if tries == nil {
		tries = new(Tries)
	}
	tries.gaveUp, tries.lastChance = false, false
	return &call{client: client, request: request, tries: tries}
}

// retrying returns the outermost layer: it sends attempts through the other layers.
func (c *call) retrying() *retryablehttp.Client {
	return &retryablehttp.Client{
		HTTPClient: &http.Client{
			Transport: c.layers(),
			// A redirect is returned as an answer: following it would send the token along.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		RetryMax:     maxRetries,
		CheckRetry:   c.checkRetry,
		Backoff:      func(_, _ time.Duration, _ int, _ *http.Response) time.Duration { return c.wait },
		PrepareRetry: c.prepareRetry,
		ErrorHandler: lastAnswer,
	}
}

func (c *call) layers() http.RoundTripper {
	var layers http.RoundTripper = &attempt{next: c.client.network, call: c}
	layers = &limited{next: layers, limiter: c.client.limiter, class: c.request.Class}
	if c.client.authorizer != nil && !c.request.SignIn {
		layers = &authorized{next: layers, authorizer: c.client.authorizer}
	}
	return layers
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
	c.client.logRetry(ctx, c, resp, err, max(c.wait, min(asked, maxRetryAfter)))
	return true, nil
}

// mayRetry reports whether the next attempt may succeed. asked is true if the server asked to wait for it.
func (c *call) mayRetry(resp *http.Response, err error, asked bool) bool {
	switch {
	case c.tries.left() <= longestWait, errors.Is(err, ErrRetryAfterExceeded):
		return false
	case c.tries.Hurry && !asked && mayBeTooLarge(resp, err):
		c.tries.giveUp()
		return false
	case err != nil && c.tries.spent+c.wait > firstContact && c.client.neverConnected(err):
		return false
	case err != nil:
		return retryableError(err)
	case !asked && c.isSettled(resp.StatusCode):
		return false
	}
	return retryableStatus(resp.StatusCode)
}

// isSettled reports whether an answer is final by Tries.Settled.
func (c *call) isSettled(status int) bool {
	if c.tries.Settled == nil || !c.tries.Settled(status, c.body) {
		return false
	}
	c.settled++
	return c.settled > c.tries.Again
}

// prepareRetry counts the wait that has just ended.
func (c *call) prepareRetry(*http.Request) error {
	c.client.stats.retried(c.wait)
	c.tries.spent += c.wait
	return nil
}

// lastAnswer returns the last answer when there are no more attempts. net/http accepts a response or an error, not
// both.
func lastAnswer(resp *http.Response, err error, _ int) (*http.Response, error) {
	if err != nil && resp != nil {
		_ = resp.Body.Close()
		return nil, err
	}
	return resp, err
}
