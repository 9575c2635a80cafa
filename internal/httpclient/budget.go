package httpclient

import (
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// budget is our part of a rate limit. While it lasts, requests are sent as fast as the concurrency allows; when it is
// spent, they wait for the reset.
//
// A window starts when an answer shows it. Until then, and after the reset, one request is sent, to ask. If a good answer
// shows no limit, or none comes, there is no limit until one is shown. Two figures bound the requests of a window: our
// share of the limit less what we sent, and what remains by the server's word less our requests under way and a reserve.
// What was used before the first answer is attributed to others.
//
// It is not safe for concurrent use.
type budget struct {
	limit     limit   // zero before one is shown
	share     float64 // of the limit
	unlimited bool

	end      time.Time // of the window; zero before the first
	used     int       // our requests in the window
	underWay int
	asking   int // the request that asks for the next window, 0 for none
	// remaining is the least that an answer showed in the window, less one for each answer since that showed nothing.
	remaining int
}

const (
	// reserve is the part of the limit that is left alone, for others.
	reserve = 0.03
	// resetPrecision is the unit in which servers show resets.
	resetPrecision = time.Second
)

// admit counts a request if it may be sent: within a window while there is room, or to ask for the next window.
// Otherwise it returns the end of the window, which is zero while another request asks for it.
func (b *budget) admit(request int, now time.Time) (until time.Time, ok bool) {
	switch {
	case b.asking != 0:
		return time.Time{}, false
	case b.unlimited:
	case !now.Before(b.end):
		b.asking = request
	case b.room() < 1:
		return b.end, false
	}
	b.used++
	b.underWay++
	return time.Time{}, true
}

// room returns how many requests may be sent in the window. The server may not have counted those under way.
func (b *budget) room() int {
	return min(b.ours()-b.used, b.remaining-b.underWay-b.reserved())
}

// ours returns our share of the limit, in requests.
func (b *budget) ours() int { return int(math.Floor(b.share*float64(b.limit.requests) + 1e-9)) }

// reserved returns the reserve in requests, at least one: the request that asks may come before the server's reset.
func (b *budget) reserved() int { return int(math.Ceil(reserve*float64(b.limit.requests) - 1e-9)) }

// answered adapts to the answer of a request, or to its failure. The request is not under way anymore. conclusive is set
// for an answer that would show a limit, and for no answer.
func (b *budget) answered(request int, shown rateLimit, conclusive bool, now time.Time) {
	opens := b.end.IsZero()
	if request == b.asking {
		b.asking, opens = 0, true
	}
	if b.limit.requests == 0 {
		b.unlimited = b.unlimited || conclusive
		return
	}
	period := b.limit.period
	switch {
	case shown.remaining < 0 && !opens:
		b.remaining--
		return
	case shown.remaining < 0:
		// As the limit was shown before: one lost answer must not make the others wait for each other's time-outs.
		shown.remaining, shown.reset = b.limit.requests-1, period
	case shown.reset < 0:
		shown.reset = period
	}
	reset := max(shown.reset, min(resetPrecision, period)) // 0 if clocks differ
	end := now.Add(reset + min(resetPrecision, period/2))  // it may be rounded down
	tolerance := max(period/2, 2*resetPrecision)
	switch later := end.Sub(b.end); {
	case opens || later > tolerance:
		b.end, b.used, b.remaining = end, b.underWay+1, shown.remaining
	case later < -tolerance || !now.Before(b.end):
		// It is about a window that has ended.
	default:
		b.end, b.remaining = end, min(b.remaining, shown.remaining)
	}
}

// estimateWait returns how long so many requests are delayed.
func (b *budget) estimateWait(requests int, now time.Time) time.Duration {
	left, toEnd := 0, max(b.end.Sub(now), 0)
	if toEnd > 0 {
		left = max(b.room(), 0)
	}
	if requests <= left {
		return 0
	}
	perWindow := max(1, min(b.ours(), b.limit.requests-b.reserved()))
	windows := (requests - left - 1) / perWindow // after the next one
	return toEnd + time.Duration(windows)*b.limit.period
}

// rateLimit is what the headers of an answer show of a rate limit.
type rateLimit struct {
	requests  int           // per period, 0 if unknown
	period    time.Duration // 0 if unknown
	remaining int           // requests until the reset, -1 if unknown
	reset     time.Duration // from now on, -1 if unknown
}

// Bounds of plausible headers. Others are ignored.
const (
	maxRequests = 1e9
	maxPeriod   = time.Hour
	minEpoch    = 10_000 // seconds: a reset from here on is a point in time, below it a duration
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
		longest := maxRetryAfter
		if limit.period > 0 {
			longest = limit.period
		}
		limit.reset = time.Duration(min(max(seconds, 0), longest.Seconds()) * float64(time.Second))
	}
	return limit
}

// number reads a header with a finite number of at least 0.
func number(header http.Header, name string) (float64, bool) {
	value, err := strconv.ParseFloat(strings.TrimSpace(header.Get(name)), 64)
	return value, err == nil && value >= 0 // false for NaN
}

// retryAfter returns the wait that an answer asks for by Retry-After, seconds or an HTTP date, up to two minutes.
func retryAfter(resp *http.Response, now time.Time) (time.Duration, bool) {
	if resp == nil {
		return 0, false
	}
	if seconds, ok := number(resp.Header, "Retry-After"); ok {
		return time.Duration(min(seconds, maxRetryAfter.Seconds()) * float64(time.Second)), true
	}
	date, err := http.ParseTime(strings.TrimSpace(resp.Header.Get("Retry-After")))
	return min(max(date.Sub(now), 0), maxRetryAfter), err == nil
}
