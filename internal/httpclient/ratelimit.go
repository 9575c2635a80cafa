package httpclient

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// rateLimit is what the headers of an answer show of a rate limit.
type rateLimit struct {
	requests  int           // per period, 0 if unknown
	period    time.Duration // 0 if unknown
	remaining int           // requests until the reset, -1 if unknown
	reset     time.Duration // from now on, -1 if unknown
}

// Bounds of plausible headers. Others are ignored.
const (
	maxRequests  = 1e9
	maxPeriod    = time.Hour
	maxHold      = 2 * time.Minute // of a wait that an answer asks for without a period
	minEpoch     = 10_000          // seconds: a reset from here on is a point in time, below it a duration
	maxEncodable = 1e9             // seconds: more would overflow a time.Duration
)

// parseRateLimit reads the headers x-ratelimit-limit, -remaining, -period (seconds) and -reset: seconds from now on or,
// above 10,000, a Unix time, which is compared with the Date header if there is one, so that clocks may differ. Values
// that are missing, invalid, negative or implausible are unknown. The reset is at most the period, or two minutes if
// that is unknown.
func parseRateLimit(header http.Header, now time.Time) rateLimit {
	limit := rateLimit{remaining: -1, reset: -1}
	if requests, ok := number(header, "X-Ratelimit-Limit"); ok && requests >= 1 && requests <= maxRequests {
		limit.requests = int(requests)
	}
	if remaining, ok := number(header, "X-Ratelimit-Remaining"); ok && remaining <= maxRequests {
		limit.remaining = int(remaining)
	}
	if seconds, ok := number(header, "X-Ratelimit-Period"); ok && seconds <= maxPeriod.Seconds() {
		limit.period = time.Duration(seconds * float64(time.Second))
	}
	if seconds, ok := number(header, "X-Ratelimit-Reset"); ok {
		if seconds > minEpoch {
			if date, err := http.ParseTime(header.Get("Date")); err == nil {
				now = date
			}
			seconds -= float64(now.UnixMicro()) / 1e6
		}
		longest := maxHold
		if limit.period > 0 {
			longest = limit.period
		}
		limit.reset = time.Duration(min(max(seconds, 0), longest.Seconds()) * float64(time.Second))
	}
	return limit
}

// number reads a header with a finite number of at least 0.
func number(header http.Header, name string) (float64, bool) {
	text := header.Get(name)
	if text == "" {
		return 0, false
	}
	value, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	return value, err == nil && value >= 0 // false for NaN
}

// retryAfter returns the wait that an answer asks for by Retry-After, seconds or an HTTP date.
func retryAfter(response *Response, now time.Time) (time.Duration, bool) {
	if response == nil {
		return 0, false
	}
	if seconds, ok := number(response.Header, "Retry-After"); ok {
		return time.Duration(min(seconds, maxEncodable) * float64(time.Second)), true
	}
	date, err := http.ParseTime(strings.TrimSpace(response.Header.Get("Retry-After")))
	return max(date.Sub(now), 0), err == nil
}
