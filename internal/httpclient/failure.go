package httpclient

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"unicode"
)

// Failure is a request that did not succeed: an answer with an error status, or none at all.
// Both clients' typed errors are built on it.
type Failure struct {
	Method    string
	Address   string // never holds credentials
	Status    int    // 0: no answer
	Code      string // the API's own name for the error, where it has one
	Message   string // the API's own words
	RequestID string // the API's trace id, worth showing to its support
	Attempts  int
	Err       error // the cause where there is no answer
}

// Error says what was asked, what came back and how often it was tried, on one line.
func (f *Failure) Error() string {
	var text strings.Builder
	fmt.Fprintf(&text, "%s %s: ", f.Method, f.Address)
	if f.Status == 0 {
		fmt.Fprintf(&text, "%v", f.Err)
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
		notes = append(notes, "trace id "+f.RequestID)
	}
	if len(notes) > 0 {
		fmt.Fprintf(&text, " (%s)", strings.Join(notes, ", "))
	}
	return text.String()
}

// Unwrap gives the cause where there is no answer.
func (f *Failure) Unwrap() error { return f.Err }

// HTTPStatus is the answer's status; 0 where there was no answer.
func (f *Failure) HTTPStatus() int { return f.Status }

// Retryable tells whether the same request may succeed at another time.
func (f *Failure) Retryable() bool {
	if f.Status != 0 {
		return retryableStatus(f.Status)
	}
	return !errors.Is(f.Err, context.Canceled) && retryableError(f.Err)
}

const maxMessage = 500

// Message makes one printable line of at most 500 characters from what a server wrote.
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
