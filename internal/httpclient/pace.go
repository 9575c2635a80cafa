package httpclient

import "time"

// How a pace keeps to its share. Requests sent evenly at 97 % of the allowed rate, with up to 2 % of the period to be
// caught up, come to 99 % of the limit in any period, wherever the server lets one begin. The last 1 % is for
// requests that bunch on their way.
const (
	used    = 0.97
	catchUp = 0.02
	reserve = 0.03 // of the limit, left to others once they have used part of our share
)

// rounding is how far off the reset may be, since it is told in whole seconds.
const rounding = time.Second

// quota is a rate limit's own figures.
type quota struct {
	requests int
	period   time.Duration
}

// pace spreads requests evenly over a quota's period, and keeps to what the server says is left. It is not safe
// for concurrent use.
type pace struct {
	quota     quota
	share     float64   // of the quota
	next      time.Time // when the next request may be sent
	toldBy    int       // the latest request whose answer told what is left
	remaining int       // as told, less what was sent since then and came back without a word of it
	resetAt   time.Time // as told with it; zero: nothing was told
	asking    bool      // one request was sent after the reset; before the next, its answer must tell what is left
	begun     bool      // the period that ends then began some time ago
}

// rate is what is allowed, in requests a second.
func (p *pace) rate() float64 {
	return p.share * float64(p.quota.requests) / p.quota.period.Seconds()
}

// readyAt gives the instant from which on a request may be sent while so many are under way. Those may not be counted
// in what the server says is left.
func (p *pace) readyAt(now time.Time, underWay int) time.Time {
	if p.exhausted(underWay) && !p.over(now) {
		return later(p.next, p.resetAt.Add(p.grace()))
	}
	return p.next
}

// exhausted tells whether nothing is left, as far as is known.
func (p *pace) exhausted(underWay int) bool {
	return !p.resetAt.IsZero() && p.remaining-underWay < p.leave()
}

// over tells whether the reset has passed.
func (p *pace) over(now time.Time) bool { return !now.Before(p.resetAt.Add(p.grace())) }

// sent takes note of a request that is sent now.
func (p *pace) sent(now time.Time, underWay int) {
	p.asking = p.exhausted(underWay) && p.over(now)
	credit := time.Duration(catchUp * float64(p.quota.period))
	p.next = later(p.next, now.Add(-credit)).Add(p.interval(now, underWay))
}

// owe puts the next request off for those that were sent before the quota was known.
func (p *pace) owe(requests int) {
	p.next = p.next.Add(time.Duration(requests) * p.steady())
}

// interval is the time between two requests: the steady one, or where less is left than that would use until the
// reset, one that spreads what is left.
func (p *pace) interval(now time.Time, underWay int) time.Duration {
	left := p.remaining - underWay
	if left <= 0 || p.over(now) || !p.begun && !p.shared() {
		return p.steady()
	}
	return max(p.steady(), (p.resetAt.Sub(now)-rounding)/time.Duration(left))
}

// steady is the interval that uses the share evenly. Of a limit that is used many times a second it spares one
// request: at nothing left we would wait for a reset that is told in whole seconds only.
func (p *pace) steady() time.Duration {
	sparing := (1 + catchUp) * p.quota.period.Seconds() / float64(p.quota.requests-1)
	interval := max(1/(used*p.rate()), min(sparing, rounding.Seconds()))
	return time.Duration(interval * float64(time.Second))
}

// told takes note of what the answer to a request tells. Answers overtake each other: the latest request's counts.
func (p *pace) told(request int, limit RateLimit, now time.Time) {
	if request < p.toldBy {
		return
	}
	p.asking = false
	if limit.Remaining < 0 {
		p.untold(now)
		return
	}
	p.toldBy, p.remaining = request, limit.Remaining
	wait := limit.Reset
	if wait < 0 {
		wait = p.quota.period
	}
	p.resetAt = now.Add(wait)
	p.begun = wait < p.quota.period-p.grace()
}

// untold takes note of an answer without a word of what is left.
func (p *pace) untold(now time.Time) {
	if p.over(now) {
		p.resetAt = time.Time{}
		return
	}
	p.remaining = max(p.remaining-1, 0)
}

// shared tells whether others have used more than what we leave to them. By ourselves we never come to that, wherever
// the server lets a period begin.
func (p *pace) shared() bool {
	return float64(p.remaining) < (1-p.share)*float64(p.quota.requests)
}

// leave is how many requests must be left for one to be sent.
func (p *pace) leave() int {
	if !p.shared() {
		return 1
	}
	return max(1, int(reserve*float64(p.quota.requests)))
}

// grace is added to a reset, which may have been rounded down.
func (p *pace) grace() time.Duration { return min(rounding, p.quota.period/100) }

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
