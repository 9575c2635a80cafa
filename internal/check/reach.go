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

// patience is how long a single answer is waited for.
const patience = 20 * time.Second

// reach asks an address once, without credentials: any answer will do. The clients' own retries would take minutes.
func (d *doctor) reach(ctx context.Context, address string) Step {
	client := http.Client{
		Transport:     d.Network,
		Timeout:       patience,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return failed(Configuration, "the address cannot be asked: "+err.Error(), "it looks like https://codecov.example.com")
	}
	response, err := client.Do(request)
	if unknown := (x509.UnknownAuthorityError{}); errors.As(err, &unknown) {
		return failed(Configuration, request.URL.Redacted()+" has a certificate that is not trusted: "+httpclient.Message(unknown.Error()),
			"where it is from a CA of your own, name it: --ca-file FILE")
	}
	if err != nil {
		return failed(Other, request.URL.Redacted()+" does not answer: "+httpclient.Message(withoutAddress(err).Error()),
			"check the address, the network, and a proxy (HTTPS_PROXY, NO_PROXY)")
	}
	_ = response.Body.Close() // that it answered is all that counts
	return well(request.URL.Redacted() + " answers")
}

// withoutAddress strips the method and the address that net/http puts before an error.
func withoutAddress(err error) error {
	if wrapped := (*url.Error)(nil); errors.As(err, &wrapped) {
		return wrapped.Err
	}
	return err
}

// patiently bounds a request with all its retries.
func patiently(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, 2*patience, errors.New("no good answer within "+(2*patience).String()))
}
