package port_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	fakeport "github.com/codecov-port/codecov-port/internal/fake/port"
	"github.com/codecov-port/codecov-port/pkg/port"
)

const secret = "a-secret-that-nobody-may-see"

// emulate returns a Port with two blueprints. Each request that reaches it is held to Port's contract.
func emulate(t testing.TB, o fakeport.Options) *fakeport.Server {
	t.Helper()
	o.ClientSecret, o.KeepRequests = secret, true
	server := fakeport.New(o)
	for _, blueprint := range []string{serviceBlueprint, eventBlueprint} {
		if err := server.PutBlueprint([]byte(blueprint)); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() {
		for _, violation := range server.Violations() {
			t.Error(violation)
		}
	})
	return server
}

const serviceBlueprint = `{"identifier":"service","title":"Service","schema":{"properties":{"language":{"type":"string"}}},"relations":{}}`

const eventBlueprint = `{"identifier":"event","title":"Event","schema":{"properties":{"value":{"type":"number"},"note":{"type":"string"}}},
	"relations":{"service":{"target":"service","required":false,"many":false}}}`

// connect serves a handler over real HTTP, below a prefix that an absolute address would leave out, and returns a client.
func connect(t testing.TB, handler http.Handler, change ...func(*port.Options)) *port.Client {
	t.Helper()
	server := httptest.NewServer(http.StripPrefix("/prefix", handler))
	t.Cleanup(server.Close)
	return newClient(t, append(change, func(o *port.Options) { o.BaseURL = server.URL + "/prefix" })...)
}

// connectInside returns a client that calls a handler without a connection, for the tests of time inside synctest.
func connectInside(t testing.TB, handler http.Handler, change ...func(*port.Options)) *port.Client {
	t.Helper()
	return newClient(t, append(change, func(o *port.Options) { o.Transport = inside{handler} })...)
}

func newClient(t testing.TB, change ...func(*port.Options)) *port.Client {
	t.Helper()
	options := port.Options{ClientID: fakeport.DefaultClientID, ClientSecret: secret}
	for _, apply := range change {
		apply(&options)
	}
	client, err := port.NewClient(options)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// inside is a RoundTripper that calls a handler.
type inside struct{ handler http.Handler }

func (i inside) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body == nil {
		r.Body = http.NoBody
	}
	recorder := httptest.NewRecorder()
	i.handler.ServeHTTP(recorder, r)
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	return recorder.Result(), nil
}

// handing is a Port that issues tokens and answers everything else with one status and body.
func handing(status int, body string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/auth/access_token") {
			_, _ = io.WriteString(w, `{"ok":true,"accessToken":"t","expiresIn":10800,"tokenType":"Bearer"}`)
			return
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	})
}

// isToken and isNoToken are matches for faults.
func isToken(r *http.Request) bool   { return strings.HasSuffix(r.URL.Path, "/auth/access_token") }
func isNoToken(r *http.Request) bool { return !isToken(r) }

// of returns the requests of one kind that the emulator saw.
func of(server *fakeport.Server, kind fakeport.Kind) []fakeport.Request {
	var found []fakeport.Request
	for _, request := range server.Seen() {
		if request.Kind == kind {
			found = append(found, request)
		}
	}
	return found
}
