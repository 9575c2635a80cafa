package httpclient

import (
	"errors"
	"net"
	"net/http"
)

// congestion decides how many requests may be under way: one more after each full round of answers, half as many when
// the server is in trouble. It is not safe for concurrent use.
type congestion struct {
	most    float64
	allowed float64
	cutAt   int // the latest request sent when allowed was cut: what came of that one and those before it is old news
}

// settle takes note of what came of a request; latest is the latest one sent. Requests are numbered as they are sent.
func (c *congestion) settle(request, latest int, came outcome) {
	switch {
	case request <= c.cutAt:
	case came == fine:
		c.allowed = min(c.most, c.allowed+1/c.allowed)
	case came == overloaded:
		c.allowed, c.cutAt = max(1, c.allowed/2), latest
	}
}

// outcome is what an attempt tells of the server's state.
type outcome int

const (
	unclear outcome = iota
	fine
	overloaded
)

// outcomeOf judges what came of an attempt.
func outcomeOf(resp *http.Response, err error) outcome {
	if err != nil {
		timeout := net.Error(nil)
		if errors.Is(err, ErrTimeout) || errors.As(err, &timeout) && timeout.Timeout() {
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
	return fine
}
