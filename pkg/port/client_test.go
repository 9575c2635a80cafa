package port_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/codecov-port/codecov-port/internal/fake/faults"
	fakeport "github.com/codecov-port/codecov-port/internal/fake/port"
	"github.com/codecov-port/codecov-port/internal/httpclient"
	"github.com/codecov-port/codecov-port/pkg/port"
)

func TestRegionURL(t *testing.T) {
	for region, want := range map[string]string{"eu": port.EUBaseURL, "EU": port.EUBaseURL, " us\n": port.USBaseURL, "Us": port.USBaseURL, "": "", "de": "", "https://api.port.io": ""} {
		if got, err := port.RegionURL(region); got != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v", region, got, err)
		}
	}
}

func TestNewClientRefuses(t *testing.T) {
	for address, insecure := range map[string]bool{
		"api.port.io": false, "ftp://api.port.io": false, "https://me:hunter2@api.port.io": false, "https://api.port.io?a=b": false,
		"http://api.port.io": true, "http://localhost.example.com": true,
	} {
		_, err := port.NewClient(port.Options{BaseURL: address})
		if err == nil || errors.Is(err, httpclient.ErrInsecure) != insecure || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: error %v", address, err)
		}
	}
}

func TestBaseURL(t *testing.T) {
	for _, suffix := range []string{"", "/", "///", "/v1", "/v1/", "/v1//", "//v1"} {
		var asked []string
		handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			asked = append(asked, r.URL.Path)
			handing(http.StatusOK, `{"blueprint":{"identifier":"service"}}`).ServeHTTP(w, r)
		})
		for _, prefix := range []string{"", "/prefix", "/v1/prefix"} {
			asked = nil
			client := connectInside(t, handler, func(o *port.Options) { o.BaseURL = "https://api.port.io" + prefix + suffix })
			read(t, client)
			if want := []string{prefix + "/v1/auth/access_token", prefix + "/v1/blueprints/service"}; !slices.Equal(asked, want) {
				t.Errorf("%s%s: requested %q, want %q", prefix, suffix, asked, want)
			}
		}
	}
}

// TestRedirect: the error names the target, without what may be a secret.
func TestRedirect(t *testing.T) {
	server := emulate(t, fakeport.Options{})
	server.Faults.Add(faults.Fault{
		Match: isNoToken, Status: http.StatusFound, Header: http.Header{"Location": {"https://login.example.com/sso?code=" + secret}},
	})
	_, err := connect(t, server).Blueprint(t.Context(), "service")
	if !errors.Is(err, port.ErrNotPort) || !strings.HasSuffix(err.Error(), "302 Found: redirects to https://login.example.com/sso (trace id 00000000000000000000000000000002)") {
		t.Errorf("error %v, want ErrNotPort with the target", err)
	}
}

func TestNewClientTakes(t *testing.T) {
	for _, options := range []port.Options{
		{}, {BaseURL: port.USBaseURL}, {BaseURL: "http://localhost:8080/"}, {BaseURL: "http://port.example.com", InsecureHTTP: true},
	} {
		if _, err := port.NewClient(options); err != nil {
			t.Errorf("%s: %v", options.BaseURL, err)
		}
	}
}

// TestOptionsHideTheSecret prints options in every way in which a program might.
func TestOptionsHideTheSecret(t *testing.T) {
	options := port.Options{ClientID: "an-id-to-hide", ClientSecret: secret, BaseURL: port.USBaseURL}
	var logged bytes.Buffer
	slog.New(slog.NewTextHandler(&logged, nil)).Info("start", "options", options)
	slog.New(slog.NewJSONHandler(&logged, nil)).Info("start", "options", &options)
	printed := []string{logged.String()}
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		printed = append(printed, fmt.Sprintf(format, options), fmt.Sprintf(format, &options), fmt.Sprintf(format, []port.Options{options}))
	}
	for _, text := range printed {
		if strings.Contains(text, secret) || strings.Contains(text, "an-id-to-hide") || !strings.Contains(text, "Port at "+port.USBaseURL) {
			t.Errorf("printed %s", text)
		}
	}
}

func TestHeaders(t *testing.T) {
	server := emulate(t, fakeport.Options{})
	client := connect(t, server, func(o *port.Options) { o.UserAgent = "codecov-port/test" })
	read(t, client)
	if len(server.Seen()) != 2 {
		t.Fatalf("%d requests", len(server.Seen()))
	}
	for _, request := range server.Seen() {
		if request.Header.Get("User-Agent") != "codecov-port/test" || request.Header.Get("Accept") != "application/json" {
			t.Errorf("%s: headers %v", request.Path, request.Header)
		}
	}
}

func TestCounts(t *testing.T) {
	server := emulate(t, fakeport.Options{})
	client := connect(t, server)
	if _, err := bulkUpsert(t, client, "event", events(3), port.UpsertOptions{}); err != nil {
		t.Fatal(err)
	}
	counts, seen := client.Counts(), server.Requests()
	if counts.Requests != 2 || counts.SentBytes != int64(seen.BytesReceived) || counts.ReceivedBytes != int64(seen.BytesSent) {
		t.Errorf("counted %+v, the server saw %+v", counts, seen)
	}
}
