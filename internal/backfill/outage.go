package backfill

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"

	"github.com/codecov-port/codecov-port/pkg/codecov"
	"github.com/codecov-port/codecov-port/pkg/port"
)

// outage remembers that a service has stopped answering: after that, what is left is named as failed without asking
// again, so that a dead service is told within minutes and nothing goes unnamed. It is safe for concurrent use.
type outage struct {
	single   []int         // statuses that may be of one request alone, by what it asks for; 0 is no answer
	patience int           // how many of those in a row are taken for such
	begun    chan struct{} // closed once the service counts as down

	mu    sync.Mutex
	inRow int
	down  error
}

// slow are the statuses of a repository that is too much for Codecov or the git provider.
var slow = []int{0, http.StatusInternalServerError, http.StatusBadGateway, http.StatusGatewayTimeout}

// errDown ends the requests that are still under way, or wait for their turn, when a service counts as down.
var errDown = errors.New("the service has stopped answering")

func newOutage(patience int, single ...int) *outage {
	return &outage{patience: patience, single: single, begun: make(chan struct{})}
}

// whileUp gives a context that ends once the service counts as down, and the function that ends it and its watch.
func (o *outage) whileUp(ctx context.Context) (context.Context, func()) {
	return endingWith(ctx, o.begun, errDown)
}

// cause is why the service counts as down; nil while it does not. It tells of the request that showed it, which is
// another than those that are not made for it.
func (o *outage) cause() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.down
}

// failed takes note of a request that failed after all its attempts.
func (o *outage) failed(err error) {
	status, ok := unanswered(err)
	if !ok {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.inRow++; o.inRow > o.patience || !slices.Contains(o.single, status) {
		o.begin(fmt.Errorf("%w: %w", errDown, err))
	}
}

// refused takes note that the service refuses the credentials, which no further request can change.
func (o *outage) refused(err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.begin(err)
}

// begin needs the lock.
func (o *outage) begin(err error) {
	if o.down == nil {
		o.down = err
		close(o.begun)
	}
}

// answered takes note that the service does answer.
func (o *outage) answered() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.inRow = 0
}

// unanswered tells a service that is down or overloaded from one that refuses, and gives the status of its answer: that
// of being asked to wait also where the request was put off for it.
func unanswered(err error) (status int, ok bool) {
	if errors.Is(err, codecov.ErrRetryAfterExceeded) || errors.Is(err, port.ErrRetryAfterExceeded) {
		return http.StatusTooManyRequests, true
	}
	if status, ok = answerStatus(err); !ok {
		return 0, false
	}
	return status, status == 0 || status == http.StatusTooManyRequests || status >= http.StatusInternalServerError
}

// answerStatus returns the status of the answer that err is about, 0 without an answer, and false if err is no *APIError.
func answerStatus(err error) (status int, ok bool) {
	var (
		codecovError *codecov.APIError
		portError    *port.APIError
	)
	switch {
	case errors.As(err, &codecovError):
		return codecovError.Status, true
	case errors.As(err, &portError):
		return portError.Status, true
	}
	return 0, false
}
