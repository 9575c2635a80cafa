package port

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/codecov-port/codecov-port/internal/httpclient"
)

const (
	tokenPath = "/v1/auth/access_token"
	// renewEarly is how long before its end a token is replaced, so that none expires on its way.
	renewEarly = 5 * time.Minute
	// maxLifetime bounds the lifetime that a server may claim: a time.Duration cannot hold every number.
	maxLifetime = 24 * time.Hour
)

// tokenSource holds the access token of all requests. It fetches a new one before the token expires, and one for all
// requests when Port rejects it, which Port may at any time.
type tokenSource struct {
	client      *Client
	credentials []byte
	secrets     *httpclient.Secrets // receives each token
	turn        chan struct{}       // a lock that a context can stop waiting for; guards what follows
	value       string
	renewAt     time.Time
}

// authorize returns the current token, or a new one if there is none, it expires soon, or it was rejected; Port may
// issue the same again. Concurrent callers wait for the one that fetches.
func (s *tokenSource) authorize(ctx context.Context, rejected string) (string, error) {
	select {
	case s.turn <- struct{}{}:
		defer func() { <-s.turn }()
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
	if s.value == rejected || !time.Now().Before(s.renewAt) {
		if err := s.fetch(ctx); err != nil {
			return "", err
		}
	}
	return s.value, nil
}

func (s *tokenSource) fetch(ctx context.Context) error {
	request := httpclient.Request{
		Method: http.MethodPost, URL: httpclient.AddressBelow(s.client.base, tokenPath), Body: s.credentials, Class: tokenClass, SignIn: true,
	}
	response, failure := s.client.http.Do(ctx, request)
	if failure != nil {
		e := newAPIError(failure, response)
		if e.Status == http.StatusNotFound {
			e.Err = ErrNotPort // about the address: Port answers wrong credentials with 401
		}
		return e
	}
	var answer struct {
		AccessToken string  `json:"accessToken"`
		ExpiresIn   float64 `json:"expiresIn"` // seconds
	}
	if err := json.Unmarshal(response.Body, &answer); err != nil || answer.AccessToken == "" {
		err = httpclient.DecodeError(errors.New("it holds no access token")) // err may quote the token
		return &APIError{Method: request.Method, URL: request.URL.Redacted(), Err: err}
	}
	lifetime := time.Duration(min(answer.ExpiresIn, maxLifetime.Seconds()) * float64(time.Second))
	s.secrets.Add(answer.AccessToken)
	s.value = "Bearer " + answer.AccessToken
	s.renewAt = time.Now().Add(lifetime - min(renewEarly, lifetime/10))
	return nil
}
