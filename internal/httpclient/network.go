package httpclient

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"
)

// ErrInsecure is the cause of an origin that would receive credentials in clear text.
var ErrInsecure = errors.New("http:// would send the credentials in clear text")

// ParseBase parses the base address of an API: http or https, without user, query and fragment. It removes slashes at
// the end.
func ParseBase(address string) (*url.URL, error) {
	base, err := url.Parse(strings.TrimRight(strings.TrimSpace(address), "/"))
	if err != nil || base.Opaque != "" {
		return nil, errors.New("invalid address: expected https://host") // without the address, which may hold a password
	}
	shown := *base
	shown.User, shown.RawQuery, shown.Fragment = nil, "", "" // they may hold secrets
	switch {
	case base.Scheme != "https" && base.Scheme != "http", base.Host == "":
		return nil, fmt.Errorf("address %q: expected https://host", shown.String())
	case base.User != nil, base.RawQuery != "", base.Fragment != "":
		return nil, fmt.Errorf("address %q: must have no user, query or fragment", shown.String())
	}
	return base, nil
}

// AddressBelow returns the address of an escaped path below a base address. A query may follow the path.
func AddressBelow(base *url.URL, path string) *url.URL {
	address := *base
	path, address.RawQuery, _ = strings.Cut(path, "?")
	address.RawPath = base.EscapedPath() + path
	address.Path, _ = url.PathUnescape(address.RawPath) // it is escaped
	return &address
}

// redirection returns where an answer redirects to, without the parts that may hold secrets, or "".
func redirection(from *url.URL, response *Response) string {
	location := response.Header.Get("Location")
	target, err := from.Parse(location)
	if location == "" || err != nil || response.Status/100 != 3 {
		return ""
	}
	target.User, target.RawQuery, target.Fragment = nil, "", ""
	return "redirects to " + Message(target.String())
}

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
