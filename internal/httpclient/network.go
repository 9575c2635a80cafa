package httpclient

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"time"
)

const (
	maxIdlePerHost = 64      // the default of two would open a connection for almost every request
	maxHeaderBytes = 1 << 20 // of an answer
)

var sharedNetwork = NewNetwork(nil)

// NewNetwork returns a transport for Options.Network that trusts roots, or the system's certificates if that is nil.
// It uses the proxies of the environment: HTTPS_PROXY, HTTP_PROXY and NO_PROXY. It is safe for concurrent use.
func NewNetwork(roots *x509.CertPool) *http.Transport {
	network := http.DefaultTransport.(*http.Transport).Clone()
	network.MaxIdleConns = 2 * maxIdlePerHost
	network.MaxIdleConnsPerHost = maxIdlePerHost
	network.MaxResponseHeaderBytes = maxHeaderBytes
	network.ResponseHeaderTimeout = 0 // attempts have a time limit
	network.IdleConnTimeout = 30 * time.Second
	network.TLSClientConfig = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	return network
}
