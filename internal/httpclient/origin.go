package httpclient

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
)

// ErrInsecure is the cause when an origin would carry credentials in clear text over a network.
var ErrInsecure = errors.New("plain http would send the credentials in clear text")

// ParseBase reads the address that an API's paths are appended to: absolute, http or https, without user,
// query and fragment. A slash at the end is dropped.
func ParseBase(address string) (*url.URL, error) {
	base, err := url.Parse(strings.TrimRight(strings.TrimSpace(address), "/"))
	if err != nil || base.Opaque != "" {
		return nil, errors.New("not an address: expected https://host") // it may hold a password
	}
	shown := *base // without what may hold a secret
	shown.User, shown.RawQuery, shown.Fragment = nil, "", ""
	switch {
	case base.Scheme != "https" && base.Scheme != "http", base.Host == "":
		return nil, fmt.Errorf("address %q: expected https://host", shown.String())
	case base.User != nil, base.RawQuery != "", base.Fragment != "":
		return nil, fmt.Errorf("address %q: must have no user, query or fragment", shown.String())
	}
	return base, nil
}

func checkOrigin(origin *url.URL, insecureHTTP bool) error {
	if origin.Scheme == "https" || insecureHTTP || isLoopback(origin.Hostname()) {
		return nil
	}
	return fmt.Errorf("address %q: %w", origin.Redacted(), ErrInsecure)
}

func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
