package codecov

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
)

// answer is what a request gets.
type answer struct {
	status    int
	body      []byte
	mediaType string // empty is JSON
	rows      int    // in the body
	challenge bool   // with WWW-Authenticate
}

// detailed is an error of the API's views.
func detailed(status int, text string) *answer {
	return &answer{status: status, body: encode(map[string]string{"detail": text})}
}

// challenged is a 401 because of the Codecov token itself.
func challenged(text string) *answer {
	refusal := detailed(http.StatusUnauthorized, text)
	refusal.challenge = true
	return refusal
}

// failed is an error from outside of the views, with a blank.
func failed(status int, text string) *answer {
	return &answer{status: status, body: fmt.Appendf(nil, `{"error": %q}`, text)}
}

func serverError() *answer { return failed(http.StatusInternalServerError, "Server Error (500)") }

// encode writes JSON as the API does: compact, and with &, < and > as they are. The values passed to it can't fail.
func encode(value any) []byte {
	var body bytes.Buffer
	encoder := json.NewEncoder(&body)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(value)
	return bytes.TrimRight(body.Bytes(), "\n")
}

func (a answer) write(w http.ResponseWriter) {
	header := w.Header()
	header.Set("Content-Type", cmp.Or(a.mediaType, "application/json"))
	header.Set("Content-Length", strconv.Itoa(len(a.body)))
	if a.challenge {
		header.Set("WWW-Authenticate", "Bearer")
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body) // a client that left is no concern of the server's
}
