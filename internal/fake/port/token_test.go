package port_test

import (
	"testing"
	"time"

	fakeport "github.com/codecov-port/codecov-port/internal/fake/port"
)

const tokenRequest = "POST /v1/auth/access_token"

func TestCredentials(t *testing.T) {
	c := start(t, fakeport.Options{ClientID: fakeport.DefaultClientID})
	c.refused(tokenRequest, credentials(fakeport.DefaultClientID, "wrong"), 401, "invalid_credentials")
	c.refused(tokenRequest, credentials("wrong", fakeport.DefaultClientSecret), 401, "invalid_credentials")
	c.refused(tokenRequest, `{"clientId":"a"}`, 422, "clientSecret")
	c.refused(tokenRequest, `{"clientId":"a","clientSecret":"b","scope":"c"}`, 422, "scope")
	c.refused(tokenRequest, `{`, 400, "invalid_json")
	c.refused(tokenRequest, "", 422, "body must be object")

	own := fakeport.New(fakeport.Options{ClientID: "mine", ClientSecret: "own"})
	c = &client{t: t, server: own, handler: underContract(t, own)}
	c.must(tokenRequest, credentials("mine", "own"))
	c.refused(tokenRequest, credentials(fakeport.DefaultClientID, fakeport.DefaultClientSecret), 401, "invalid_credentials")
}

func TestTokenAges(t *testing.T) {
	now := time.Date(2026, 11, 22, 22, 0, 0, 0, time.UTC)
	c := start(t, fakeport.Options{Now: func() time.Time { return now }, TokenLifetime: time.Hour})
	first := c.token

	now = now.Add(40 * time.Minute)
	again := c.must(tokenRequest, credentials(fakeport.DefaultClientID, fakeport.DefaultClientSecret))
	if again.body["accessToken"] != first || again.body["expiresIn"] != 1200.0 || again.body["tokenType"] != "Bearer" {
		t.Errorf("asked again: %v, want the same token with 1200 s", again.body)
	}
	now = now.Add(20*time.Minute - time.Nanosecond)
	c.must("GET /v1/blueprints", "")
	now = now.Add(time.Nanosecond)
	c.refused("GET /v1/blueprints", "", 401, "expired")
	c.login()
	if c.token == first {
		t.Error("the expired token was issued again")
	}
	c.must("GET /v1/blueprints", "")
}

func TestTokenIsRequired(t *testing.T) {
	c := start(t, fakeport.Options{})
	old := c.token
	c.server.RevokeTokens()
	c.refused("GET /v1/blueprints", "", 401, "not valid")
	c.token = ""
	c.refused("GET /v1/blueprints", "", 401, "missing")
	c.login()
	if c.token == old {
		t.Error("the revoked token was issued again")
	}
	c.must("GET /v1/blueprints", "")
	c.token = old
	c.refused("POST /v1/blueprints/service/entities/bulk?upsert=true", `{"entities":[{"identifier":"a"}]}`, 401, "not valid")
}
