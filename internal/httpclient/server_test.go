package httpclient

import (
	"math"
	"math/rand/v2"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// counter counts the requests of a server against its limit. It returns what remains after this one, -1 if there were
// too many, and when the limit is reset.
type counter interface {
	count(now time.Time) (remaining int, reset time.Duration)
}

// fixedWindow counts in windows. The next one begins at the end of the last, or with the first request after it.
type fixedWindow struct {
	limit    int
	period   time.Duration
	end      time.Time
	used     int
	onDemand bool
}

func (w *fixedWindow) count(now time.Time) (int, time.Duration) {
	for !now.Before(w.end) {
		if w.onDemand {
			w.end = now
		}
		w.end, w.used = w.end.Add(w.period), 0
	}
	w.used++
	return max(w.limit-w.used, -1), w.end.Sub(now)
}

// slidingWindow counts the requests of the last period. Its reset is when the oldest of them is forgotten, or all.
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

// tokenBucket is full at first and refilled evenly. Its reset is when it is full.
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

// limitedServer is a transport to a server with a rate limit. Each way takes 20 to 60 ms.
type limitedServer struct {
	counter counter
	limit   int
	period  time.Duration
	headers headers

	mu       sync.Mutex
	random   *rand.Rand
	requests int
	accepted []time.Time
	refused  int
	denied   int // of others
}

// headers is how a server shows its limit.
type headers struct {
	epoch      bool          // the reset is a Unix time
	floor      bool          // the reset is rounded down to seconds, not up
	clockAhead time.Duration // of the server's clock; the Date header has the server's time
	onlyEvery  int           // only every so manieth answer has headers; 0: all
}

func newServer(c counter, limit int, period time.Duration) *limitedServer {
	return &limitedServer{counter: c, limit: limit, period: period, random: rand.New(rand.NewPCG(1, 2))}
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
	return 20*time.Millisecond + time.Duration(s.random.Int64N(int64(40*time.Millisecond)))
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
	if s.requests++; s.headers.onlyEvery == 0 || s.requests%s.headers.onlyEvery == 0 {
		s.describe(resp.Header, now, remaining, reset)
	}
	return resp
}

func (s *limitedServer) describe(header http.Header, now time.Time, remaining int, reset time.Duration) {
	round := math.Ceil
	if s.headers.floor {
		round = math.Floor
	}
	seconds := round(reset.Seconds())
	if s.headers.epoch {
		now = now.Add(s.headers.clockAhead)
		seconds = round(float64(now.Add(reset).UnixMilli()) / 1000)
		header.Set("Date", now.UTC().Format(http.TimeFormat))
	}
	header.Set("X-Ratelimit-Limit", strconv.Itoa(s.limit))
	header.Set("X-Ratelimit-Remaining", strconv.Itoa(remaining))
	header.Set("X-Ratelimit-Period", strconv.FormatFloat(s.period.Seconds(), 'f', -1, 64))
	header.Set("X-Ratelimit-Reset", strconv.FormatFloat(seconds, 'f', -1, 64))
}

// others sends so many requests per period for another client of the same limit, evenly, for so many periods.
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

// between returns the number of requests accepted from an instant on and before another.
func (s *limitedServer) between(start, end time.Time) int {
	count := 0
	for _, at := range s.accepted {
		if !at.Before(start) && at.Before(end) {
			count++
		}
	}
	return count
}
