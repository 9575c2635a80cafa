package httpclient

import (
	"math"
	"net/http"
	"sync/atomic"
	"time"
)

// Counts is the traffic of a client since it was created. The clients of the APIs have types of their own with the same fields.
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
	requests, retries, sentBytes, receivedBytes, waitedTime atomic.Int64

	answered atomic.Bool // the server has answered, whatever the status
}

func (s *stats) counts() Counts {
	return Counts{
		Requests:      s.requests.Load(),
		Retries:       s.retries.Load(),
		SentBytes:     s.sentBytes.Load(),
		ReceivedBytes: s.receivedBytes.Load(),
		WaitedSeconds: math.Round(time.Duration(s.waitedTime.Load()).Seconds()*1000) / 1000,
	}
}

func (s *stats) sent(req *http.Request) {
	s.requests.Add(1)
	s.sentBytes.Add(max(req.ContentLength, 0))
}

func (s *stats) received(bytes int) { s.receivedBytes.Add(int64(bytes)) }

func (s *stats) retried(wait time.Duration) {
	s.retries.Add(1)
	s.waited(wait)
}

func (s *stats) waited(wait time.Duration) { s.waitedTime.Add(int64(wait)) }
