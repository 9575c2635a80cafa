package httpclient

import (
	"context"
	"crypto/tls"
	"errors"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/go-retryablehttp"
)

// Retry is the policy for requests that may succeed when sent again.
type Retry struct {
	Max           int           // attempts after the first
	FirstWait     time.Duration // the longest first back-off; it doubles from there
	LongestWait   time.Duration // of one back-off
	MaxRetryAfter time.Duration // what a server's Retry-After may ask for at the most
	Budget        time.Duration // spent in attempts and back-offs; waits for a turn or that a server asked for come on top
	Patience      time.Duration // with a server that asks to wait, from the first time on
}

// DefaultRetry gives up on a dead service within two minutes.
var DefaultRetry = Retry{
	Max:           8,
	FirstWait:     500 * time.Millisecond,
	LongestWait:   20 * time.Second,
	MaxRetryAfter: 2 * time.Minute,
	Budget:        2 * time.Minute,
	Patience:      7 * time.Minute,
}

func (r Retry) client(next http.RoundTripper, stats *Stats, journal *journal) *retryablehttp.Client {
	return &retryablehttp.Client{
		HTTPClient: &http.Client{
			Transport: next,
			// A redirect is handed up as an answer: followed, it would carry the token along.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		RetryMax: r.Max,
		CheckRetry: func(ctx context.Context, resp *http.Response, err error) (bool, error) {
			again, final := r.check(ctx, resp, err)
			if again && triesOf(ctx).attempts <= r.Max {
				asked, _ := retryAfter(resp, time.Now())
				journal.repeating(ctx, resp, err, min(asked, r.MaxRetryAfter))
			}
			return again, final
		},
		Backoff: func(_, _ time.Duration, attempt int, resp *http.Response) time.Duration {
			return r.wait(attempt, resp)
		},
		PrepareRetry: func(req *http.Request) error {
			stats.retried(triesOf(req.Context()).waited())
			return nil
		},
		ErrorHandler: lastAnswer,
	}
}

// check is the policy's decision after each attempt.
func (r Retry) check(ctx context.Context, resp *http.Response, err error) (bool, error) {
	if ctx.Err() != nil {
		return false, context.Cause(ctx)
	}
	tries := triesOf(ctx)
	_, asked := retryAfter(resp, time.Now())
	tries.checked(asked)
	if tries.left() <= r.LongestWait || tries.askedFor() > r.Patience || errors.Is(err, ErrRetryAfterExceeded) {
		return false, nil
	}
	if tries.Hurry && !asked && mayBeTooMuch(resp, err) {
		tries.giveUp(r.LongestWait)
		return false, nil
	}
	if err != nil {
		return retryableError(err), nil
	}
	if !asked && tries.isSettled(resp.StatusCode) {
		return false, nil
	}
	return retryableStatus(resp.StatusCode), nil
}

// wait is how long to hold back before the next attempt: what the server asks for, capped, or an exponential
// back-off with full jitter.
func (r Retry) wait(attempt int, resp *http.Response) time.Duration {
	if asked, ok := retryAfter(resp, time.Now()); ok {
		return min(asked, r.MaxRetryAfter)
	}
	longest := r.LongestWait
	if doubled := r.FirstWait << min(attempt, 30); doubled > 0 {
		longest = min(longest, doubled)
	}
	return rand.N(longest) + 1
}

// lastAnswer hands up the last answer when the attempts are used up. net/http takes a response or an error,
// never both.
func lastAnswer(resp *http.Response, err error, _ int) (*http.Response, error) {
	if err != nil && resp != nil {
		_ = resp.Body.Close()
		return nil, err
	}
	return resp, err
}

// mayBeTooMuch tells whether a request for less might have been answered.
func mayBeTooMuch(resp *http.Response, err error) bool {
	if err != nil {
		return errors.Is(err, ErrTimeout) || errors.Is(err, ErrBodyTooLong)
	}
	switch resp.StatusCode {
	case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}

func retryableStatus(status int) bool {
	switch status {
	case http.StatusRequestTimeout, http.StatusTooManyRequests, http.StatusInternalServerError,
		http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}

// retryableError tells broken connections, time-outs and garbled answers, which pass, from what stays: a bad
// certificate, an unknown host, an answer beyond the cap, and a failure that has been through retries of
// its own, as that of a token's renewal has.
func retryableError(err error) bool {
	var (
		final       interface{ Retryable() bool }
		certificate *tls.CertificateVerificationError
		record      tls.RecordHeaderError
		dns         *net.DNSError
	)
	switch {
	case errors.As(err, &final), errors.As(err, &certificate), errors.As(err, &record), errors.Is(err, ErrBodyTooLong):
		return false
	case errors.As(err, &dns):
		return !dns.IsNotFound
	}
	return true
}

func retryAfter(resp *http.Response, now time.Time) (time.Duration, bool) {
	if resp == nil || resp.Header.Get("Retry-After") == "" {
		return 0, false
	}
	return ParseRetryAfter(resp.Header.Get("Retry-After"), now)
}

// ParseRetryAfter reads the value of a Retry-After header, seconds or an HTTP date, as the time to wait from
// now on, which is never negative. It gives false for what is neither.
func ParseRetryAfter(value string, now time.Time) (time.Duration, bool) {
	value = strings.TrimSpace(value)
	if seconds, err := strconv.ParseFloat(value, 64); err == nil {
		const longest = 1e9 // seconds: beyond it a Duration would overflow
		if !(seconds >= 0) {
			return 0, false
		}
		return time.Duration(min(seconds, longest) * float64(time.Second)), true
	}
	if date, err := http.ParseTime(value); err == nil {
		return max(date.Sub(now), 0), true
	}
	return 0, false
}
