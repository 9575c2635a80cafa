package httpclient

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
)

// redacted stands where a secret was.
const redacted = "[redacted]"

// shortestSecret is how many bytes a secret has at least: anything shorter is no secret, and taking it out would
// spoil answers that hold it by chance.
const shortestSecret = 8

// Secrets are what no text may show, whoever wrote it: a server may send back what it was sent. They are taken out of
// answers before anybody reads these. The zero value is ready; a nil *Secrets holds none. It is safe for concurrent use.
type Secrets struct {
	mu    sync.RWMutex
	forms [][]byte
}

// NewSecrets gives a set of the secrets that are known from the beginning; empty ones don't count.
func NewSecrets(secrets ...string) *Secrets {
	s := new(Secrets)
	for _, secret := range secrets {
		s.Add(secret)
	}
	return s
}

// Add takes a secret into the set, with the forms that it has in an address, within JSON, and within JSON in a text of
// JSON. One of fewer than 8 bytes does not count.
func (s *Secrets) Add(secret string) {
	if len(secret) < shortestSecret {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, form := range []string{secret, url.QueryEscape(secret), url.PathEscape(secret)} {
		s.add(form, 2)
	}
}

// add takes in a form, and those that it has where it is written within JSON, once or several times over.
func (s *Secrets) add(form string, times int) {
	if times < 0 || slices.ContainsFunc(s.forms, func(known []byte) bool { return string(known) == form }) {
		return
	}
	s.forms = append(s.forms, []byte(form))
	s.add(withinJSON(form, false), times-1)
	s.add(withinJSON(form, true), times-1)
}

// withinJSON writes text as it stands in a string of JSON, with <, > and & as they are or escaped.
func withinJSON(text string, escapeHTML bool) string {
	var quoted bytes.Buffer
	encoder := json.NewEncoder(&quoted)
	encoder.SetEscapeHTML(escapeHTML)
	_ = encoder.Encode(text) // a string always has a form
	return strings.TrimSuffix(strings.TrimPrefix(quoted.String(), `"`), "\"\n")
}

// Redact gives the text without the secrets.
func (s *Secrets) Redact(text string) string { return string(s.redact([]byte(text))) }

// redact gives body itself where there is nothing to take out.
func (s *Secrets) redact(body []byte) []byte {
	if s == nil {
		return body
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, form := range s.forms {
		if bytes.Contains(body, form) {
			body = bytes.ReplaceAll(body, form, []byte(redacted))
		}
	}
	return body
}

func (s *Secrets) redactHeader(header http.Header) {
	for _, values := range header {
		for i, value := range values {
			values[i] = s.Redact(value)
		}
	}
}

// legible gives err with a text that is fit to be shown: without secrets, printable and of bounded length. A broken
// answer is quoted by the error that tells of it.
func (s *Secrets) legible(err error) error {
	if text := Message(s.Redact(err.Error())); text != err.Error() {
		return &reworded{cause: err, text: text}
	}
	return err
}

// reworded is an error with another text.
type reworded struct {
	cause error
	text  string
}

func (r *reworded) Error() string { return r.text }
func (r *reworded) Unwrap() error { return r.cause }
