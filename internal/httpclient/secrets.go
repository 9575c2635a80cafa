package httpclient

import (
	"bytes"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"sync"
)

const (
	// redacted replaces a secret.
	redacted = "[redacted]"
	// minSecret is the minimum length of a secret: shorter texts occur in answers by chance.
	minSecret = 8
)

// Secrets are texts to remove from answers before anybody reads them, since a server may send back what it received.
// The zero value and nil are empty sets. It is safe for concurrent use.
type Secrets struct {
	mu    sync.RWMutex
	forms []string
}

// NewSecrets returns a set of secrets.
func NewSecrets(secrets ...string) *Secrets {
	s := new(Secrets)
	for _, secret := range secrets {
		s.Add(secret)
	}
	return s
}

// Add adds a secret, with its forms in an address, in JSON, and in JSON within JSON. Secrets of fewer than 8 bytes are
// ignored.
func (s *Secrets) Add(secret string) {
	if len(secret) < minSecret {
		return
	}
	forms := []string{secret, url.QueryEscape(secret), url.PathEscape(secret)}
	for range 2 {
		for _, form := range forms {
			quoted, _ := json.Marshal(form) // strings can be encoded
			text := string(quoted[1 : len(quoted)-1])
			forms = append(forms, text, withoutHTMLEscapes.Replace(text))
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, form := range forms {
		if !slices.Contains(s.forms, form) {
			s.forms = append(s.forms, form)
		}
	}
}

// withoutHTMLEscapes restores <, > and &, which not every encoder escapes.
var withoutHTMLEscapes = strings.NewReplacer(`\u003c`, "<", `\u003e`, ">", `\u0026`, "&")

// Redact returns text with "[redacted]" in place of secrets.
func (s *Secrets) Redact(text string) string { return string(s.redact([]byte(text))) }

// redact returns body itself if it holds no secret.
func (s *Secrets) redact(body []byte) []byte {
	if s == nil {
		return body
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, form := range s.forms {
		if form := []byte(form); bytes.Contains(body, form) {
			body = bytes.ReplaceAll(body, form, []byte(redacted))
		}
	}
	return body
}

// legible returns err with a text that can be shown: without secrets, and one printable line of bounded length. Errors
// may quote a broken answer.
func (s *Secrets) legible(err error) error {
	if text := Message(s.Redact(err.Error())); text != err.Error() {
		return &rewordedError{err, text}
	}
	return err
}

// rewordedError is an error with another text.
type rewordedError struct {
	error
	text string
}

func (r *rewordedError) Error() string { return r.text }
func (r *rewordedError) Unwrap() error { return r.error }
