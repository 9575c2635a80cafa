package check

import (
	"context"
	"crypto/x509"
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/codecov-port/codecov-port/internal/httpclient"
)

// patience limits a single response.
const patience = 20 * time.Second

// reach sends one request without credentials and retries; any response will do.
func (d *doctor) reach(ctx context.Context, address string) Step {
	client := http.Client{
		Transport:     d.options.Network,
		Timeout:       patience,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return failed(Configuration, "invalid address: "+err.Error(), "an address looks like https://codecov.example.com")
	}
	response, err := client.Do(request)
	if unknown := (x509.UnknownAuthorityError{}); errors.As(err, &unknown) {
		return failed(Configuration, "the certificate of "+request.URL.Redacted()+" is not trusted: "+httpclient.Message(unknown.Error()),
			"if it was issued by your own CA, add --ca-file FILE")
	}
	if err != nil {
		if wrapped := (*url.Error)(nil); errors.As(err, &wrapped) {
			err = wrapped.Err // without the method and the address
		}
		return failed(Other, request.URL.Redacted()+" doesn't respond: "+httpclient.Message(err.Error()),
			"check the address, the network, and the proxy (HTTPS_PROXY, NO_PROXY)")
	}
	_ = response.Body.Close()
	return passed(request.URL.Redacted()+" responds", "")
}

// withPatience limits a request with all its retries.
func withPatience(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, 2*patience, errors.New("no valid response within "+(2*patience).String()))
}
