package httpclient

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"unicode"
)

// Failure is a request that did not succeed: an answer with an error status, or no answer. The errors of both API
// clients are made of it.
type Failure struct {
	Method    string
	Address   string // without credentials
	Status    int    // 0 without an answer
	Redirect  string // the address that the answer redirects to, without user, query and fragment; "" if it does not
	Code      string // the API's name of the error, if it has one
	Message   string // the API's text
	RequestID string // the API's id of the request, if it has one
	Attempts  int
	Err       error // the cause without an answer

	RequestIDName string // what the API calls the id: trace id
}

// Error returns one line with request, status, message and number of attempts.
func (f *Failure) Error() string {
	text, notes := fmt.Sprintf("%s %s: %v", f.Method, f.Address, f.Err), []string{}
	if f.Status != 0 {
		text = fmt.Sprintf("%s %s: %d %s", f.Method, f.Address, f.Status, http.StatusText(f.Status))
	}
	for _, detail := range []string{f.Code, f.Message} {
		if detail != "" {
			text += ": " + detail
		}
	}
	if f.Attempts > 1 {
		notes = append(notes, fmt.Sprintf("%d attempts", f.Attempts))
	}
	if f.RequestID != "" {
		notes = append(notes, f.RequestIDName+" "+f.RequestID)
	}
	if len(notes) > 0 {
		text += fmt.Sprintf(" (%s)", strings.Join(notes, ", "))
	}
	return text
}

// Unwrap returns Err.
func (f *Failure) Unwrap() error { return f.Err }

// Retryable reports whether the same request may succeed later.
func (f *Failure) Retryable() bool {
	if f.Status != 0 {
		return retryableStatus(f.Status)
	}
	return !errors.Is(f.Err, context.Canceled) && retryableError(f.Err)
}

const maxMessage = 500

// Message returns the text of a server as one printable line of at most 500 characters.
func Message(raw string) string {
	var line strings.Builder
	count := 0
	for _, r := range strings.TrimSpace(raw) {
		if count == maxMessage {
			line.WriteString("…")
			break
		}
		if !unicode.IsPrint(r) {
			r = ' '
		}
		line.WriteRune(r)
		count++
	}
	return line.String()
}
