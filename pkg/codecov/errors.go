package codecov

import (
	"cmp"
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"github.com/codecov-port/codecov-port/internal/httpclient"
)

// Errors to match with errors.Is. Those that Codecov answered are the Err of an *APIError, which has the details.
var (
	// ErrInsecure: the address is http:// and remote, and would carry credentials in clear text.
	ErrInsecure = httpclient.ErrInsecure
	// ErrRetryAfterExceeded: the request was not sent, because the server has been asking to wait for too long.
	ErrRetryAfterExceeded = httpclient.ErrRetryAfterExceeded
	// ErrUnauthorized: Codecov rejected the token. Only a user API token works.
	ErrUnauthorized = errors.New("token rejected by Codecov")
	// ErrProviderRefused: the git provider rejected the user's login at Codecov (401) or limits its rate (403).
	// The token is valid, and other repositories may work.
	ErrProviderRefused = errors.New("refused by the git provider")
	// ErrOutage: every page of a list fails. Codecov is down, or, for a private repository, the git provider.
	ErrOutage = errors.New("outage of Codecov or the git provider")
	// ErrOwnerNotFound: the service has no such owner.
	ErrOwnerNotFound = errors.New("owner not found")
	// ErrNotFound: the repository does not exist, or the token's user has no access to it.
	ErrNotFound = errors.New("not found")
	// ErrForbidden: the token's user must not read this, for example without an activated seat.
	ErrForbidden = errors.New("forbidden")
)

// APIError is a failed request: an error status, no answer, or an answer that cannot be decoded. Codecov's errors have
// no codes.
type APIError struct {
	Method    string
	URL       string // without credentials
	Status    int    // 0 without a usable answer
	Message   string // the text of the answer, one printable line
	RequestID string // the header X-Request-Id, if the server sent one
	Attempts  int
	Err       error // the cause without an answer; with one, an error of this package or nil

	retryable bool
}

// Error returns one line with request, status and message, without credentials.
func (e *APIError) Error() string {
	failure := httpclient.Failure{
		Method: e.Method, Address: e.URL, Status: e.Status, Message: e.Message,
		RequestID: httpclient.RequestID("request id", e.RequestID), Attempts: e.Attempts, Err: e.Err,
	}
	return failure.Error()
}

// Unwrap returns Err.
func (e *APIError) Unwrap() error { return e.Err }

// Retryable reports whether the same request may succeed later.
func (e *APIError) Retryable() bool { return e.retryable }

func newAPIError(failure *httpclient.Failure, response *httpclient.Response) *APIError {
	e := &APIError{
		Method:    failure.Method,
		URL:       failure.Address,
		Status:    failure.Status,
		Attempts:  failure.Attempts,
		Err:       failure.Err,
		retryable: failure.Retryable(),
	}
	if response != nil {
		e.Message = message(response)
		e.RequestID = httpclient.Message(response.Header.Get("X-Request-Id"))
		e.Err = sentinel(response, e.Message)
	}
	return e
}

// isAnswer reports whether err is an answer of that status and message.
func isAnswer(err error, status int, message string) bool {
	apiError := (*APIError)(nil)
	return errors.As(err, &apiError) && apiError.Status == status && apiError.Message == message
}

func sentinel(response *httpclient.Response, message string) error {
	switch response.Status {
	case http.StatusUnauthorized:
		// Codecov's own refusal has this header, one that it passes on from a git provider does not.
		if response.Header.Get("WWW-Authenticate") != "" {
			return ErrUnauthorized
		}
		return ErrProviderRefused
	case http.StatusForbidden:
		if strings.Contains(message, "rate limit") {
			return ErrProviderRefused
		}
		return ErrForbidden
	case http.StatusNotFound:
		if message == "No Owner matches the given query." {
			return ErrOwnerNotFound
		}
		return ErrNotFound
	}
	return nil
}

// message returns the text of an error's body: {"detail": …}, {"error": …}, other JSON, HTML, or plain text.
func message(response *httpclient.Response) string {
	var body struct{ Detail, Error string }
	_ = json.Unmarshal(response.Body, &body)
	if text := cmp.Or(body.Detail, body.Error); text != "" {
		return httpclient.Message(text)
	}
	text := strings.TrimSpace(string(response.Body))
	if strings.Contains(response.Header.Get("Content-Type"), "html") || strings.HasPrefix(text, "<") {
		return "(an HTML page)"
	}
	if location := response.Header.Get("Location"); location != "" {
		text = "redirects to " + location + ", which is not followed"
	}
	return httpclient.Message(text)
}
