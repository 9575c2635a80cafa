package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
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
	var token struct {
		AccessToken string `json:"accessToken"`
	}
	credentials := `{"clientId":"` + fakeport.DefaultClientID + `","clientSecret":"` + fakeport.DefaultClientSecret + `"}`
	ts.Check(json.Unmarshal([]byte(askPort(ts, catalog, "", http.MethodPost, "/v1/auth/access_token", credentials)), &token))
	_, err := ts.Stdout().Write([]byte(askPort(ts, catalog, token.AccessToken, args[0], args[1], body)))
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
