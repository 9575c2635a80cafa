package httpclient

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// Stats counts what went over the network. The zero value is ready; a nil *Stats counts nothing.
// It is safe for concurrent use.
type Stats struct {
	requests, sentBytes, receivedBytes, retries, waited atomic.Int64

	mu     sync.Mutex
	limits map[string]time.Time // until when a class of requests waits for a rate limit, while it does
	told   map[string]time.Time // of which waits the log has been told
	log    *slog.Logger
}

// Counts is a reading of Stats.
type Counts struct {
	Requests      int64 // attempts, each of them
	Retries       int64
	SentBytes     int64         // of bodies
	ReceivedBytes int64         // of bodies, unpacked
	Waited        time.Duration // between attempts and for rate limits, all waits together

	// WaitsUntil is when the wait for a rate limit that is going on now ends, the last where there are several.
	// It is zero where there is none, and some milliseconds off while requests are merely spread over time.
	WaitsUntil time.Time
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
		WaitsUntil:    s.waitsUntil(),
	}
}

func (s *Stats) waitsUntil() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	var last time.Time
	for _, until := range s.limits {
		last = later(last, until)
	}
	return last
}

// limited takes note of a wait of a class of requests for a rate limit, and gives the function that ends it.
func (s *Stats) limited(class string, until time.Time) (end func()) {
	if s == nil {
		return func() {}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.limits == nil {
		s.limits, s.told = map[string]time.Time{}, map[string]time.Time{}
	}
	s.limits[class] = until
	started := time.Now()
	s.tell(class, until, started)
	return func() {
		s.waited.Add(int64(time.Since(started)))
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.limits, class)
	}
}

// LogWaits has waits for a rate limit told to a log, those of a second and more; nil: to nobody.
func (s *Stats) LogWaits(log *slog.Logger) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.log = log
}

// tell logs a wait, once however often it is taken up again. The caller holds the lock.
func (s *Stats) tell(class string, until, now time.Time) {
	if s.log == nil || until.Sub(now) < time.Second || until.Sub(s.told[class]) < time.Second {
		return
	}
	s.told[class] = until
	attributes := []slog.Attr{slog.Duration("wait", until.Sub(now).Round(time.Second/10))}
	if class != "" {
		attributes = append(attributes, slog.String("class", class))
	}
	s.log.LogAttrs(context.Background(), slog.LevelInfo, "waiting for the rate limit", attributes...)
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
