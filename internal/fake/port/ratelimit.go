package port

import (
	"math"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// RateLimit is the organization's limit. The zero value limits nothing and sends no headers.
// Windows are fixed: the first request after the end of one opens the next.
type RateLimit struct {
	Requests     int           // allowed in each Period
	Period       time.Duration // 0: a minute
	ResetAsEpoch bool          // x-ratelimit-reset as epoch seconds instead of seconds to wait: sources differ
	Hide         bool          // keep the limit, send no headers
}

// limiter keeps to a RateLimit. It is safe for concurrent use.
type limiter struct {
	limit RateLimit
	now   func() time.Time
	mu    sync.Mutex
	used  int
	end   time.Time
}

// admit counts a request, sets the headers, and reports whether the limit lets it pass.
func (l *limiter) admit(header http.Header) bool {
	if l.limit.Requests == 0 {
		return true
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	if !now.Before(l.end) {
		l.used, l.end = 0, now.Add(l.limit.Period)
	}
	l.used++
	if !l.limit.Hide {
		l.describe(header, now)
	}
	return l.used <= l.limit.Requests
}

func (l *limiter) describe(header http.Header, now time.Time) {
	reset := int64(math.Ceil(l.end.Sub(now).Seconds()))
	if l.limit.ResetAsEpoch {
		reset = int64(math.Ceil(float64(l.end.UnixMilli()) / 1000))
	}
	header.Set("X-Ratelimit-Limit", strconv.Itoa(l.limit.Requests))
	header.Set("X-Ratelimit-Remaining", strconv.Itoa(max(0, l.limit.Requests-l.used)))
	header.Set("X-Ratelimit-Period", strconv.FormatFloat(l.limit.Period.Seconds(), 'f', -1, 64))
	header.Set("X-Ratelimit-Reset", strconv.FormatInt(reset, 10))
}
