package codecov

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
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

// APIError is a failed request: an error status, no answer, or an answer that cannot be decoded.
type APIError struct {
	Method    string
	URL       string // without credentials
	Status    int    // 0 without a usable answer
	Code      string // always empty: Codecov's errors have no codes
	Message   string // the text of the answer, one printable line
	RequestID string // the header X-Request-Id, if the server sent one
	Attempts  int
	Err       error // the cause without an answer; with one, an error of this package or nil
}

// Error returns one line with request, status and message, without credentials.
func (e *APIError) Error() string { return (*httpclient.Failure)(e).Text("request id") }

// Unwrap returns Err.
func (e *APIError) Unwrap() error { return e.Err }

// Retryable reports whether the same request may succeed later.
func (e *APIError) Retryable() bool { return (*httpclient.Failure)(e).Retryable() }

func newAPIError(failure *httpclient.Failure, response *httpclient.Response) *APIError {
	e := (*APIError)(failure)
	if response == nil {
		return e
	}
	if e.Message != "" { // it is a redirect
		e.Message += ", which is not followed"
	} else {
		e.Message = message(response)
	}
	e.RequestID = httpclient.Message(response.Header.Get("X-Request-Id"))
	e.Err = sentinel(response, e.Message)
	return e
}

// isAnswer reports whether err is an answer of that status and message.
func isAnswer(err error, status int, message string) bool {
	apiError := (*APIError)(nil)
	return errors.As(err, &apiError) && apiError.Status == status && apiError.Message == message
}

func sentinel(response *httpclient.Response, message string) error {
	switch status := response.Status; {
	case status == http.StatusUnauthorized && response.Header.Get("WWW-Authenticate") != "": // not if it is passed on
		return ErrUnauthorized
	case status == http.StatusUnauthorized, status == http.StatusForbidden && strings.Contains(message, "rate limit"):
		return ErrProviderRefused
	case status == http.StatusForbidden:
		return ErrForbidden
	case status == http.StatusNotFound && message == "No Owner matches the given query.":
		return ErrOwnerNotFound
	case status == http.StatusNotFound:
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
	return httpclient.Message(text)
}

// SkippedRowError is a row that a list skips: Codecov answers 500 to every page that contains it, or the row cannot be
// decoded.
type SkippedRowError struct {
	List     string // "the repositories of acme", "the commits of acme/monolith"
	Position int    // in the list when it was read, from 1; 0 if the row was requested by name
	Name     string // the repository's name or the commit's sha, if known
	Err      error
}

// Error returns the row and the cause.
func (e *SkippedRowError) Error() string {
	if e.Position == 0 {
		return fmt.Sprintf("read %q of %s: %v", e.Name, e.List, e.Err)
	}
	name := ""
	if e.Name != "" {
		name = fmt.Sprintf(" (%q)", e.Name)
	}
	return fmt.Sprintf("read row %d%s of %s: %v", e.Position, name, e.List, e.Err)
}

// Unwrap returns the cause.
func (e *SkippedRowError) Unwrap() error { return e.Err }

// TruncatedListError ends a list whose rows cannot be read from one position on. One kind of malformed repository does
// that to the list of repositories; those behind it can still be read by name.
type TruncatedListError struct {
	List     string
	Position int // of the first row that cannot be read, from 1
	Count    int // rows of the whole list, 0 if unknown
	Err      error
}

// Error returns where the list ends, and the cause.
func (e *TruncatedListError) Error() string {
	of := ""
	if e.Count > 0 {
		of = fmt.Sprintf(" of %d", e.Count)
	}
	return fmt.Sprintf("read %s from row %d%s: %v", e.List, e.Position, of, e.Err)
}

// Unwrap returns the cause.
func (e *TruncatedListError) Unwrap() error { return e.Err }

// IncompleteError ends a list of which fewer rows were found than Codecov counts.
type IncompleteError struct {
	List    string
	Missing int  // 0 if unknown
	Count   int  // rows of the whole list
	Moved   bool // the list changed while it was read; reading it later may find all rows
}

// Error returns how many rows are missing.
func (e *IncompleteError) Error() string {
	missing := "some"
	if e.Missing > 0 {
		missing = strconv.Itoa(e.Missing)
	}
	text := fmt.Sprintf("read %s: %s of %d missing", e.List, missing, e.Count)
	if e.Moved {
		text += ", because the list changed while it was read"
	}
	return text
}

// IsPartial reports whether err ended a list early although the rows before it can be used: it is a *TruncatedListError
// or an *IncompleteError.
func IsPartial(err error) bool {
	truncated, incomplete := (*TruncatedListError)(nil), (*IncompleteError)(nil)
	return errors.As(err, &truncated) || errors.As(err, &incomplete)
}
