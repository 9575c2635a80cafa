package httpclient

import (
	"context"
	"net/http"
)

// Authorizer knows the value of the Authorization header. It is safe for concurrent use.
type Authorizer interface {
	// Authorization gives the value to send.
	Authorization(ctx context.Context) (string, error)
	// Renew is told a value that was answered with 401. It gives the one to try once more with: another one, the same
	// for all who ask with the same refused value; the refused one itself where there is no other, as one refusal may be
	// a mistake; or "" when there is nothing to renew.
	Renew(ctx context.Context, refused string) (string, error)
}

// Bearer is a token that does not change. The zero value sends no header.
type Bearer string

// Authorization gives the header's value, "" without a token.
func (b Bearer) Authorization(context.Context) (string, error) {
	if b == "" {
		return "", nil
	}
	return "Bearer " + string(b), nil
}

// Renew gives nothing: the token is the user's own.
func (b Bearer) Renew(context.Context, string) (string, error) { return "", nil }

// String hides the token.
func (b Bearer) String() string { return "[redacted]" }

// GoString hides the token.
func (b Bearer) GoString() string { return "[redacted]" }

// authorized attaches the header and, on a 401, tries once more with a renewed one.
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
	if err != nil {
		_ = resp.Body.Close()
		return nil, err
	}
	if renewed == "" {
		return resp, nil
	}
	_ = resp.Body.Close()
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
