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

	GaveUp     bool // set by Client.Do: the request was given up because of Hurry
	LastChance bool // set with GaveUp: there is time for one more request only, if it takes as long as the last

	attempts int
	spent    time.Duration // in attempts and back-offs
	took     time.Duration // the last attempt
}

// left returns the rest of the time budget.
func (t *Tries) left() time.Duration { return timeBudget - t.spent }
