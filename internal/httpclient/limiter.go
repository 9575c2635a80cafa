package httpclient

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"time"
)

// ErrRetryAfterExceeded is the cause of a request that was not sent: the server has been asking to wait for longer than
// seven minutes.
var ErrRetryAfterExceeded = errors.New("the server keeps asking to wait")

// limiter decides when a request may be sent, by what the server's answers show.
//
// It bounds the requests under way: one more is allowed after each full round of good answers, half as many when the
// server is overloaded. Requests keep to a budget if headers show a rate limit. A Retry-After holds all requests of its
// class; if the server keeps asking to wait, they fail with ErrRetryAfterExceeded, since each would wait for the retries
// of those before it. Classes with the same limit and period share a budget, since they may share the limit.
//
// It has no goroutine of its own and is safe for concurrent use.
type limiter struct {
	max   float64 // requests under way
	share float64
	stats *stats
	log   *slog.Logger

	mu       sync.Mutex // guards what follows
	allowed  float64    // requests under way
	underWay int
	latest   int           // number of the latest request; requests are numbered as sent
	cutAt    int           // the latest request when allowed was halved: outcomes up to it are old news
	changed  chan struct{} // closed at the next answer
	classes  map[string]*class
	budgets  map[limit]*budget // one for each limit that has been shown
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
	underWay   int
	budget     *budget
	heldUntil  time.Time
	givenUpAt  time.Time // when requests fail while the class is held; zero after a good answer
	waitsUntil time.Time // end of the latest wait of the first in the queue
}

// newLimiter returns a limiter that starts with the full concurrency.
func newLimiter(maximum int, share float64, stats *stats, log *slog.Logger) *limiter {
	if maximum <= 0 {
		maximum = 64
	}
	return &limiter{
		max: float64(maximum), allowed: float64(maximum), share: cmp.Or(share, 1), stats: stats, log: log, changed: make(chan struct{}),
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
		started := time.Now()
		request, until, changed, err := l.admit(c, started)
		switch {
		case err != nil:
			return nil, err
		case request > 0:
			return func(resp *http.Response, err error) { l.release(c, request, resp, err) }, nil
		}
		var due <-chan time.Time
		if !until.IsZero() {
			due = time.After(until.Sub(started))
		}
		select {
		case <-due:
		case <-changed:
		case <-ctx.Done():
			err = context.Cause(ctx)
		}
		if due != nil {
			l.stats.waited.Add(int64(time.Since(started)))
		}
		if err != nil {
			return nil, err
		}
	}
}

// limited is the layer that sends a request when the limiter permits it.
type limited struct {
	next    http.RoundTripper
	limiter *limiter
	class   string
}

func (l limited) RoundTrip(req *http.Request) (*http.Response, error) {
	release, err := l.limiter.acquire(req.Context(), l.class)
	if err != nil {
		return nil, err
	}
	resp, err := l.next.RoundTrip(req)
	release(resp, err)
	return resp, err
}

// class returns what is known of a class. The caller holds the lock.
func (l *limiter) class(name string) *class {
	if l.classes[name] == nil {
		l.classes[name] = &class{name: name, turn: make(chan struct{}, 1), budget: new(budget)}
	}
	return l.classes[name]
}

// admit returns the number of a request that may be sent now. Otherwise it returns 0 and when to try again: at a point
// in time, unless that is zero, and when changed is closed.
func (l *limiter) admit(c *class, now time.Time) (request int, until time.Time, changed <-chan struct{}, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case c.heldUntil.After(now):
		until = c.heldUntil
		if end := c.givenUpAt; !end.IsZero() && end.Before(until) {
			until = end
		}
		if !until.After(now) {
			return 0, until, nil, ErrRetryAfterExceeded
		}
	case l.underWay < int(l.allowed):
		var admitted bool
		if until, admitted = c.budget.admit(l.latest+1, now); admitted {
			l.underWay++
			c.underWay++
			l.latest++
			return l.latest, time.Time{}, nil, nil
		}
	}
	if until.Sub(now) >= time.Second && until.Sub(c.waitsUntil) >= time.Second {
		attributes := []any{"wait", until.Sub(now).Round(time.Second / 10)}
		if c.name != "" {
			attributes = append(attributes, "class", c.name)
		}
		l.log.Info("waiting for the rate limit", attributes...)
	}
	if !until.IsZero() {
		c.waitsUntil = until
	}
	return 0, until, l.changed, nil
}

// waitsUntil returns the end of the longest present wait, zero if there is none.
func (l *limiter) waitsUntil(now time.Time) (end time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range l.classes {
		if c.waitsUntil.After(now) && c.waitsUntil.After(end) {
			end = c.waitsUntil
		}
	}
	return end
}

// release adapts to the outcome of a request.
func (l *limiter) release(c *class, request int, resp *http.Response, err error) {
	now, shown, asked := time.Now(), rateLimit{remaining: -1, reset: -1}, time.Duration(0)
	if resp != nil {
		shown = parseRateLimit(resp.Header, now)
		asked = holdFor(resp, shown, now)
	}
	overloaded := err != nil && isTimeout(err) || err == nil && slices.Contains(overloadStatuses, resp.StatusCode)
	good := err == nil && !overloaded && resp.StatusCode < http.StatusInternalServerError
	l.mu.Lock()
	defer l.mu.Unlock()
	l.underWay--
	c.underWay--
	c.budget.underWay--
	switch {
	case request <= l.cutAt:
	case good:
		l.allowed = min(l.max, l.allowed+1/l.allowed)
	case overloaded:
		l.allowed, l.cutAt = max(1, l.allowed/2), l.latest
	}
	if until := now.Add(asked); until.After(c.heldUntil) {
		c.heldUntil = until
	}
	switch {
	case good:
		c.givenUpAt = time.Time{}
	case asked > 0 && c.givenUpAt.IsZero():
		c.givenUpAt = now.Add(patience)
	}
	l.assign(c, request, shown)
	c.budget.answered(request, shown, good || err != nil, now)
	close(l.changed)
	l.changed = make(chan struct{})
}

// overloadStatuses are those of a server that is overloaded. A 500 may have another reason.
var overloadStatuses = []int{http.StatusTooManyRequests, http.StatusServiceUnavailable, http.StatusGatewayTimeout}

// assign sets the budget of the class, with its requests under way, to that of the limit that an answer shows.
func (l *limiter) assign(c *class, request int, shown rateLimit) {
	key, former := limit{shown.requests, shown.period}, c.budget
	if key.requests == 0 || key.period == 0 || key == former.limit {
		return
	}
	if l.budgets[key] == nil {
		l.budgets[key] = &budget{limit: key, share: l.share}
	}
	c.budget = l.budgets[key]
	c.budget.underWay += c.underWay
	former.underWay -= c.underWay
	if former.asking == request {
		former.asking = 0 // other classes may wait for this answer
	}
}

// holdFor returns how long an answer asks all requests of its class to wait.
func holdFor(resp *http.Response, shown rateLimit, now time.Time) time.Duration {
	asked, ok := retryAfter(resp, now)
	exhausted := shown.remaining == 0 && shown.period == 0 // with a period, the budget waits
	if !ok && (exhausted || resp.StatusCode == http.StatusTooManyRequests) {
		return min(max(shown.reset, 0), maxRetryAfter)
	}
	return asked
}
