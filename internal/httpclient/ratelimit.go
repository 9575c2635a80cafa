package httpclient

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// RateLimit is what the headers of an answer tell of a rate limit: so many requests in a period.
type RateLimit struct {
	Requests  int           // in each Period; 0: not told
	Period    time.Duration // 0: not told
	Remaining int           // requests left until the reset; -1: not told
	Reset     time.Duration // from now on, until requests are allowed anew; -1: not told
}

// Bounds of what is taken for sense: beyond them a header counts as missing.
const (
	mostRequests  = 1e9
	longestPeriod = time.Hour
	longestHold   = 2 * time.Minute // that an answer may ask for without telling a period
	firstEpoch    = 10_000          // seconds: a reset from here on is an instant, below it a time to wait
)

// ParseRateLimit reads the headers x-ratelimit-limit, -remaining, -period (seconds) and -reset, which is an epoch in
// seconds when above 10,000 and else seconds to wait. What is missing, no number, negative or beyond sense counts as
// not told. Reset is at most the period, or two minutes where none is told. An epoch is measured by the
// server's own Date header where there is one, so that the clocks need not agree.
func ParseRateLimit(header http.Header, now time.Time) RateLimit {
	limit := RateLimit{Remaining: -1, Reset: -1}
	if requests, ok := number(header, "X-Ratelimit-Limit"); ok && requests >= 1 && requests <= mostRequests {
		limit.Requests = int(requests)
	}
	if remaining, ok := number(header, "X-Ratelimit-Remaining"); ok && remaining <= mostRequests {
		limit.Remaining = int(remaining)
	}
	if seconds, ok := number(header, "X-Ratelimit-Period"); ok && seconds <= longestPeriod.Seconds() {
		limit.Period = time.Duration(seconds * float64(time.Second))
	}
	if seconds, ok := number(header, "X-Ratelimit-Reset"); ok {
		if seconds > firstEpoch {
			seconds -= epoch(header, now)
		}
		longest := longestHold
		if limit.Period > 0 {
			longest = limit.Period
		}
		limit.Reset = time.Duration(min(max(seconds, 0), longest.Seconds()) * float64(time.Second))
	}
	return limit
}

// number reads a header that is not negative and not infinite.
func number(header http.Header, name string) (float64, bool) {
	text := header.Get(name)
	if text == "" {
		return 0, false
	}
	value, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	return value, err == nil && value >= 0 // which NaN is not; infinity is ErrRange or named
}

// epoch is the server's present, in seconds.
func epoch(header http.Header, now time.Time) float64 {
	if date, err := http.ParseTime(header.Get("Date")); err == nil {
		now = date
	}
	return float64(now.UnixMicro()) / 1e6
}
