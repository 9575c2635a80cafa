package httpclient

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
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

func isLoopback(host string) bool { return host == "localhost" || net.ParseIP(host).IsLoopback() }

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
