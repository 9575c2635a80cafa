package transport

import (
	"net/http"
	"sync/atomic"
	"time"
)

// Stats counts what went over the network. The zero value is ready; a nil *Stats counts nothing.
// It is safe for concurrent use.
type Stats struct {
	requests, sentBytes, receivedBytes, retries, waited atomic.Int64
}

// Counts is a reading of Stats.
type Counts struct {
	Requests      int64         `json:"requests"` // attempts, each of them
	Retries       int64         `json:"retries"`
	SentBytes     int64         `json:"sentBytes"`     // of bodies
	ReceivedBytes int64         `json:"receivedBytes"` // of bodies, unpacked
	Waited        time.Duration `json:"waitedNanoseconds"`
}

// Counts reads the figures.
func (s *Stats) Counts() Counts {
	if s == nil {
		return Counts{}
	}
	return Counts{
		Requests:      s.requests.Load(),
		Retries:       s.retries.Load(),
		SentBytes:     s.sentBytes.Load(),
		ReceivedBytes: s.receivedBytes.Load(),
		Waited:        time.Duration(s.waited.Load()),
	}
}

func (s *Stats) sent(req *http.Request) {
	if s == nil {
		return
	}
	s.requests.Add(1)
	s.sentBytes.Add(max(req.ContentLength, 0))
}

func (s *Stats) received(bytes int) {
	if s != nil {
		s.receivedBytes.Add(int64(bytes))
	}
}

func (s *Stats) retried(wait time.Duration) {
	if s == nil {
		return
	}
	s.retries.Add(1)
	s.waited.Add(int64(wait))
}
