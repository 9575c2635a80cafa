package httpclient

import (
	"context"
	"net/http"
)

// authorized is the layer that adds the Authorization header and, after a 401, sends the request once more with a new one.
type authorized struct {
	next      http.RoundTripper
	authorize func(ctx context.Context, rejected string) (string, error) // see Options
}

func (a authorized) RoundTrip(req *http.Request) (*http.Response, error) {
	value, err := a.authorize(req.Context(), "")
	if err != nil {
		return nil, err
	}
	resp, err := a.send(req, value)
	if err != nil || resp.StatusCode != http.StatusUnauthorized || value == "" {
		return resp, err
	}
	switch renewed, err := a.authorize(req.Context(), value); {
	case err != nil:
		return nil, err
	case renewed != "":
		return a.send(req, renewed)
	}
	return resp, nil
}

func (a authorized) send(req *http.Request, value string) (*http.Response, error) {
	req = req.Clone(req.Context())
	if value != "" {
		req.Header.Set("Authorization", value)
	}
	return a.next.RoundTrip(req)
}
