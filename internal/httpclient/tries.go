package httpclient

import "time"

// Tries is the account of a request's attempts and their time. A request that replaces another one, by asking for
// less, takes over its account, so that both together are bounded. The zero value is ready. It is not safe for
// concurrent use.
type Tries struct {
	// Hurry ends a request at once where a smaller one may succeed: after 502, 503 or 504 without Retry-After,
	// after a time-out, and if the answer is too long.
	Hurry bool
	// Settled reports whether an answer with an error status is not going to change. Such a request is retried Again
	// times, or as usual if the server sends Retry-After. Optional.
	Settled func(status int, body []byte) bool
	Again   int

	gaveUp     bool
	lastChance bool
	attempts   int
	spent      time.Duration // in attempts and back-offs
	took       time.Duration // the last attempt
}

// GaveUp reports whether the last request was given up because of Hurry.
func (t *Tries) GaveUp() bool { return t.gaveUp }

// LastChance reports, after GaveUp, whether there is time for one more request only, if it takes as long as the last.
func (t *Tries) LastChance() bool { return t.lastChance }

func (t *Tries) giveUp() {
	t.gaveUp, t.lastChance = true, t.left()-t.took <= longestWait
}

// attempted counts an attempt's time.
func (t *Tries) attempted(took time.Duration) {
	t.took = took
	t.spent += took
}

// left returns the rest of the time budget.
func (t *Tries) left() time.Duration { return timeBudget - t.spent }
