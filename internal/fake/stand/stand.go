// Package stand serves a fake Codecov and a fake Port on this machine, for the demo and for cmd/emulators.
package stand

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	fakecodecov "github.com/codecov-port/codecov-port/internal/fake/codecov"
	"github.com/codecov-port/codecov-port/internal/fake/journal"
	fakeport "github.com/codecov-port/codecov-port/internal/fake/port"
)

// Options describe the fakes. The credentials and an account are required.
type Options struct {
	Accounts                             []fakecodecov.Account // Environment names the first
	ClientID, ClientSecret, CodecovToken string
	CodecovAddress, PortAddress          string // empty: any free port of this machine
	Latency                              func(*http.Request) time.Duration
	RateLimit                            fakeport.RateLimit
	Ties                                 bool // orders commits of equal time as PostgreSQL does
}

// Stand is the fakes and where they are served. Port's server also answers GET /_counts and GET /_entities?blueprint=ID,
// which are not counted.
type Stand struct {
	Codecov             *fakecodecov.Server
	Port                *fakeport.Server
	CodecovURL, PortURL string

	options Options
	servers []*httptest.Server
}

// Start starts both servers. They run until Close.
func Start(ctx context.Context, options Options) (*Stand, error) {
	s := &Stand{
		options: options,
		Codecov: fakecodecov.New(fakecodecov.Options{
			Accounts: options.Accounts,
			Tokens:   map[string]fakecodecov.Access{options.CodecovToken: {}},
			Latency:  func(r *http.Request, _ int) time.Duration { return options.Latency(r) },
			Ties:     options.Ties,
		}),
		Port: fakeport.New(fakeport.Options{
			ClientID: options.ClientID, ClientSecret: options.ClientSecret, Latency: options.Latency, RateLimit: options.RateLimit,
		}),
	}
	mux := http.NewServeMux()
	mux.Handle("/", s.Port)
	mux.HandleFunc("GET /_counts", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = s.WriteCounts(w)
	})
	mux.HandleFunc("GET /_entities", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(s.Port.Entities(r.URL.Query().Get("blueprint")))
	})
	var err error
	if s.CodecovURL, err = s.serve(ctx, options.CodecovAddress, s.Codecov); err != nil {
		return nil, err
	}
	if s.PortURL, err = s.serve(ctx, options.PortAddress, mux); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

func (s *Stand) serve(ctx context.Context, address string, handler http.Handler) (string, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", cmp.Or(address, "127.0.0.1:0"))
	if err != nil {
		return "", fmt.Errorf("start a server: %w", err)
	}
	server := &httptest.Server{Listener: listener, Config: &http.Server{Handler: handler, ReadHeaderTimeout: time.Minute}}
	server.Start()
	s.servers = append(s.servers, server)
	return server.URL, nil
}

// Close stops both servers.
func (s *Stand) Close() {
	for _, server := range s.servers {
		server.CloseClientConnections()
		server.Close()
	}
}

// Environment returns what a shell has to export for codecov-port to find the fakes and the first account.
func (s *Stand) Environment() string {
	account := s.options.Accounts[0]
	var lines strings.Builder
	for _, variable := range [][2]string{
		{"PORT_CLIENT_ID", s.options.ClientID},
		{"PORT_CLIENT_SECRET", s.options.ClientSecret},
		{"PORT_BASE_URL", s.PortURL},
		{"CODECOV_TOKEN", s.options.CodecovToken},
		{"CODECOV_SERVICE_PROVIDER", account.Service},
		{"CODECOV_SERVICE_PROVIDER_ACCOUNT_NAME", account.Owner.Username},
		{"CODECOV_URL", s.CodecovURL},
	} {
		fmt.Fprintf(&lines, "export %s='%s'\n", variable[0], strings.ReplaceAll(variable[1], "'", `'\''`))
	}
	return lines.String()
}

// WriteCounts writes what both fakes have seen, and how many entities of each blueprint Port has, as JSON.
func (s *Stand) WriteCounts(w io.Writer) error {
	entities := map[string]int{}
	for _, blueprint := range s.Port.Blueprints() {
		entities[blueprint] = s.Port.Count(blueprint)
	}
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	return encoder.Encode(struct {
		Codecov  journal.Counts `json:"codecov"`
		Port     journal.Counts `json:"port"`
		Entities map[string]int `json:"entities"`
	}{s.Codecov.Requests(), s.Port.Requests(), entities})
}
