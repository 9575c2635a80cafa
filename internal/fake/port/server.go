// Package port is a fake of Port's API for tests and the demo: an http.Handler with the part of the API that codecov-port
// uses, as strict as the real one. It refuses what Port's contract and what a blueprint does not allow, and it counts requests.
//
// Where the contract says nothing, it is strict. Other parts of the API are answered with the error code "not_emulated".
package port

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/codecov-port/codecov-port/internal/fake/contract"
	"github.com/codecov-port/codecov-port/internal/fake/faults"
)

// The credentials that a Server takes when Options names none.
const (
	DefaultClientID     = "porttest-client-id"
	DefaultClientSecret = "porttest-client-secret"
)

// bodyLimit is Port's: "Request body is too large (limit is 1MiB)".
const bodyLimit = 1 << 20

// Options says how a Server behaves. The zero value is a Port without limits.
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

// Server is the emulated Port: one organization, in memory. It is an http.Handler and safe for concurrent use.
// Entities are kept as compact JSON, some 500 bytes each, so that a million fit.
type Server struct {
	Faults faults.Queue // put in place of answers; see package faults

	options Options
	routes  *http.ServeMux
	kinds   map[string]Kind // by pattern
	tokens  *tokens
	limiter *limiter
	journal journal
	traces  atomic.Uint64

	mu         sync.Mutex // guards what follows
	catalog    *catalog
	webhooks   []webhook
	visuals    []visual
	violations []error
}

// New returns a Port without blueprints.
func New(options Options) *Server {
	options = options.withDefaults()
	s := &Server{
		options: options,
		tokens:  &tokens{lifetime: options.TokenLifetime, now: options.Now},
		limiter: &limiter{limit: options.RateLimit, now: options.Now},
		journal: journal{keep: options.KeepRequests},
		catalog: newCatalog(options),
	}
	s.route()
	return s
}

func (o Options) withDefaults() Options {
	if o.ClientID == "" {
		o.ClientID = DefaultClientID
	}
	if o.ClientSecret == "" {
		o.ClientSecret = DefaultClientSecret
	}
	if o.TokenLifetime == 0 {
		o.TokenLifetime = 3 * time.Hour
	}
	if o.RateLimit.Period == 0 {
		o.RateLimit.Period = time.Minute
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

// ServeHTTP counts the request, waits the latency, and returns the answer or a fault in its place.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := readBody(r)
	request := Request{
		Kind: s.kindOf(r), Method: r.Method, Path: r.URL.EscapedPath(), Query: r.URL.RawQuery,
		Header: r.Header.Clone(), Body: body,
	}
	recorded := &recorder{ResponseWriter: w}
	recorded.finish = sync.OnceFunc(func() {
		request.Status = recorded.status
		s.journal.add(request, recorded.sent)
	})
	defer recorded.finish()
	w.Header().Set("X-Trace-Id", fmt.Sprintf("%032x", s.traces.Add(1)))
	if err != nil || !s.wait(r) {
		return // the client is gone
	}
	s.Faults.Wrap(http.HandlerFunc(s.answer)).ServeHTTP(recorded, r)
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

// wait lets the latency pass; false means that the client did not wait for it.
func (s *Server) wait(r *http.Request) bool {
	if s.options.Latency == nil {
		return true
	}
	timer := time.NewTimer(s.options.Latency(r))
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-r.Context().Done():
		return false
	}
}

// answer is the Port behind the faults.
func (s *Server) answer(w http.ResponseWriter, r *http.Request) {
	if !s.limiter.admit(w.Header()) {
		refused := &failure{http.StatusTooManyRequests, "rate_limit_exceeded", "Too many requests"}
		writeJSON(w, refused.status, refused.body())
		return
	}
	s.routes.ServeHTTP(w, r)
}

// operation is one endpoint: what it is counted as and what returns its answer, a status and a JSON body. The server is
// locked during the call.
type operation struct {
	kind   Kind
	answer func(*Server, call) (int, any, *failure)
}

var operations = map[string]operation{
	"POST /v1/auth/access_token": {Token, (*Server).createToken},

	"GET /v1/blueprints":                {BlueprintList, (*Server).listBlueprints},
	"POST /v1/blueprints":               {BlueprintCreate, (*Server).createBlueprint},
	"GET /v1/blueprints/{identifier}":   {BlueprintRead, (*Server).readBlueprint},
	"PUT /v1/blueprints/{identifier}":   {BlueprintChange, (*Server).replaceBlueprint},
	"PATCH /v1/blueprints/{identifier}": {BlueprintChange, (*Server).patchBlueprint},

	"POST /v1/blueprints/{blueprint_identifier}/entities/bulk":        {Bulk, (*Server).bulkWrite},
	"POST /v1/blueprints/{blueprint_identifier}/bulk/entities/delete": {BulkDelete, (*Server).bulkDelete},
	"POST /v1/blueprints/{blueprint_identifier}/entities/search":      {Search, (*Server).search},

	"POST /v1/webhooks":                {WebhookWrite, (*Server).createWebhook},
	"GET /v1/webhooks/{identifier}":    {WebhookRead, (*Server).readWebhook},
	"PATCH /v1/webhooks/{identifier}":  {WebhookWrite, (*Server).patchWebhook},
	"DELETE /v1/webhooks/{identifier}": {WebhookDelete, (*Server).deleteWebhook},

	"POST /v1/blueprints/{blueprint_identifier}/scorecards":                          {VisualWrite, (*Server).createScorecard},
	"GET /v1/blueprints/{blueprint_identifier}/scorecards":                           {VisualRead, (*Server).listScorecards},
	"GET /v1/blueprints/{blueprint_identifier}/scorecards/{scorecard_identifier}":    {VisualRead, readVisual("scorecard")},
	"DELETE /v1/blueprints/{blueprint_identifier}/scorecards/{scorecard_identifier}": {VisualDelete, (*Server).deleteVisual},
	"POST /v1/pages":                                            {VisualWrite, (*Server).createPage},
	"GET /v1/pages/{identifier}":                                {VisualRead, readVisual("page")},
	"DELETE /v1/pages/{identifier}":                             {VisualDelete, (*Server).deleteVisual},
	"DELETE /v1/blueprints/{blueprint_identifier}/all-entities": {BlueprintDelete, (*Server).deleteAllEntities},
}

func (s *Server) route() {
	s.routes, s.kinds = http.NewServeMux(), map[string]Kind{}
	for pattern, o := range operations {
		s.kinds[pattern] = o.kind
		s.routes.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) { s.serve(pattern, o, w, r) })
	}
	s.routes.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		writeJSON(w, http.StatusNotFound, notFound("Route", r.Method+" "+r.URL.Path).body())
	})
}

func (s *Server) kindOf(r *http.Request) Kind {
	_, pattern := s.routes.Handler(r)
	if kind, ok := s.kinds[pattern]; ok {
		return kind
	}
	return Other
}

func (s *Server) serve(pattern string, o operation, w http.ResponseWriter, r *http.Request) {
	status, body, refused := s.perform(pattern, o, r)
	if refused != nil {
		status, body = refused.status, refused.body()
	}
	writeJSON(w, status, body)
}

func (s *Server) perform(pattern string, o operation, r *http.Request) (int, any, *failure) {
	if o.kind != Token {
		if refused := s.tokens.check(r); refused != nil {
			return 0, nil, refused
		}
	}
	c, refused := s.read(pattern, r)
	if refused != nil {
		return 0, nil, refused
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	identifier := r.PathValue("blueprint_identifier")
	if c.blueprint = s.catalog.blueprints[identifier]; c.blueprint == nil && identifier != "" {
		return 0, nil, notFound("Blueprint", identifier)
	}
	return o.answer(s, c)
}

// call is a request that has passed the contract.
type call struct {
	*http.Request
	body      any        // decoded
	blueprint *blueprint // nil if the path has no blueprint_identifier
}

// object returns the body of a request whose schema says that it is an object; one that was left out is empty.
func (c call) object() map[string]any {
	object, _ := c.body.(map[string]any)
	return object
}

// is reports whether a boolean query parameter is set.
func (c call) is(parameter string) bool { return c.URL.Query().Get(parameter) == "true" }

// read holds a request to the contract. Requests that break it are kept in Violations.
func (s *Server) read(pattern string, r *http.Request) (call, *failure) {
	body, err := io.ReadAll(r.Body)
	switch {
	case err != nil:
		return call{}, &failure{http.StatusBadRequest, "invalid_request", "The body could not be read"}
	case len(body) > bodyLimit:
		return call{}, &failure{http.StatusRequestEntityTooLarge, "payload_too_large", "Request body is too large (limit is 1MiB)"}
	case len(body) > 0 && !isJSON(r):
		return call{}, &failure{http.StatusUnsupportedMediaType, "unsupported_media_type", "The body must be application/json"}
	}
	c := call{Request: r}
	if len(body) > 0 {
		if err := json.Unmarshal(body, &c.body); err != nil {
			return call{}, &failure{http.StatusBadRequest, "invalid_json", "body is not valid JSON: " + err.Error()}
		}
	}
	if err := contract.CheckRequest(pattern, r.URL.Query(), c.body); err != nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.violations = append(s.violations, fmt.Errorf("%s %s: %w", r.Method, r.URL.Path, err))
		return call{}, invalidf("%s", err)
	}
	return c, nil
}

func isJSON(r *http.Request) bool {
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return err == nil && media == "application/json"
}

// Requests returns what was counted since the start or the last ResetCounts.
func (s *Server) Requests() Counts { return s.journal.read() }

// ResetCounts begins to count anew, and forgets the requests that Seen returns.
func (s *Server) ResetCounts() { s.journal.reset() }

// Seen returns the requests in the order in which they were answered, if Options.KeepRequests is set.
func (s *Server) Seen() []Request {
	s.journal.mu.Lock()
	defer s.journal.mu.Unlock()
	return slices.Clone(s.journal.seen)
}

// Violations describes the requests so far that broke the contract.
func (s *Server) Violations() []error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.violations)
}

// RevokeTokens makes every token that was handed out invalid.
func (s *Server) RevokeTokens() { s.tokens.revoke() }
