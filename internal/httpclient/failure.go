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
	RequestID string // the API's id of the request with its name: trace id 1a2b; "" if it has none
	Attempts  int
	Err       error // the cause without an answer
}

// Error returns one line with request, status, message and number of attempts.
func (f *Failure) Error() string {
	var text strings.Builder
	fmt.Fprintf(&text, "%s %s: ", f.Method, f.Address)
	if f.Status == 0 {
		fmt.Fprint(&text, f.Err)
	} else {
		fmt.Fprintf(&text, "%d %s", f.Status, http.StatusText(f.Status))
	}
	for _, detail := range []string{f.Code, f.Message} {
		if detail != "" {
			text.WriteString(": " + detail)
		}
	}
	var notes []string
	if f.Attempts > 1 {
		notes = append(notes, fmt.Sprintf("%d attempts", f.Attempts))
	}
	if f.RequestID != "" {
		notes = append(notes, f.RequestID)
	}
	if len(notes) > 0 {
		fmt.Fprintf(&text, " (%s)", strings.Join(notes, ", "))
	}
	return text.String()
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

// RequestID returns an id of a request with its name, and "" without an id.
func RequestID(name, id string) string {
	if id == "" {
		return ""
	}
	return name + " " + id
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
