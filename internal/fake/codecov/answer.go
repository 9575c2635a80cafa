package codecov

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"
)

const (
	jsonType = "application/json"
	htmlType = "text/html; charset=utf-8"
)

// answer is what a request gets.
type answer struct {
	status    int
	body      []byte
	mediaType string // empty is JSON
	rows      int    // how many rows the body holds
	raw       bool   // made before the API's views were reached: without Allow
	bare      bool   // made before the application was reached: without any of its headers
	challenge bool   // with WWW-Authenticate
	location  string
}

// detailed is an error of the API's views: {"detail": "..."}.
func detailed(status int, text string) *answer {
	return &answer{status: status, body: []byte(`{"detail":` + quote(text) + `}`)}
}

// failed is an error from outside of the views: {"error": "..."}, with a blank.
func failed(status int, text string) *answer {
	return &answer{status: status, body: []byte(`{"error": ` + quote(text) + `}`), raw: true}
}

func notFound() *answer    { return failed(http.StatusNotFound, "Page Not Found (404)") }
func serverError() *answer { return failed(http.StatusInternalServerError, "Server Error (500)") }

// challenged is a 401 because of the Codecov token itself.
func challenged(text string) *answer {
	refusal := detailed(http.StatusUnauthorized, text)
	refusal.challenge = true
	return refusal
}

func redirected(location string) *answer {
	return &answer{status: http.StatusMovedPermanently, mediaType: htmlType, raw: true, location: location}
}

// encoded answers with a value as JSON.
func encoded(value any) answer {
	return answer{status: http.StatusOK, body: encode(value)}
}

// encode writes JSON as the API does: compact, and with &, < and > as they are. The values given to it can't fail.
func encode(value any) []byte {
	var body bytes.Buffer
	encoder := json.NewEncoder(&body)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(value)
	return bytes.TrimRight(body.Bytes(), "\n")
}

func quote(text string) string { return string(encode(text)) }

func (a answer) write(w http.ResponseWriter, r *http.Request) {
	a.setHeader(w.Header())
	w.WriteHeader(a.status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(a.body) // a client that left is no concern of the server's
	}
}

func (a answer) setHeader(header http.Header) {
	header.Set("Content-Type", jsonType)
	if a.mediaType != "" {
		header.Set("Content-Type", a.mediaType)
	}
	header.Set("Content-Length", strconv.Itoa(len(a.body)))
	if a.bare {
		return
	}
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Referrer-Policy", "same-origin")
	header.Set("Cross-Origin-Opener-Policy", "same-origin")
	header.Set("Vary", "Cookie, origin")
	if a.location != "" {
		header.Set("Location", a.location)
		return
	}
	header.Set("X-Frame-Options", "DENY")
	if a.raw {
		return
	}
	header.Set("Vary", "Accept, Cookie, origin")
	header.Set("Allow", "GET, HEAD, OPTIONS")
	if a.challenge {
		header.Set("WWW-Authenticate", "Bearer")
	}
}
