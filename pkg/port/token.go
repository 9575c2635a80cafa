package port

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/codecov-port/codecov-port/internal/httpclient"
)

// tokenSource holds the access token for all requests. It gets a new one before the old one expires, and once
// for all when Port refuses it, which it may at any time.
type tokenSource struct {
	http        *httpclient.Client
	address     *url.URL
	credentials []byte
	now         func() time.Time
	secrets     *httpclient.Secrets // learns each token
	turn        chan struct{}       // held by the one who reads or renews; a channel, so that waiting ends with the context
	value       string
	renewAt     time.Time
}

// renewEarly is how long before its end a token is replaced, so that none expires on its way.
const renewEarly = 5 * time.Minute

// longestLifetime is what counts as a token's lifetime at the most: a Duration does not reach to what a server may say.
const longestLifetime = 24 * time.Hour

func newTokenSource(client *httpclient.Client, address *url.URL, o Options, secrets *httpclient.Secrets) *tokenSource {
	credentials, _ := json.Marshal(map[string]string{"clientId": o.ClientID, "clientSecret": o.ClientSecret})
	return &tokenSource{
		http: client, address: address, credentials: credentials, now: o.Now, secrets: secrets, turn: make(chan struct{}, 1),
	}
}

// Authorization gives the current token, a new one where there is none or its end is near.
func (s *tokenSource) Authorization(ctx context.Context) (string, error) {
	return s.current(ctx, func() bool { return s.value == "" || !s.now().Before(s.renewAt) })
}

// Renew gives a new token in place of the refused one, or that one itself where Port hands it out again.
func (s *tokenSource) Renew(ctx context.Context, refused string) (string, error) {
	return s.current(ctx, func() bool { return s.value == refused })
}

// current gives the token, after fetching one where stale says so. Those who come meanwhile wait, and get
// what was fetched.
func (s *tokenSource) current(ctx context.Context, stale func() bool) (string, error) {
	select {
	case s.turn <- struct{}{}:
		defer func() { <-s.turn }()
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
	if stale() {
		if err := s.fetch(ctx); err != nil {
			return "", err
		}
	}
	return s.value, nil
}

func (s *tokenSource) fetch(ctx context.Context) error {
	response, failure := s.http.Do(ctx, httpclient.Request{Method: http.MethodPost, URL: s.address, Body: s.credentials, Class: tokenClass})
	if failure != nil {
		return newTokenError(failure, response)
	}
	var answer struct {
		AccessToken string  `json:"accessToken"`
		ExpiresIn   float64 `json:"expiresIn"` // seconds
		TokenType   string  `json:"tokenType"`
	}
	if err := json.Unmarshal(response.Body, &answer); err != nil || answer.AccessToken == "" {
		failure := &httpclient.Failure{Method: http.MethodPost, Address: s.address.Redacted(), Err: fmt.Errorf("the answer holds no access token")}
		return newAPIError(failure, nil)
	}
	lifetime := time.Duration(min(answer.ExpiresIn, longestLifetime.Seconds()) * float64(time.Second))
	s.secrets.Add(answer.AccessToken)
	s.value = "Bearer " + answer.AccessToken
	s.renewAt = s.now().Add(lifetime - min(renewEarly, lifetime/10))
	return nil
}
