package port

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"github.com/codecov-port/codecov-port/internal/httpclient"
)

// Errors to match with errors.Is. Those that Port answered are the Err of an *APIError, which has the details.
var (
	// ErrInsecure: the address is http:// and remote, and would carry credentials in clear text.
	ErrInsecure = httpclient.ErrInsecure
	// ErrRetryAfterExceeded: the request was not sent, because the server has been asking to wait for too long.
	ErrRetryAfterExceeded = httpclient.ErrRetryAfterExceeded
	// ErrNotPort: the address is not that of Port's API: signing in was answered with 404, or a request with a redirect,
	// which is not followed.
	ErrNotPort = errors.New("no Port API at this address")
	// ErrUnauthorized: Port rejected the client id and secret, or each token that it issued for them.
	// Credentials of another region look the same.
	ErrUnauthorized = errors.New("Port rejected the credentials")
	// ErrForbidden: the credentials do not permit the request, or Port does not allow the caller's IP address.
	ErrForbidden = errors.New("forbidden")
	// ErrNotFound: there is no such blueprint, entity or webhook.
	ErrNotFound = errors.New("not found")
	// ErrExists: what was to be created exists.
	ErrExists = errors.New("already exists")
	// ErrTooLarge: the body is larger than Port's limit of 1 MiB.
	ErrTooLarge = errors.New("too large")
)

// APIError is a failed request: an error status, no answer, or an answer that cannot be used.
type APIError struct {
	Method    string
	URL       string // without credentials
	Status    int    // 0 without a usable answer
	Code      string // Port's name of the error
	Message   string // Port's text, one printable line
	RequestID string // the header X-Trace-Id, which Port's support asks for
	Attempts  int
	Err       error // the cause without an answer; with one, an error of this package or nil
}

// Error returns one line with request, status and message, without credentials.
func (e *APIError) Error() string { return (*httpclient.Failure)(e).Text("trace id") }

// Unwrap returns Err.
func (e *APIError) Unwrap() error { return e.Err }

// Retryable reports whether the same request may succeed later.
func (e *APIError) Retryable() bool { return (*httpclient.Failure)(e).Retryable() }

// IsPermissionError reports whether Port accepted the credentials but did not permit the request. It answers 403 then,
// or 401 for some paths. Rejected credentials are not a permission error.
func IsPermissionError(err error) bool {
	apiError := (*APIError)(nil)
	if !errors.As(err, &apiError) || strings.HasSuffix(apiError.URL, tokenPath) {
		return false
	}
	return errors.Is(err, ErrForbidden) || errors.Is(err, ErrUnauthorized)
}

var errorsByStatus = map[int]error{
	http.StatusUnauthorized:          ErrUnauthorized,
	http.StatusForbidden:             ErrForbidden,
	http.StatusNotFound:              ErrNotFound,
	http.StatusConflict:              ErrExists,
	http.StatusRequestEntityTooLarge: ErrTooLarge,
}

func newAPIError(failure *httpclient.Failure, response *httpclient.Response) *APIError {
	e := (*APIError)(failure)
	if response == nil {
		return e
	}
	e.RequestID = requestID(response)
	if e.Message != "" {
		e.Err = ErrNotPort // it is a redirect
		return e
	}
	var body struct {
		Error   string `json:"error"`
		Message string `json:"message"`
	}
	if json.Unmarshal(response.Body, &body) == nil {
		e.Code, e.Message = httpclient.Message(body.Error), httpclient.Message(body.Message)
	}
	e.Err = errorsByStatus[response.Status]
	return e
}

func requestID(response *httpclient.Response) string {
	return httpclient.Message(response.Header.Get("X-Trace-Id"))
}
