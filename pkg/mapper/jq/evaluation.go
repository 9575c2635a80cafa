package jq

import (
	"context"
	"time"
)

// Evaluation evaluates queries under one time limit, which they share: a limit for each would cost more than most
// queries. It is not safe for concurrent use.
type Evaluation struct {
	parent   context.Context
	timeout  time.Duration
	deadline context.Context // set when the first query needs the engine
	stop     context.CancelFunc
}

// NewEvaluation returns an evaluation whose queries are stopped after the timeout, or when ctx ends. Call Close when
// it is no longer needed.
func NewEvaluation(ctx context.Context, timeout time.Duration) *Evaluation {
	return &Evaluation{parent: ctx, timeout: timeout}
}

// Close releases the timer.
func (e *Evaluation) Close() {
	if e.deadline != nil {
		e.stop()
		e.deadline = nil
	}
}

// Value returns the first result of a query, and false if it has none or is nil. A query that fails or is stopped
// returns null, and so does one whose result cannot be sent (see normalize).
func (e *Evaluation) Value(q *Query, input map[string]any) (value any, ok bool) {
	switch {
	case q == nil:
		return nil, false
	case q.Path != nil:
		return normalize(follow(input, q.Path)), true
	}
	for range 2 { // once more with the whole limit: others may have used it up, or the machine was suspended
		if e.deadline == nil {
			e.deadline, e.stop = context.WithTimeout(e.parent, e.timeout)
		}
		value, ok := q.code.RunWithContext(e.deadline, input).Next()
		if _, failed := value.(error); !failed {
			return normalize(value), ok
		}
		if e.deadline.Err() == nil || e.parent.Err() != nil {
			break
		}
		e.Close()
	}
	return nil, true
}

// follow returns the value below the keys: null if one is missing or, where jq fails, if a value has no keys.
func follow(value any, keys []string) any {
	for _, key := range keys {
		object, _ := value.(map[string]any)
		value = object[key]
	}
	return value
}
