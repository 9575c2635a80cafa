package jq

import (
	"context"
	"time"
)

// Evaluation evaluates queries under one time limit, which they share: a limit for each would cost more than most
// queries. It is not safe for concurrent use.
type Evaluation struct {
	parent  context.Context
	timeout time.Duration

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
	if e.stop != nil {
		e.stop()
	}
}

// Value returns the first result of a query, and false if it has none. A query that fails or is stopped returns null,
// and so does one whose result cannot be sent (see normalize).
func (e *Evaluation) Value(q *Query, input map[string]any) (value any, ok bool) {
	if q.keys != nil {
		return normalize(follow(input, q.keys)), true
	}
	shared := e.deadline != nil
	value, ok, stopped := e.attempt(q, input)
	if stopped && shared { // the queries before it may have used the time up
		value, ok, _ = e.attempt(q, input)
	}
	return value, ok
}

func (e *Evaluation) attempt(q *Query, input map[string]any) (value any, ok, stopped bool) {
	if e.deadline == nil {
		e.restart()
	}
	value, ok = q.code.RunWithContext(e.deadline, input).Next()
	if !ok {
		return nil, false, false
	}
	if _, failed := value.(error); !failed {
		return normalize(value), true, false
	}
	if e.deadline.Err() == nil || e.parent.Err() != nil {
		return nil, true, false
	}
	e.restart()
	return nil, true, true
}

func (e *Evaluation) restart() {
	e.Close()
	e.deadline, e.stop = context.WithTimeout(e.parent, e.timeout)
}

// follow returns the value below the keys: null if one is missing or, where jq fails, if a value has no keys.
func follow(value any, keys []string) any {
	for _, key := range keys {
		object, ok := value.(map[string]any)
		if !ok {
			return nil
		}
		value = object[key]
	}
	return value
}
