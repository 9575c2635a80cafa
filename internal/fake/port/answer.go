package port

import (
	"encoding/json"
	"fmt"
	"net/http"
)

// failure is an answer that refuses a request, or one entity of it.
type failure struct {
	status  int
	code    string
	message string
}

// Error returns the message, for tests that see one.
func (f *failure) Error() string { return fmt.Sprintf("%d %s: %s", f.status, f.code, f.message) }

func (f *failure) body() map[string]any {
	return map[string]any{"ok": false, "error": f.code, "message": f.message}
}

// invalidf refuses what Port's schemas or a blueprint's declaration do not allow.
func invalidf(format string, arguments ...any) *failure {
	return &failure{http.StatusUnprocessableEntity, "invalid_request", fmt.Sprintf(format, arguments...)}
}

// notEmulated refuses what Port has and this emulator has not, rather than answering wrongly.
func notEmulated(what string) *failure {
	return &failure{http.StatusUnprocessableEntity, "not_emulated", what + " is not emulated"}
}

func notFound(kind, identifier string) *failure {
	return &failure{http.StatusNotFound, "not_found", fmt.Sprintf("%s with identifier %q was not found", kind, identifier)}
}

func taken(kind, identifier string) *failure {
	return &failure{http.StatusConflict, "identifier_taken", fmt.Sprintf("%s with identifier %q already exists", kind, identifier)}
}

func unauthorized(message string) *failure {
	return &failure{http.StatusUnauthorized, "unauthorized", message}
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // a client that has gone is no concern of a server
}
