package httpclient

import "context"

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
