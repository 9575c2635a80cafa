package httpclient

import (
	"context"
	"encoding/json"
	"net/url"
	"time"
)

// Tries is the account of one request's attempts. A request that replaces another one, by asking for less, may
// take over its account: their attempts and their time then count together. One request's attempts follow each
// other, so it needs no lock: it is not safe for concurrent use. The zero value is ready.
type Tries struct {
	// Hurry gives the request up at once where a smaller one might succeed: after a 502, 503 or 504 without a
	// Retry-After, after a time-out, and when the answer is too long.
	Hurry bool
	// Settled tells of an answer with an error status that it will hardly change: it is asked for again Again times and
	// no more, unless the server says when. nil: the policy alone decides.
	Settled func(status int, body []byte) bool
	Again   int

	method  string
	address *url.URL

	settled   int  // answers that were Settled
	gaveUp    bool // because of Hurry
	last      bool // there is time for one more attempt, if it takes as long as the one before
	valid     func(body []byte) bool
	body      []byte // of the last answer
	attempts  int
	budget    time.Duration // for spent
	spent     time.Duration // in attempts and in back-offs of our own choice
	took      time.Duration // the last attempt
	checkedAt time.Time
	asked     bool      // the server asked for the wait that follows
	askedAt   time.Time // for the first time; zero: it has not
}

type triesKey struct{}

func withTries(ctx context.Context, t *Tries) context.Context {
	return context.WithValue(ctx, triesKey{}, t)
}

// triesOf gives the account of the request that ctx belongs to.
func triesOf(ctx context.Context) *Tries {
	if t, ok := ctx.Value(triesKey{}).(*Tries); ok {
		return t
	}
	return &Tries{budget: DefaultRetry.Budget, valid: json.Valid}
}

// begin readies the account for a request, and keeps what was spent on the one that it replaces.
func (t *Tries) begin(budget time.Duration, valid func([]byte) bool) {
	t.budget, t.valid, t.gaveUp, t.last, t.settled = budget, valid, false, false, 0
	if valid == nil {
		t.valid = json.Valid
	}
}

// GaveUp tells whether the last request was given up because of Hurry, with time left for a smaller one.
func (t *Tries) GaveUp() bool { return t.gaveUp }

// LastChance tells, after GaveUp, that there is no time for more than one request, should it take as long as the last.
func (t *Tries) LastChance() bool { return t.last }

// attempted adds an attempt to the account.
func (t *Tries) attempted(took time.Duration) {
	t.took = took
	t.spent += took
}

// giveUp ends the request with as much of the budget left as a next attempt needs.
func (t *Tries) giveUp(needed time.Duration) {
	t.gaveUp, t.last = true, t.left()-t.took <= needed
}

// isSettled tells whether an answer is one that is not asked for once more.
func (t *Tries) isSettled(status int) bool {
	if t.Settled == nil || !t.Settled(status, t.body) {
		return false
	}
	t.settled++
	return t.settled > t.Again
}

// left is what remains of the budget.
func (t *Tries) left() time.Duration { return t.budget - t.spent }

func (t *Tries) checked(asked bool) {
	t.checkedAt, t.asked = time.Now(), asked
	if asked && t.askedAt.IsZero() {
		t.askedAt = t.checkedAt
	}
}

// askedFor is how long the server has been asking to wait.
func (t *Tries) askedFor() time.Duration {
	if t.askedAt.IsZero() {
		return 0
	}
	return time.Since(t.askedAt)
}

// waited closes the account of a wait and gives its length.
func (t *Tries) waited() time.Duration {
	wait := time.Since(t.checkedAt)
	if !t.asked {
		t.spent += wait
	}
	return wait
}
