package codecov

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/codecov-port/codecov-port/internal/httpclient"
)

// ErrInsecure tells that the address is plain http to another host than this machine, and credentials would travel in clear text.
var ErrInsecure = httpclient.ErrInsecure

// ErrRetryAfterExceeded tells that a request was not sent, since the server kept asking to wait.
var ErrRetryAfterExceeded = httpclient.ErrRetryAfterExceeded

// What a caller branches on. Match with errors.Is; the details are in the *APIError.
var (
	// ErrUnauthorized: Codecov refuses the token itself. Only a user API token works.
	ErrUnauthorized = errors.New("codecov refuses the token")
	// ErrProviderRefused: the git provider refuses the user's login at Codecov (401), or limits its rate
	// (403); the token is fine, and other repositories may work.
	ErrProviderRefused = errors.New("the git provider refuses")
	// ErrOutage: Codecov fails on everything of a list: it is down, or, for a private repository, the git provider is.
	ErrOutage = errors.New("codecov or the git provider is down")
	// ErrOwnerNotFound: there is no such owner at this service.
	ErrOwnerNotFound = errors.New("no such owner")
	// ErrNotFound: no such repository, or no access to it.
	ErrNotFound = errors.New("not found")
	// ErrForbidden: the token's user may not see this, for want of an activated seat for instance.
	ErrForbidden = errors.New("forbidden")
)

// APIError is a request that Codecov did not answer as asked: an error status, or no answer at all.
// Its fields tell method, address, status, message and attempts; Retryable tells whether it may pass.
type APIError struct {
	httpclient.Failure
	kind error
}

// Is makes errors.Is match the sentinel errors of this package.
func (e *APIError) Is(target error) bool { return e.kind != nil && target == e.kind }

func newAPIError(failure *httpclient.Failure, response *httpclient.Response) *APIError {
	apiError := &APIError{Failure: *failure}
	if response == nil {
		return apiError
	}
	apiError.Message = message(response)
	apiError.kind = kind(response, apiError.Message)
	return apiError
}

func kind(response *httpclient.Response, message string) error {
	switch response.Status {
	case http.StatusUnauthorized:
		// Codecov's own refusal names the scheme, a git provider's that is passed on does not.
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

// message finds the words in an error's body: {"detail": …}, {"error": …}, a bare array, an object by field,
// HTML, or plain text.
func message(response *httpclient.Response) string {
	var body any
	if json.Unmarshal(response.Body, &body) != nil {
		return plainText(response)
	}
	object, ok := body.(map[string]any)
	if !ok {
		return httpclient.Message(words(body))
	}
	for _, key := range []string{"detail", "error"} {
		if text, ok := object[key].(string); ok {
			return httpclient.Message(text)
		}
	}
	var fields []string
	for field, value := range object {
		fields = append(fields, field+": "+words(value))
	}
	slices.Sort(fields)
	return httpclient.Message(strings.Join(fields, "; "))
}

func words(value any) string {
	switch value := value.(type) {
	case string:
		return value
	case []any:
		var all []string
		for _, element := range value {
			all = append(all, words(element))
		}
		return strings.Join(all, " ")
	}
	text, _ := json.Marshal(value)
	return string(text)
}

func plainText(response *httpclient.Response) string {
	if strings.Contains(response.Header.Get("Content-Type"), "html") || strings.HasPrefix(strings.TrimSpace(string(response.Body)), "<") {
		return "(an HTML page)"
	}
	if location := response.Header.Get("Location"); location != "" {
		return httpclient.Message("redirects to " + location + ", which is not followed")
	}
	return httpclient.Message(string(response.Body))
}
