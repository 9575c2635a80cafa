package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	fakeport "github.com/codecov-port/codecov-port/internal/fake/port"
)

// portAPI METHOD PATH [FILE]: somebody else asks Port; the answer becomes the standard output.
func portAPI(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 || len(args) > 3 {
		ts.Fatalf("usage: portapi METHOD PATH [FILE]")
	}
	catalog, body := ts.Value(portKey).(*fakeport.Server), ""
	if len(args) == 3 {
		body = ts.ReadFile(args[2])
	}
	_, err := ts.Stdout().Write([]byte(askPort(ts, catalog, portToken(ts, catalog), args[0], args[1], body)))
	ts.Check(err)
}

func askPort(ts *testscript.TestScript, catalog *fakeport.Server, token, method, path, body string) string {
	request := httptest.NewRequest(method, path, strings.NewReader(body))
	request.Header.Set("Authorization", "Bearer "+token)
	request.Header.Set("Content-Type", "application/json")
	recorder := httptest.NewRecorder()
	catalog.ServeHTTP(recorder, request)
	if recorder.Code >= http.StatusBadRequest {
		ts.Fatalf("%s %s: %d %s", method, path, recorder.Code, recorder.Body)
	}
	return recorder.Body.String()
}

// stamps matches what Port sets in a blueprint whenever it is written.
var stamps = regexp.MustCompile(`"updatedAt":"[^"]*"`)

// catalogDump FILE: everything in Port but entities becomes FILE.
func catalogDump(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: catalog FILE")
	}
	catalog := ts.Value(portKey).(*fakeport.Server)
	token := portToken(ts, catalog)
	var text strings.Builder
	paths := []string{"/v1/webhooks/codecov_mapper"}
	for _, identifier := range catalog.Blueprints() {
		paths = append(paths, "/v1/blueprints/"+identifier, "/v1/blueprints/"+identifier+"/scorecards")
	}
	for _, path := range paths {
		text.WriteString(stamps.ReplaceAllString(askPort(ts, catalog, token, http.MethodGet, path, ""), "") + "\n")
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(text.String()), 0o600))
}

func portToken(ts *testscript.TestScript, catalog *fakeport.Server) string {
	var token struct {
		AccessToken string `json:"accessToken"`
	}
	credentials := `{"clientId":"` + fakeport.DefaultClientID + `","clientSecret":"` + fakeport.DefaultClientSecret + `"}`
	ts.Check(json.Unmarshal([]byte(askPort(ts, catalog, "", http.MethodPost, "/v1/auth/access_token", credentials)), &token))
	return token.AccessToken
}
