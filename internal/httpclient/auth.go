package httpclient

import (
	"context"
	"net/http"
)

// Authorizer provides the Authorization header. It is safe for concurrent use.
type Authorizer interface {
	// Authorization returns the value to send, "" for none.
	Authorization(ctx context.Context) (string, error)
	// Renew returns the value to retry a request with that was answered with 401: a new one, which is the same for all
	// callers with the same rejected value; the rejected one, if there is no other and the answer may be a mistake; or
	// "" for no retry.
	Renew(ctx context.Context, rejected string) (string, error)
}

// Bearer is a token that does not change. The zero value sends no header.
type Bearer string

// Authorization returns the header's value.
func (b Bearer) Authorization(context.Context) (string, error) {
	if b == "" {
		return "", nil
	}
	return "Bearer " + string(b), nil
}

// Renew returns "": a fixed token cannot be renewed.
func (b Bearer) Renew(context.Context, string) (string, error) { return "", nil }

// String hides the token.
func (b Bearer) String() string { return redacted }

// GoString hides the token.
func (b Bearer) GoString() string { return redacted }

// authorized adds the header and, after a 401, sends the request once more with a renewed one.
type authorized struct {
	next       http.RoundTripper
	authorizer Authorizer
}

func (a *authorized) RoundTrip(req *http.Request) (*http.Response, error) {
	value, err := a.authorizer.Authorization(req.Context())
	if err != nil {
		return nil, err
	}
	resp, err := a.send(req, value)
	if err != nil || resp.StatusCode != http.StatusUnauthorized || value == "" {
		return resp, err
	}
	renewed, err := a.authorizer.Renew(req.Context(), value)
	if err == nil && renewed == "" {
		return resp, nil
	}
	_ = resp.Body.Close()
	if err != nil {
		return nil, err
	}
	return a.send(req, renewed)
}

func (a *authorized) send(req *http.Request, value string) (*http.Response, error) {
	attempt := req.Clone(req.Context())
	if value != "" {
		attempt.Header.Set("Authorization", value)
	}
	if req.GetBody != nil {
		body, err := req.GetBody()
		if err != nil {
			return nil, err
		}
		attempt.Body = body
	}
	return a.next.RoundTrip(attempt)
}
