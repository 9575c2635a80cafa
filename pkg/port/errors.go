package port

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/codecov-port/codecov-port/internal/httpclient"
)

// Errors to match with errors.Is. Those that Port answered are the Err of an *APIError, which has the details.
var (
	// ErrInsecure: the address is http:// and remote, and would carry credentials in clear text.
	ErrInsecure = httpclient.ErrInsecure
	// ErrRetryAfterExceeded: the request was not sent, because Port has been asking to wait for too long.
	ErrRetryAfterExceeded = httpclient.ErrRetryAfterExceeded
	// ErrUnauthorized: Port rejected the client id and secret, or every token that it issued for them. A valid secret sent to the
	// wrong region is rejected, too.
	ErrUnauthorized = errors.New("Port rejected the credentials")
	// ErrForbidden: the credentials are not allowed to do this, or the address does not exist.
	ErrForbidden = errors.New("forbidden")
	// ErrNotFound: the blueprint, entity or webhook does not exist.
	ErrNotFound = errors.New("not found")
	// ErrExists: the object exists already.
	ErrExists = errors.New("already exists")
	// ErrTooLarge: the body is larger than 1 MiB, Port's limit.
	ErrTooLarge = errors.New("too large")
)

// APIError is a failed request: an error status, no answer, or an answer that cannot be decoded.
type APIError struct {
	Method    string
	URL       string // without credentials
	Status    int    // 0 without a usable answer
	Code      string // Port's name of the error: "invalid_request"
	Message   string // Port's explanation, one printable line
	RequestID string // Port's trace id, for its support
	Attempts  int
	Err       error // the cause without an answer; with one, an error of this package or nil

	retryable bool
}

// Error returns one line with request, status, code and message, without credentials.
func (e *APIError) Error() string {
	var text strings.Builder
	fmt.Fprintf(&text, "%s %s: ", e.Method, e.URL)
	if e.Status == 0 {
		fmt.Fprint(&text, e.Err)
	} else {
		fmt.Fprintf(&text, "%d %s", e.Status, http.StatusText(e.Status))
	}
	for _, detail := range []string{e.Code, e.Message} {
		if detail != "" {
			text.WriteString(": " + detail)
		}
	}
	var notes []string
	if e.Attempts > 1 {
		notes = append(notes, fmt.Sprintf("%d attempts", e.Attempts))
	}
	if e.RequestID != "" {
		notes = append(notes, "trace id "+e.RequestID)
	}
	if len(notes) > 0 {
		fmt.Fprintf(&text, " (%s)", strings.Join(notes, ", "))
	}
	return text.String()
}

// Unwrap returns Err.
func (e *APIError) Unwrap() error { return e.Err }

// Retryable reports whether the same request may succeed later.
func (e *APIError) Retryable() bool { return e.retryable }

// IsPermissionError reports whether Port accepted the credentials but does not let them do what was requested. It answers 403
// then or, at some addresses, 401.
func IsPermissionError(err error) bool {
	apiError := (*APIError)(nil)
	if !errors.As(err, &apiError) || strings.HasSuffix(apiError.URL, tokenPath) {
		return false
	}
	return errors.Is(err, ErrForbidden) || errors.Is(err, ErrUnauthorized)
}

var sentinels = map[int]error{
	http.StatusUnauthorized:          ErrUnauthorized,
	http.StatusForbidden:             ErrForbidden,
	http.StatusNotFound:              ErrNotFound,
	http.StatusConflict:              ErrExists,
	http.StatusRequestEntityTooLarge: ErrTooLarge,
}

func newAPIError(failure *httpclient.Failure, response *httpclient.Response) *APIError {
	e := &APIError{
		Method:    failure.Method,
		URL:       failure.Address,
		Status:    failure.Status,
		Attempts:  failure.Attempts,
		Err:       failure.Err,
		retryable: failure.Retryable(),
	}
	if response == nil {
		return e
	}
	var body struct {
		Error   string `json:"error"`
		Message string `json:"message"`
	}
	if json.Unmarshal(response.Body, &body) == nil {
		e.Code, e.Message = httpclient.Message(body.Error), httpclient.Message(body.Message)
	}
	e.RequestID = traceID(response)
	e.Err = sentinels[response.Status]
	return e
}

// newTokenError is the error of a request for a token: the contract lets Port answer unknown credentials with 404, too.
func newTokenError(failure *httpclient.Failure, response *httpclient.Response) *APIError {
	e := newAPIError(failure, response)
	if e.Status == http.StatusNotFound {
		e.Err = ErrUnauthorized
	}
	return e
}

func traceID(response *httpclient.Response) string {
	return httpclient.Message(response.Header.Get("X-Trace-Id"))
}
