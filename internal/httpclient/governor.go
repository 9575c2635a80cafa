package httpclient

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"
)

// GovernorOptions configures a Governor.
type GovernorOptions struct {
	Concurrency int     // the most requests under way; below 1 counts as 1
	Share       float64 // of the limit that the server's headers tell, above 0 to 1; anything else counts as 1
	Stats       *Stats  // told of waits; nil: nobody is
	// Patience is how long requests of a class wait while the server asks them to, without one usable answer meanwhile;
	// 0: that of DefaultRetry.
	Patience time.Duration
}

// ErrRetryAfterExceeded is given to a request that was not sent: the server has been asking to wait for longer than we are patient.
var ErrRetryAfterExceeded = errors.New("the server keeps asking to wait")

// Governor is a Limiter that adapts to the server, by what its answers tell.
//
// It lets up to Concurrency requests be under way, fewer after 429, 503, 504 and time-outs. Where headers tell a rate
// limit, it sends at an even pace that comes to its share of the limit, slower where others use the same limit up,
// and waits for the reset where nothing is left. A Retry-After holds all requests of the class that got it; where the
// server asks for ever, they are put off: each would else wait for the retries of those before it.
//
// Each class of requests has a pace of its own; classes that are told the same figures share one, as they may
// share the limit. A Governor has no goroutine of its own and is safe for concurrent use.
type Governor struct {
	share    float64
	stats    *Stats
	patience time.Duration

	mu         sync.Mutex // guards what follows
	congestion congestion
	underWay   int
	latest     int  // the number of the latest request sent
	known      bool // an answer has shown whether there is a rate limit
	limited    bool // there is one, of some class at least
	lanes      []*lane
}

// lane is what one class of requests has to itself.
type lane struct {
	class   string
	turn    chan struct{} // held by the first in the queue
	changed chan struct{} // wakes the first in the queue

	// guarded by the governor's lock:
	underWay  int
	known     bool // an answer has shown whether the class has a rate limit
	heldUntil time.Time
	heldSince time.Time // the first time of those that the server has asked for since its last usable answer; zero: there is none
	pace      *pace     // nil: no rate limit was told
}

// untilKnown is how many requests of a class may be under way while it may have a rate limit that is not known yet.
const untilKnown = 4

// NewGovernor gives a governor that knows nothing of the server yet: it starts at the full concurrency.
func NewGovernor(o GovernorOptions) *Governor {
	most := float64(max(o.Concurrency, 1))
	if !(o.Share > 0 && o.Share <= 1) {
		o.Share = 1
	}
	if o.Patience == 0 {
		o.Patience = DefaultRetry.Patience
	}
	return &Governor{share: o.Share, stats: o.Stats, patience: o.Patience, congestion: congestion{most: most, allowed: most}}
}

// Rate gives the requests a second that a class may send: the limit that the headers told times the share. It gives
// false where no answer has told a limit.
func (g *Governor) Rate(class string) (perSecond float64, known bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	pace := g.lane(class).pace
	if pace == nil {
		return 0, false
	}
	return pace.rate(), true
}

// Acquire waits for a turn, in the order in which requests of the same class come. The error is the cause of the end of
// ctx, or ErrRetryAfterExceeded.
func (g *Governor) Acquire(ctx context.Context, class string) (func(*http.Response, error), error) {
	g.mu.Lock()
	l := g.lane(class)
	g.mu.Unlock()
	select {
	case l.turn <- struct{}{}:
		defer func() { <-l.turn }()
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	for {
		request, until, err := g.admit(l, time.Now())
		if err != nil {
			return nil, err
		}
		if request > 0 {
			return func(resp *http.Response, err error) { g.settle(l, request, resp, err) }, nil
		}
		if err := g.wait(ctx, l, until); err != nil {
			return nil, err
		}
	}
}

// lane gives a class's lane. The caller holds the lock.
func (g *Governor) lane(class string) *lane {
	for _, l := range g.lanes {
		if l.class == class {
			return l
		}
	}
	l := &lane{class: class, turn: make(chan struct{}, 1), changed: make(chan struct{}, 1)}
	g.lanes = append(g.lanes, l)
	return l
}

// admit numbers a request that may be sent now. Else it gives 0 and the instant to ask again at, which is zero where
// only an answer can help, or ErrRetryAfterExceeded where it is not worth asking again.
func (g *Governor) admit(l *lane, now time.Time) (request int, until time.Time, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	ready, atPace := l.heldUntil, 0
	if l.pace != nil {
		atPace = g.underWayAt(l.pace)
		ready = later(ready, l.pace.readyAt(now, atPace))
	}
	if ready.After(now) {
		until, err = g.bounded(l, ready, now)
		return 0, until, err
	}
	switch {
	case g.underWay >= int(g.congestion.allowed),
		g.mayBeLimited(l) && l.underWay >= untilKnown,
		l.pace != nil && l.pace.asking:
		return 0, time.Time{}, nil
	}
	if l.pace != nil {
		l.pace.sent(now, atPace)
	}
	g.underWay++
	l.underWay++
	g.latest++
	return g.latest, time.Time{}, nil
}

// bounded gives the instant to wait for until a lane is ready: the end of our patience where that comes first, and
// ErrRetryAfterExceeded once it has come and the server goes on asking. The reset of a rate limit is waited for in any case.
func (g *Governor) bounded(l *lane, ready, now time.Time) (time.Time, error) {
	end := l.heldSince.Add(g.patience)
	switch {
	case l.heldSince.IsZero(), !l.heldUntil.After(now), ready.Before(end):
		return ready, nil
	case end.After(now):
		return end, nil
	}
	return time.Time{}, ErrRetryAfterExceeded
}

// mayBeLimited tells whether a class may have a rate limit that is not known yet.
func (g *Governor) mayBeLimited(l *lane) bool {
	return !l.known && (!g.known || g.limited)
}

// underWayAt counts the requests under way that share a pace.
func (g *Governor) underWayAt(pace *pace) int {
	count := 0
	for _, l := range g.lanes {
		if l.pace == pace {
			count += l.underWay
		}
	}
	return count
}

// wait ends at the instant, unless it is zero, or when something has changed.
func (g *Governor) wait(ctx context.Context, l *lane, until time.Time) error {
	var due <-chan time.Time
	if !until.IsZero() {
		timer := time.NewTimer(time.Until(until))
		defer timer.Stop()
		due = timer.C
		defer g.stats.limited(l.class, until)()
	}
	select {
	case <-due:
	case <-l.changed:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	return nil
}

// settle takes note of what came of a request.
func (g *Governor) settle(l *lane, request int, resp *http.Response, err error) {
	now, came := time.Now(), outcomeOf(resp, err)
	limit, hold := RateLimit{Remaining: -1, Reset: -1}, time.Duration(0)
	if resp != nil {
		limit = ParseRateLimit(resp.Header, now)
		hold = holdFor(resp, limit, now)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.underWay--
	l.underWay--
	g.congestion.settle(request, g.latest, came)
	l.hold(now, hold, came)
	if limit.Requests > 0 && limit.Period > 0 {
		g.limited = true
		g.follow(l, quota{limit.Requests, limit.Period}, now)
	}
	l.known = l.known || came == fine || l.pace != nil
	g.known = g.known || l.known
	if l.pace != nil {
		l.pace.told(request, limit, now)
	}
	g.wake()
}

// hold has the lane wait for as long as an answer asks for, and takes note of how long answers have been doing so. The
// caller holds the governor's lock.
func (l *lane) hold(now time.Time, asked time.Duration, came outcome) {
	l.heldUntil = later(l.heldUntil, now.Add(asked))
	switch {
	case came == fine:
		l.heldSince = time.Time{}
	case asked > 0 && l.heldSince.IsZero():
		l.heldSince = now
	}
}

// wake makes the first of each queue ask again.
func (g *Governor) wake() {
	for _, l := range g.lanes {
		select {
		case l.changed <- struct{}{}:
		default:
		}
	}
}

// follow sets the pace of a lane to a quota. What was sent before it was told is made up for.
func (g *Governor) follow(l *lane, q quota, now time.Time) {
	if l.pace != nil && l.pace.quota == q {
		return
	}
	former := l.pace
	if l.pace = g.paceFor(q); l.pace == nil {
		l.pace = &pace{quota: q, share: g.share, next: now}
	}
	if former == nil {
		l.pace.owe(l.underWay + 1)
		return
	}
	l.pace.next = later(l.pace.next, former.next)
	former.asking = false // its answer may be this one, and other classes may keep to it
}

// paceFor gives the pace for a quota that some class keeps to already, or nil.
func (g *Governor) paceFor(q quota) *pace {
	for _, l := range g.lanes {
		if l.pace != nil && l.pace.quota == q {
			return l.pace
		}
	}
	return nil
}

// holdFor is how long an answer asks all requests of its class to wait.
func holdFor(resp *http.Response, limit RateLimit, now time.Time) time.Duration {
	if asked, ok := retryAfter(resp, now); ok {
		return min(asked, longestHold)
	}
	exhausted := limit.Remaining == 0 && limit.Period == 0 // else the pace sees to it
	if resp.StatusCode == http.StatusTooManyRequests || exhausted {
		return min(max(limit.Reset, 0), longestHold)
	}
	return 0
}
