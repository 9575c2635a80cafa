package port_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/codecov-port/codecov-port/internal/fake/faults"
	fakeport "github.com/codecov-port/codecov-port/internal/fake/port"
	"github.com/codecov-port/codecov-port/pkg/port"
)

func TestUnpermittedTellsRefusedCredentialsFromMissingPermission(t *testing.T) {
	for name, test := range map[string]struct {
		secret string
		status int
		path   string
		want   bool
	}{
		"forbidden":             {fakeport.DefaultClientSecret, 403, "/v1/blueprints/", true},
		"unauthorized there":    {fakeport.DefaultClientSecret, 401, "/v1/blueprints/", true},
		"refused credentials":   {"wrong", 0, "", false},
		"broken":                {fakeport.DefaultClientSecret, 422, "/v1/blueprints/", false},
		"forbidden altogether":  {fakeport.DefaultClientSecret, 403, "/v1/auth/access_token", false},
		"unauthorized at token": {fakeport.DefaultClientSecret, 401, "/v1/auth/access_token", false},
	} {
		t.Run(name, func(t *testing.T) {
			server := fakeport.New(fakeport.Options{})
			if test.status != 0 {
				server.Faults.Add(faults.Fault{Times: -1, Status: test.status, Match: func(r *http.Request) bool { return strings.HasPrefix(r.URL.Path, test.path) }})
			}
			listener := httptest.NewServer(server)
			defer listener.Close()
			client, err := port.NewClient(port.Options{BaseURL: listener.URL, ClientID: fakeport.DefaultClientID, ClientSecret: test.secret})
			if err != nil {
				t.Fatal(err)
			}
			_, err = client.Blueprint(t.Context(), "codecov_coverage")
			if err == nil || errors.Is(err, port.ErrNotFound) {
				t.Fatalf("the request was answered: %v", err)
			}
			if got := port.IsPermissionError(err); got != test.want {
				t.Errorf("IsPermissionError(%v) = %v, want %v", err, got, test.want)
			}
		})
	}
}
