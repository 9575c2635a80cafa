package httpclient

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"time"
)

// ErrRetryAfterExceeded is the cause of a request that was not sent: the server has been asking to wait for longer than
// seven minutes.
var ErrRetryAfterExceeded = errors.New("the server keeps asking to wait")

// limited sends each attempt when the limiter permits it.
type limited struct {
	next    http.RoundTripper
	limiter *limiter
	class   string
}

func (l *limited) RoundTrip(req *http.Request) (*http.Response, error) {
	release, err := l.limiter.acquire(req.Context(), l.class)
	if err != nil {
		return nil, err
	}
	resp, err := l.next.RoundTrip(req)
	release(resp, err)
	return resp, err
}

// limiter decides when a request may be sent, by what the server's answers show.
//
// It bounds the requests under way, see concurrency. Requests keep to a budget if headers show a rate limit. A
// Retry-After holds all requests of its class; if the server keeps asking to wait, they fail with
// ErrRetryAfterExceeded, since each would wait for the retries of those before it. Until the first answer of a class,
// one request is under way. Classes with the same limit and period share a budget, since they may share the limit.
//
// It has no goroutine of its own and is safe for concurrent use.
type limiter struct {
	share float64
	stats *stats
	log   *slog.Logger

	mu          sync.Mutex // guards what follows
	concurrency concurrency
	underWay    int
	latest      int           // number of the latest request sent
	changed     chan struct{} // closed at the next answer
	classes     map[string]*class
	budgets     map[limit]*budget // one for each limit that has been shown
}

// limit is a rate limit: requests in each period.
type limit struct {
	requests int
	period   time.Duration
}

// class is what the limiter knows of one class of requests.
type class struct {
	name string
	turn chan struct{} // held by the first in the queue

	// guarded by the limiter's lock:
	underWay    int
	known       bool    // an answer has shown whether there is a rate limit, or did not come
	budget      *budget // nil without a rate limit
	heldUntil   time.Time
	heldSince   time.Time // when the server first asked to wait since its last good answer; zero if it has not
	waitsUntil  time.Time // of the first in the queue; zero if it does not wait for a point in time
	loggedUntil time.Time // end of the latest wait that was logged
}

// newLimiter returns a limiter that starts with the full concurrency.
func newLimiter(maximum int, share float64, stats *stats, log *slog.Logger) *limiter {
	if !(share > 0 && share <= 1) {
		share = 1
	}
	allowed := float64(max(maximum, 1))
	return &limiter{
		share: share, stats: stats, log: log,
		concurrency: concurrency{max: allowed, allowed: allowed}, changed: make(chan struct{}),
		classes: make(map[string]*class), budgets: make(map[limit]*budget),
	}
}

// acquire waits until a request may be sent, in the order of the calls for a class. The caller must call release once
// with the outcome. The error is the cause of the end of ctx, or ErrRetryAfterExceeded.
func (l *limiter) acquire(ctx context.Context, name string) (release func(*http.Response, error), err error) {
	l.mu.Lock()
	c := l.class(name)
	l.mu.Unlock()
	select {
	case c.turn <- struct{}{}:
		defer func() { <-c.turn }()
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	for {
		request, until, changed, err := l.admit(c, time.Now())
		if err != nil {
			return nil, err
		}
		if request > 0 {
			return func(resp *http.Response, err error) { l.release(c, request, resp, err) }, nil
		}
		if err := l.wait(ctx, c, until, changed); err != nil {
			return nil, err
		}
	}
}

// class returns what is known of a class. The caller holds the lock.
func (l *limiter) class(name string) *class {
	if l.classes[name] == nil {
		l.classes[name] = &class{name: name, turn: make(chan struct{}, 1)}
	}
	return l.classes[name]
}

// admit returns the number of a request that may be sent now. Otherwise it returns 0 and when to try again: at a point
// in time, unless that is zero, and when changed is closed.
func (l *limiter) admit(c *class, now time.Time) (request int, until time.Time, changed <-chan struct{}, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if c.heldUntil.After(now) {
		until, err = c.holdEnd(now)
		return 0, until, l.changed, err
	}
	if l.underWay >= int(l.concurrency.allowed) || !c.known && c.underWay > 0 {
		return 0, time.Time{}, l.changed, nil
	}
	if b := c.budget; b != nil {
		switch b.next(l.underWayWith(b), now) {
		case waitForAnswer:
			return 0, time.Time{}, l.changed, nil
		case waitForReset:
			return 0, b.end, l.changed, nil
		case ask:
			b.asking = l.latest + 1
		}
		b.used++
	}
	l.underWay++
	c.underWay++
	l.latest++
	return l.latest, time.Time{}, nil, nil
}

// holdEnd returns the end of a wait that the server asked for, or of our patience if that comes first.
func (c *class) holdEnd(now time.Time) (time.Time, error) {
	end := c.heldSince.Add(patience)
	switch {
	case c.heldSince.IsZero(), c.heldUntil.Before(end):
		return c.heldUntil, nil
	case end.After(now):
		return end, nil
	}
	return time.Time{}, ErrRetryAfterExceeded
}

// wait returns at a point in time, unless that is zero, or when changed is closed.
func (l *limiter) wait(ctx context.Context, c *class, until time.Time, changed <-chan struct{}) error {
	var due <-chan time.Time
	if !until.IsZero() {
		started := time.Now()
		timer := time.NewTimer(until.Sub(started))
		defer timer.Stop()
		due = timer.C
		l.waiting(c, started, until)
		defer func() {
			l.stats.waited.Add(int64(time.Since(started)))
			l.waiting(c, time.Time{}, time.Time{})
		}()
	}
	select {
	case <-due:
	case <-changed:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	return nil
}

// waiting records the end of a wait, or with zero times that it is over. It logs waits of at least a second, each once.
func (l *limiter) waiting(c *class, now, until time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	c.waitsUntil = until
	if until.Sub(now) < time.Second || until.Sub(c.loggedUntil) < time.Second {
		return
	}
	c.loggedUntil = until
	attributes := []any{"wait", until.Sub(now).Round(time.Second / 10)}
	if c.name != "" {
		attributes = append(attributes, "class", c.name)
	}
	l.log.Info("waiting for the rate limit", attributes...)
}

// waitsUntil returns the end of the longest present wait, zero if there is none.
func (l *limiter) waitsUntil() time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	var last time.Time
	for _, c := range l.classes {
		last = later(last, c.waitsUntil)
	}
	return last
}

// release adapts to the outcome of a request.
func (l *limiter) release(c *class, request int, resp *http.Response, err error) {
	now, outcome := time.Now(), outcomeOf(resp, err)
	shown, hold := rateLimit{remaining: -1, reset: -1}, time.Duration(0)
	if resp != nil {
		shown = parseRateLimit(resp.Header, now)
		hold = holdFor(resp, shown, now)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.underWay--
	c.underWay--
	l.concurrency.answered(request, l.latest, outcome)
	c.hold(now, hold, outcome)
	l.assign(c, request, shown)
	c.known = c.known || outcome == good || resp == nil || c.budget != nil
	if c.budget != nil {
		c.budget.answered(request, shown, l.underWayWith(c.budget), now)
	}
	close(l.changed)
	l.changed = make(chan struct{})
}

// hold delays the class as long as an answer asks for.
func (c *class) hold(now time.Time, asked time.Duration, o outcome) {
	c.heldUntil = later(c.heldUntil, now.Add(asked))
	switch {
	case o == good:
		c.heldSince = time.Time{}
	case asked > 0 && c.heldSince.IsZero():
		c.heldSince = now
	}
}

// assign sets the budget of the class to that of the limit that an answer shows.
func (l *limiter) assign(c *class, request int, shown rateLimit) {
	former := c.budget
	if shown.requests == 0 || shown.period == 0 {
		return
	}
	key := limit{shown.requests, shown.period}
	if l.budgets[key] == nil {
		l.budgets[key] = &budget{limit: shown.requests, period: shown.period, share: l.share}
	}
	c.budget = l.budgets[key]
	if former != nil && former != c.budget && former.asking == request {
		former.asking = 0 // other classes may wait for this answer
	}
}

// underWayWith returns the number of requests under way that share a budget.
func (l *limiter) underWayWith(b *budget) int {
	count := 0
	for _, c := range l.classes {
		if c.budget == b {
			count += c.underWay
		}
	}
	return count
}

func (l *limiter) estimateWait(name string, requests int, now time.Time) (time.Duration, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	c := l.class(name)
	if c.budget == nil {
		return 0, false
	}
	return c.budget.estimateWait(requests, l.underWayWith(c.budget), now), true
}

// holdFor returns how long an answer asks all requests of its class to wait.
func holdFor(resp *http.Response, shown rateLimit, now time.Time) time.Duration {
	if asked, ok := retryAfter(resp, now); ok {
		return min(asked, maxRetryAfter)
	}
	exhausted := shown.remaining == 0 && shown.period == 0 // with a period, the budget waits
	if resp.StatusCode == http.StatusTooManyRequests || exhausted {
		return min(max(shown.reset, 0), maxRetryAfter)
	}
	return 0
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
