package httpclient

import (
	"sync/atomic"
	"time"
)

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
	answered atomic.Bool  // the server has answered, whatever the status
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
