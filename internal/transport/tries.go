package transport

import (
	"context"
	"time"
)

// tries is the account of one request's attempts. One request's attempts follow each other, so it needs no lock.
type tries struct {
	attempts  int
	budget    time.Duration // for spent
	spent     time.Duration // in attempts and in back-offs of our own choice
	checkedAt time.Time
	asked     bool // the server asked for the wait that follows
}

type triesKey struct{}

func withTries(ctx context.Context, t *tries) context.Context {
	return context.WithValue(ctx, triesKey{}, t)
}

// triesOf gives the account of the request that ctx belongs to.
func triesOf(ctx context.Context) *tries {
	if t, ok := ctx.Value(triesKey{}).(*tries); ok {
		return t
	}
	return &tries{budget: DefaultRetry.Budget}
}

// left is what remains of the budget.
func (t *tries) left() time.Duration { return t.budget - t.spent }

func (t *tries) checked(asked bool) {
	t.checkedAt, t.asked = time.Now(), asked
}

// waited closes the account of a wait and gives its length.
func (t *tries) waited() time.Duration {
	wait := time.Since(t.checkedAt)
	if !t.asked {
		t.spent += wait
	}
	return wait
}
