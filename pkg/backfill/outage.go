package backfill

import (
	"errors"
	"net/http"
	"sync"
)

// outage remembers that a service has stopped answering: after that, what is left is named as failed without asking
// again, so that a dead service is told within minutes and nothing goes unnamed. The zero value is ready; it is safe
// for concurrent use.
type outage struct {
	patience int // failures in a row that are taken for single ones

	mu    sync.Mutex
	inRow int
	down  error
}

// cause is why the service counts as down; nil while it does not.
func (o *outage) cause() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.down
}

// failed takes note of a request that failed after all its attempts.
func (o *outage) failed(err error) {
	if !unanswered(err) {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.inRow++; o.inRow > o.patience && o.down == nil {
		o.down = err
	}
}

// answered takes note that the service does answer.
func (o *outage) answered() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.inRow = 0
}

// unanswered tells a service that is down or overloaded from one that refuses.
func unanswered(err error) bool {
	var failure interface {
		error
		HTTPStatus() int
	}
	if !errors.As(err, &failure) {
		return false
	}
	status := failure.HTTPStatus()
	return status == 0 || status == http.StatusTooManyRequests || status >= http.StatusInternalServerError
}
