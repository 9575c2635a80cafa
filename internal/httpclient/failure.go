package httpclient

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"unicode"
)

// Causes of an attempt without a usable answer.
var (
	ErrTimeout     = errors.New("no answer in time")
	ErrNotJSON     = errors.New("the answer is not JSON")
	ErrBodyTooLong = errors.New("the answer is too long")

	errDecode = errors.New("decode answer")
)

// DecodeError returns the error of JSON that cannot be decoded. Its text is printable, since err may quote the answer.
func DecodeError(err error) error { return fmt.Errorf("%w: %s", errDecode, Message(err.Error())) }

// Failure is a request that did not succeed: an answer with an error status, or no answer. The errors of both API
// clients have the same fields.
type Failure struct {
	Method    string
	URL       string // without credentials
	Status    int    // 0 without a usable answer
	Code      string // the API's name of the error, if it has one
	Message   string // the API's text, or where the answer redirects to
	RequestID string // the API's id of the request, if it has one
	Attempts  int
	Err       error // the cause without an answer
}

// Error returns the same as Text.
func (f *Failure) Error() string { return f.Text("request id") }

// Text returns one line with request, status, message and number of attempts. idName is what the API calls its ids.
func (f *Failure) Text(idName string) string {
	cause, notes := fmt.Sprint(f.Err), []string(nil)
	if f.Status != 0 {
		cause = fmt.Sprintf("%d %s", f.Status, http.StatusText(f.Status))
	}
	parts := []string{f.Method + " " + f.URL, cause, f.Code, f.Message}
	text := strings.Join(slices.DeleteFunc(parts, func(part string) bool { return part == "" }), ": ")
	if f.Attempts > 1 {
		notes = append(notes, fmt.Sprintf("%d attempts", f.Attempts))
	}
	if f.RequestID != "" {
		notes = append(notes, idName+" "+f.RequestID)
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
		return slices.Contains(retryableStatuses, f.Status)
	}
	return !errors.Is(f.Err, context.Canceled) && retryableError(f.Err)
}

const maxMessage = 500

// Message returns the text of a server as one printable line of at most 500 characters.
func Message(raw string) string {
	raw = strings.TrimSpace(raw)
	raw = raw[:min(len(raw), 4*maxMessage+4)] // bytes
	line := []rune(strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, raw))
	if len(line) > maxMessage {
		line = append(line[:maxMessage], '…')
	}
	return string(line)
}
