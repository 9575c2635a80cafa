package httpclient

import (
	"errors"
	"net"
	"net/http"
)

// concurrency is how many requests may be under way: one more after each full round of good answers, half as many when
// the server is overloaded. It is not safe for concurrent use.
type concurrency struct {
	max     float64
	allowed float64
	cutAt   int // the latest request that was sent when allowed was halved: outcomes up to it are old news
}

// answered adapts to the outcome of a request; latest is the latest request sent. Requests are numbered as sent.
func (c *concurrency) answered(request, latest int, o outcome) {
	switch {
	case request <= c.cutAt:
	case o == good:
		c.allowed = min(c.max, c.allowed+1/c.allowed)
	case o == overloaded:
		c.allowed, c.cutAt = max(1, c.allowed/2), latest
	}
}

// outcome is what an attempt shows of the server's state.
type outcome int

const (
	unclear outcome = iota
	good
	overloaded
)

func outcomeOf(resp *http.Response, err error) outcome {
	if err != nil {
		if timeout := net.Error(nil); errors.Is(err, ErrTimeout) || errors.As(err, &timeout) && timeout.Timeout() {
			return overloaded
		}
		return unclear
	}
	switch resp.StatusCode {
	case http.StatusTooManyRequests, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return overloaded
	}
	if resp.StatusCode >= http.StatusInternalServerError {
		return unclear
	}
	return good
}
