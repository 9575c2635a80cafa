package httpclient

import (
	"crypto/tls"
	"errors"
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

func retryableStatus(status int) bool { return slices.Contains(retryableStatuses, status) }

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
