package setup_test

import (
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"

	fakeport "github.com/codecov-port/codecov-port/internal/fake/port"
)

// extended is a Port that also has scorecards and pages, and deletes a blueprint with its entities. It keeps the requests
// that change something.
type extended struct {
	*fakeport.Server
	changes   []string
	documents []document // scorecards and pages
	refuse    string     // path of requests that are refused with 422
}

// document is a scorecard or a page at its address.
type document struct {
	path string
	body map[string]any
}

func (e *extended) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	isSearch := strings.HasSuffix(r.URL.Path, "/search") || strings.HasSuffix(r.URL.Path, "/access_token")
	if r.Method != http.MethodGet && !isSearch {
		e.changes = append(e.changes, r.Method+" "+r.URL.RequestURI())
	}
	path, removal := strings.CutSuffix(r.URL.Path, "/all-entities")
	switch {
	case e.refuse != "" && r.URL.Path == e.refuse:
		respond(w, http.StatusUnprocessableEntity, map[string]any{"ok": false, "error": "invalid_request", "message": "no such widget"})
	case removal:
		e.Server.Faults.Wrap(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { e.deleteBlueprint(w, path) })).ServeHTTP(w, r)
	case strings.Contains(r.URL.Path, "/scorecards") || strings.HasPrefix(r.URL.Path, "/v1/pages"):
		e.serveDocument(w, r)
	default:
		e.Server.ServeHTTP(w, r)
	}
}

func (e *extended) deleteBlueprint(w http.ResponseWriter, path string) {
	identifier := strings.TrimPrefix(path, "/v1/blueprints/")
	status := http.StatusOK
	if _, exists := e.Server.Blueprint(identifier); !exists {
		status = http.StatusNotFound
	}
	e.Server.DeleteBlueprint(identifier)
	respond(w, status, map[string]any{"ok": status == http.StatusOK})
}

func (e *extended) serveDocument(w http.ResponseWriter, r *http.Request) {
	key := "page"
	if strings.Contains(r.URL.Path, "/scorecards") {
		key = "scorecard"
	}
	at := slices.IndexFunc(e.documents, func(d document) bool { return d.path == r.URL.Path })
	switch {
	case r.Method == http.MethodPost:
		var body map[string]any
		text, _ := io.ReadAll(r.Body)
		_ = json.Unmarshal(text, &body)
		path := r.URL.Path + "/" + body["identifier"].(string)
		body["createdAt"] = "2026-01-01T00:00:00Z"
		e.documents = append(e.documents, document{path, body})
		respond(w, http.StatusCreated, map[string]any{"ok": true, "identifier": body["identifier"]})
	case strings.HasSuffix(r.URL.Path, "/scorecards"):
		scorecards := []any{}
		for _, d := range e.documents {
			if strings.HasPrefix(d.path, r.URL.Path+"/") {
				scorecards = append(scorecards, d.body)
			}
		}
		respond(w, http.StatusOK, map[string]any{"ok": true, "scorecards": scorecards})
	case at < 0:
		respond(w, http.StatusNotFound, map[string]any{"ok": false, "error": "not_found"})
	case r.Method == http.MethodDelete:
		e.documents = slices.Delete(e.documents, at, at+1)
		respond(w, http.StatusOK, map[string]any{"ok": true})
	default:
		respond(w, http.StatusOK, map[string]any{"ok": true, key: e.documents[at].body})
	}
}

func respond(w http.ResponseWriter, status int, body any) {
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}
