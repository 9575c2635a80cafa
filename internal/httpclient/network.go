package httpclient

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"time"
)

const (
	idleConnections = 64
	maxHeader       = 1 << 20 // bytes of an answer's headers
)

// sharedNetwork keeps as many connections open as requests are under way at the most: the default of two a
// host would open a new one for almost every request.
var sharedNetwork = NewNetwork(nil)

// NewNetwork gives a network for Options.Network that trusts these certificates; nil: the system's. Proxies are those of
// the environment: HTTPS_PROXY, HTTP_PROXY and NO_PROXY. It is safe for concurrent use.
func NewNetwork(roots *x509.CertPool) *http.Transport {
	network := http.DefaultTransport.(*http.Transport).Clone()
	network.MaxIdleConns = 2 * idleConnections
	network.MaxIdleConnsPerHost = idleConnections
	network.MaxResponseHeaderBytes = maxHeader
	network.ResponseHeaderTimeout = 0 // the attempt's own time limit covers it
	network.IdleConnTimeout = 30 * time.Second
	network.TLSClientConfig = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	return network
}
