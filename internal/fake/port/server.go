// Package port is a fake of Port's API for tests and the demo: an http.Handler with the part of the API that codecov-port
// uses, as strict as the real one. It refuses what Port's contract and a blueprint do not allow, and counts requests.
//
// Where the contract has no rule, it is strict. Parts of the API that codecov-port doesn't use are refused or ignored.
package port

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/codecov-port/codecov-port/internal/fake/contract"
	"github.com/codecov-port/codecov-port/internal/fake/faults"
	"github.com/codecov-port/codecov-port/internal/fake/journal"
)

// The credentials that a Server takes when Options names none.
const (
	DefaultClientID     = "porttest-client-id"
	DefaultClientSecret = "porttest-client-secret"
)

// bodyLimit is Port's: "Request body is too large (limit is 1MiB)".
const bodyLimit = 1 << 20

// Options describe a Server. The zero value is a Port without limits.
type Options struct {
	ClientID      string                            // empty: DefaultClientID
	ClientSecret  string                            // empty: DefaultClientSecret
	TokenLifetime time.Duration                     // 0: three hours
	Now           func() time.Time                  // nil: time.Now
	Latency       func(*http.Request) time.Duration // waited before each answer; nil: none
	RateLimit     RateLimit
	EntityQuota   int // how many entities all blueprints may hold together; 0: any number

	KeepRequests bool // keep each request for Seen; leave off in large runs
}

// Server is a fake Port: one organization, in memory. It is an http.Handler and safe for concurrent use.
// Entities are kept as compact JSON, some 500 bytes each, so that a million fit.
type Server struct {
	Faults faults.Queue // put in place of answers; see package faults

	options Options
	routes  *http.ServeMux
	journal journal.Journal
	traces  atomic.Uint64

	mu         sync.Mutex // guards what follows
	token      token
	window     window
	blueprints map[string]*blueprint
	documents  []document
	violations []error
}

// New returns a Port without blueprints.
func New(options Options) *Server {
	options.ClientID = cmp.Or(options.ClientID, DefaultClientID)
	options.ClientSecret = cmp.Or(options.ClientSecret, DefaultClientSecret)
	options.TokenLifetime = cmp.Or(options.TokenLifetime, 3*time.Hour)
	options.RateLimit.Period = cmp.Or(options.RateLimit.Period, time.Minute)
	if options.Now == nil {
		options.Now = time.Now
	}
	s := &Server{
		options: options, routes: http.NewServeMux(), journal: journal.Journal{Keep: options.KeepRequests}, blueprints: map[string]*blueprint{},
	}
	for pattern, o := range operations {
		s.routes.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			body, err := s.perform(pattern, o, r)
			write(w, o.status, body, err)
		})
	}
	s.routes.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		write(w, 0, nil, notFound("Route", r.Method+" "+r.URL.Path))
	})
	return s
}

// ServeHTTP counts the request, waits the latency, and returns the answer or a fault in its place.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := readBody(r)
	_, pattern := s.routes.Handler(r)
	w.Header().Set("X-Trace-Id", fmt.Sprintf("%032x", s.traces.Add(1)))
	s.journal.Serve(w, r, cmp.Or(operations[pattern].kind, Other), body, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err != nil || s.options.Latency != nil && !faults.Wait(r.Context(), s.options.Latency(r)) {
			return // the client is gone
		}
		s.Faults.Wrap(http.HandlerFunc(s.answer)).ServeHTTP(w, r)
	}))
}

// readBody takes the body off the request, up to one byte more than Port allows, and puts it back to be read again.
// The rest is drained, so that a client hears of its 413.
func readBody(r *http.Request) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(r.Body, bodyLimit+1))
	if err != nil {
		return nil, err
	}
	_, err = io.Copy(io.Discard, r.Body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	return body, err
}

// answer is the Port behind the faults.
func (s *Server) answer(w http.ResponseWriter, r *http.Request) {
	if !s.admit(w.Header()) {
		write(w, 0, nil, &failure{http.StatusTooManyRequests, "rate_limit_exceeded", "Too many requests"})
		return
	}
	s.routes.ServeHTTP(w, r)
}

// operation is one endpoint: its kind in the counts, the status of a success, and what returns the JSON body of the
// answer. The server is locked during the call.
type operation struct {
	kind   Kind
	status int
	answer func(*Server, call) (map[string]any, error)
}

var operations = map[string]operation{
	"POST /v1/auth/access_token": {Token, 200, (*Server).createToken},

	"GET /v1/blueprints":                {BlueprintList, 200, (*Server).listBlueprints},
	"POST /v1/blueprints":               {BlueprintCreate, 201, (*Server).createBlueprint},
	"GET /v1/blueprints/{identifier}":   {BlueprintRead, 200, (*Server).readBlueprint},
	"PUT /v1/blueprints/{identifier}":   {BlueprintChange, 200, (*Server).changeBlueprint},
	"PATCH /v1/blueprints/{identifier}": {BlueprintChange, 200, (*Server).changeBlueprint},

	"POST /v1/blueprints/{blueprint_identifier}/entities/bulk":        {Bulk, 200, (*Server).bulkWrite},
	"POST /v1/blueprints/{blueprint_identifier}/bulk/entities/delete": {BulkDelete, 200, (*Server).bulkDelete},
	"POST /v1/blueprints/{blueprint_identifier}/entities/search":      {Search, 200, (*Server).search},
	"DELETE /v1/blueprints/{blueprint_identifier}/all-entities":       {BlueprintDelete, 200, (*Server).deleteAllEntities},

	"POST /v1/webhooks":                {WebhookWrite, 200, createDocument("integration", (*Server).completeWebhook)},
	"GET /v1/webhooks/{identifier}":    {WebhookRead, 200, readDocument("integration")},
	"PATCH /v1/webhooks/{identifier}":  {WebhookWrite, 200, (*Server).patchWebhook},
	"DELETE /v1/webhooks/{identifier}": {WebhookDelete, 200, (*Server).deleteDocument},

	"POST /v1/blueprints/{blueprint_identifier}/scorecards":                          {VisualWrite, 201, createDocument("scorecard", (*Server).checkScorecard)},
	"GET /v1/blueprints/{blueprint_identifier}/scorecards":                           {VisualRead, 200, (*Server).listScorecards},
	"GET /v1/blueprints/{blueprint_identifier}/scorecards/{scorecard_identifier}":    {VisualRead, 200, readDocument("scorecard")},
	"DELETE /v1/blueprints/{blueprint_identifier}/scorecards/{scorecard_identifier}": {VisualDelete, 200, (*Server).deleteDocument},
	"POST /v1/pages":                {VisualWrite, 201, createDocument("page", (*Server).checkPage)},
	"GET /v1/pages/{identifier}":    {VisualRead, 200, readDocument("page")},
	"DELETE /v1/pages/{identifier}": {VisualDelete, 200, (*Server).deleteDocument},
}

// call is a request that has passed the contract.
type call struct {
	request   *http.Request
	query     url.Values
	body      map[string]any // decoded; nil if there is none
	blueprint *blueprint     // of the path; nil if it names none
}

// is reports whether a boolean query parameter is set.
func (c call) is(parameter string) bool { return c.query.Get(parameter) == "true" }

func (s *Server) perform(pattern string, o operation, r *http.Request) (map[string]any, error) {
	if err := s.authorize(o.kind, r.Header.Get("Authorization")); err != nil {
		return nil, err
	}
	body, err := s.read(pattern, r)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	c := call{request: r, query: r.URL.Query(), body: body}
	identifier := r.PathValue("blueprint_identifier")
	if strings.HasSuffix(pattern, "/blueprints/{identifier}") {
		identifier = r.PathValue("identifier")
	}
	if c.blueprint = s.blueprints[identifier]; c.blueprint == nil && identifier != "" {
		return nil, notFound("Blueprint", identifier)
	}
	return o.answer(s, c)
}

// read holds a request to the contract, by which a body is an object. Requests that break it are kept in Violations.
func (s *Server) read(pattern string, r *http.Request) (map[string]any, error) {
	text, _ := io.ReadAll(r.Body) // readBody has read it
	media, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch {
	case len(text) > bodyLimit:
		return nil, &failure{http.StatusRequestEntityTooLarge, "payload_too_large", "Request body is too large (limit is 1MiB)"}
	case len(text) > 0 && media != "application/json":
		return nil, &failure{http.StatusUnsupportedMediaType, "unsupported_media_type", "The body must be application/json"}
	}
	var body any
	if len(text) > 0 {
		if err := json.Unmarshal(text, &body); err != nil {
			return nil, &failure{http.StatusBadRequest, "invalid_json", "body is not valid JSON: " + err.Error()}
		}
	}
	if err := contract.CheckRequest(pattern, r.URL.Query(), body); err != nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.violations = append(s.violations, fmt.Errorf("%s %s: %w", r.Method, r.URL.Path, err))
		return nil, err
	}
	object, _ := body.(map[string]any)
	return object, nil
}

// Violations describes the requests so far that broke the contract.
func (s *Server) Violations() []error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.violations)
}

// failure is an answer that refuses a request, or one entity of it.
type failure struct {
	status  int
	code    string
	message string
}

// Error returns the message, for tests that see one.
func (f *failure) Error() string { return fmt.Sprintf("%d %s: %s", f.status, f.code, f.message) }

// refusal returns an error as a failure. One that is none is a breach of Port's schemas or of a blueprint's declaration.
func refusal(err error) *failure {
	var f *failure
	if !errors.As(err, &f) {
		f = &failure{http.StatusUnprocessableEntity, "invalid_request", err.Error()}
	}
	return f
}

func notFound(kind, identifier string) error {
	return &failure{http.StatusNotFound, "not_found", fmt.Sprintf("%s with identifier %q was not found", kind, identifier)}
}

func taken(kind, identifier string) error {
	return &failure{http.StatusConflict, "identifier_taken", fmt.Sprintf("%s with identifier %q already exists", kind, identifier)}
}

// write writes an answer. A body that is not ok, although the request was not refused, is that of a bulk request.
func write(w http.ResponseWriter, status int, body map[string]any, err error) {
	if err != nil {
		f := refusal(err)
		status, body = f.status, map[string]any{"ok": false, "error": f.code, "message": f.message}
	} else if body["ok"] == false {
		status = http.StatusMultiStatus
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // a client that has gone is no concern of a server
}

// ok is the body of an answer that holds a value.
func ok(key string, value any) map[string]any { return map[string]any{"ok": true, key: value} }

// Kind is what a request was for.
type Kind = journal.Kind

// Request is a request that a Server saw.
type Request = journal.Request

// The kinds of requests that are distinguished.
const (
	Token           Kind = "token"
	BlueprintList   Kind = "blueprint list"
	BlueprintRead   Kind = "blueprint read"
	BlueprintCreate Kind = "blueprint create"
	BlueprintChange Kind = "blueprint change"
	BlueprintDelete Kind = "blueprint delete"
	Bulk            Kind = "bulk"
	BulkDelete      Kind = "bulk delete"
	Search          Kind = "search"
	WebhookRead     Kind = "webhook read"
	WebhookWrite    Kind = "webhook write"
	WebhookDelete   Kind = "webhook delete"
	VisualRead      Kind = "visual read"
	VisualWrite     Kind = "visual write"
	VisualDelete    Kind = "visual delete"
	Other           Kind = "other"
)

// Requests returns what was counted since the start or the last ResetCounts.
func (s *Server) Requests() journal.Counts { return s.journal.Counts() }

// ResetCounts begins to count anew, and forgets the requests that Seen returns.
func (s *Server) ResetCounts() { s.journal.Reset() }

// Seen returns the requests in the order in which they were answered, if Options.KeepRequests is set.
func (s *Server) Seen() []Request { return s.journal.Seen() }
