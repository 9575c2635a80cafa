package port

import (
	"encoding/json"
	"errors"
	"net/http"

	"github.com/codecov-port/codecov-port/internal/httpclient"
)

// ErrInsecure tells that the address is plain http to another host than this machine, and credentials would travel in clear text.
var ErrInsecure = httpclient.ErrInsecure

// ErrRetryAfterExceeded tells that a request was not sent, since the server kept asking to wait.
var ErrRetryAfterExceeded = httpclient.ErrRetryAfterExceeded

// What a caller branches on. Match with errors.Is; the details are in the *APIError.
var (
	// ErrUnauthorized: Port refuses the client id and secret, or every token that it hands out for them.
	// A right secret sent to the wrong region looks the same.
	ErrUnauthorized = errors.New("port refuses the credentials")
	// ErrForbidden: the credentials may not do this, or the address is not allowed.
	ErrForbidden = errors.New("forbidden")
	// ErrNotFound: there is no such blueprint, entity or webhook.
	ErrNotFound = errors.New("not found")
	// ErrExists: what was to be created is there already.
	ErrExists = errors.New("already exists")
	// ErrTooLarge: the body is over Port's 1 MiB.
	ErrTooLarge = errors.New("too large")
)

// APIError is a request that Port did not answer as asked: an error status, or no answer at all.
// Its fields tell method, address, status, code, message, trace id and attempts; Retryable tells whether it
// may pass.
type APIError struct {
	httpclient.Failure
	kind error
}

// Is makes errors.Is match the sentinel errors of this package.
func (e *APIError) Is(target error) bool { return e.kind != nil && target == e.kind }

var kinds = map[int]error{
	http.StatusUnauthorized:          ErrUnauthorized,
	http.StatusForbidden:             ErrForbidden,
	http.StatusNotFound:              ErrNotFound,
	http.StatusConflict:              ErrExists,
	http.StatusRequestEntityTooLarge: ErrTooLarge,
}

func newAPIError(failure *httpclient.Failure, response *httpclient.Response) *APIError {
	apiError := &APIError{Failure: *failure}
	if response == nil {
		return apiError
	}
	var body struct {
		Error   string `json:"error"`
		Message string `json:"message"`
	}
	if json.Unmarshal(response.Body, &body) == nil {
		apiError.Code, apiError.Message = httpclient.Message(body.Error), httpclient.Message(body.Message)
	}
	apiError.RequestID = traceID(response)
	apiError.kind = kinds[response.Status]
	return apiError
}

// newTokenError: the contract lets Port answer unknown credentials with 404 as well as with 401.
func newTokenError(failure *httpclient.Failure, response *httpclient.Response) *APIError {
	apiError := newAPIError(failure, response)
	if apiError.Status == http.StatusNotFound {
		apiError.kind = ErrUnauthorized
	}
	return apiError
}

func traceID(response *httpclient.Response) string {
	return httpclient.Message(response.Header.Get("X-Trace-Id"))
}
