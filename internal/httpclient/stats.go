package httpclient

import (
	"net/http"
	"sync/atomic"
	"time"
)

// Counts is the traffic of a client since it was created.
type Counts struct {
	Requests      int64 // attempts, retries included
	Retries       int64
	SentBytes     int64         // of bodies
	ReceivedBytes int64         // of bodies, uncompressed
	Waited        time.Duration // back-offs and rate limits, the sum over all requests
	WaitsUntil    time.Time     // end of the present wait for a rate limit; zero if there is none
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
		Waited:        time.Duration(s.waitedTime.Load()),
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
