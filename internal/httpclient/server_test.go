package httpclient_test

import (
	"math"
	"math/rand/v2"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// counter is a server's way to count requests against a limit. It tells what is left after this one, -1 where it was
// too many, and when requests are allowed anew.
type counter interface {
	count(now time.Time) (remaining int, reset time.Duration)
}

// fixedWindow counts in windows, one after the other.
type fixedWindow struct {
	limit  int
	period time.Duration
	end    time.Time
	used   int
}

func (w *fixedWindow) count(now time.Time) (int, time.Duration) {
	for !now.Before(w.end) {
		w.end, w.used = w.end.Add(w.period), 0
	}
	w.used++
	return max(w.limit-w.used, -1), w.end.Sub(now)
}

// openedWindow counts in windows that the first request after the end of one opens.
type openedWindow struct {
	limit  int
	period time.Duration
	end    time.Time
	used   int
}

func (w *openedWindow) count(now time.Time) (int, time.Duration) {
	if !now.Before(w.end) {
		w.end, w.used = now.Add(w.period), 0
	}
	w.used++
	return max(w.limit-w.used, -1), w.end.Sub(now)
}

// slidingWindow counts what came in the last period. Its reset is when the oldest of that is forgotten, or when all is.
type slidingWindow struct {
	limit    int
	period   time.Duration
	whole    bool
	accepted []time.Time
}

func (w *slidingWindow) count(now time.Time) (int, time.Duration) {
	for len(w.accepted) > 0 && now.Sub(w.accepted[0]) >= w.period {
		w.accepted = w.accepted[1:]
	}
	if len(w.accepted) == w.limit {
		return -1, w.accepted[0].Add(w.period).Sub(now)
	}
	w.accepted = append(w.accepted, now)
	if w.whole {
		return w.limit - len(w.accepted), w.period
	}
	return w.limit - len(w.accepted), w.accepted[0].Add(w.period).Sub(now)
}

// tokenBucket is full at first and fills up evenly. Its reset is when it is full.
type tokenBucket struct {
	limit  int
	period time.Duration
	tokens float64
	last   time.Time
}

func (b *tokenBucket) count(now time.Time) (int, time.Duration) {
	if b.last.IsZero() {
		b.tokens = float64(b.limit)
	}
	rate := float64(b.limit) / b.period.Seconds()
	b.tokens = min(float64(b.limit), b.tokens+now.Sub(b.last).Seconds()*rate)
	b.last = now
	full := func() time.Duration { return time.Duration((float64(b.limit) - b.tokens) / rate * 1e9) }
	if b.tokens < 1 {
		return -1, full()
	}
	b.tokens--
	return int(b.tokens), full()
}

// limitedServer is a RoundTripper that keeps to a rate limit, some time away.
type limitedServer struct {
	counter counter
	limit   int
	period  time.Duration
	epoch   bool
	silent  func(request int) bool // whether an answer tells nothing of the limit; nil: none
	jitter  *rand.Rand             // of the time that requests take on their way; nil: they take none

	mu       sync.Mutex
	requests int
	accepted []time.Time
	refused  int
	denied   int // of others
}

func (s *limitedServer) RoundTrip(*http.Request) (*http.Response, error) {
	time.Sleep(s.way())
	resp := s.answer(time.Now())
	time.Sleep(s.way())
	return resp, nil
}

func (s *limitedServer) way() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.jitter == nil {
		return 0
	}
	return 20*time.Millisecond + time.Duration(s.jitter.Int64N(int64(40*time.Millisecond)))
}

func (s *limitedServer) answer(now time.Time) *http.Response {
	s.mu.Lock()
	defer s.mu.Unlock()
	remaining, reset := s.counter.count(now)
	resp := answer(200, `{}`)
	if remaining < 0 {
		s.refused++
		resp, remaining = answer(429, `{}`), 0
	} else {
		s.accepted = append(s.accepted, now)
	}
	if s.requests++; s.silent == nil || !s.silent(s.requests) {
		s.describe(resp.Header, now, remaining, reset)
	}
	return resp
}

// others has another client of the same limit send so many requests a period, evenly, for so many periods.
func (s *limitedServer) others(requests, periods int) {
	for range requests * periods {
		s.mu.Lock()
		if remaining, _ := s.counter.count(time.Now()); remaining < 0 {
			s.denied++
		}
		s.mu.Unlock()
		time.Sleep(s.period / time.Duration(requests))
	}
}

func (s *limitedServer) describe(header http.Header, now time.Time, remaining int, reset time.Duration) {
	seconds := math.Ceil(reset.Seconds())
	if s.epoch {
		seconds = math.Ceil(float64(now.Add(reset).UnixMilli()) / 1000)
	}
	header.Set("X-Ratelimit-Limit", strconv.Itoa(s.limit))
	header.Set("X-Ratelimit-Remaining", strconv.Itoa(remaining))
	header.Set("X-Ratelimit-Period", strconv.FormatFloat(s.period.Seconds(), 'f', -1, 64))
	header.Set("X-Ratelimit-Reset", strconv.FormatFloat(seconds, 'f', -1, 64))
}

// before counts the requests accepted before an instant.
func (s *limitedServer) before(end time.Time) int {
	count := 0
	for _, at := range s.accepted {
		if at.Before(end) {
			count++
		}
	}
	return count
}

// most is the largest number of requests accepted within a period, wherever that begins.
func (s *limitedServer) most() int {
	most, first := 0, 0
	for i, at := range s.accepted {
		for at.Sub(s.accepted[first]) >= s.period {
			first++
		}
		most = max(most, i-first+1)
	}
	return most
}
