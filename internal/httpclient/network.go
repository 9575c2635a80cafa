package httpclient

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"
)

const (
	maxIdlePerHost = 64      // the default of two would open a connection for almost every request
	maxHeaderBytes = 1 << 20 // of an answer
)

// NewNetwork returns a transport for Options.Network that trusts roots. It uses the proxies of the environment:
// HTTPS_PROXY, HTTP_PROXY and NO_PROXY. It returns an error if one of them is invalid.
func NewNetwork(roots *x509.CertPool) (*http.Transport, error) {
	if err := checkProxies(); err != nil {
		return nil, err
	}
	network := http.DefaultTransport.(*http.Transport).Clone()
	network.MaxIdleConns = 2 * maxIdlePerHost
	network.MaxIdleConnsPerHost = maxIdlePerHost
	network.MaxResponseHeaderBytes = maxHeaderBytes
	network.ResponseHeaderTimeout = 0 // attempts have a time limit
	network.IdleConnTimeout = 30 * time.Second
	network.TLSClientConfig = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	return network, nil
}

// checkProxies returns an error for an invalid proxy in the environment, which net/http ignores.
func checkProxies() error {
	schemes := []string{"http", "https", "socks5", "socks5h"}
	for _, name := range []string{"HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"} {
		address := os.Getenv(name)
		if address == "" {
			continue
		}
		if !strings.Contains(address, "://") {
			address = "http://" + address
		}
		proxy, err := url.Parse(address)
		if err != nil || proxy.Hostname() == "" || !slices.Contains(schemes, proxy.Scheme) {
			return fmt.Errorf("%s: invalid proxy address: expected http://host:port", name) // it may hold a password
		}
	}
	return nil
}
