package transport

import (
	"net/http"
	"time"
)

const (
	idleConnections = 64
	maxHeader       = 1 << 20 // bytes of an answer's headers
)

// sharedNetwork keeps as many connections open as requests are under way at the most: the default of two a
// host would open a new one for almost every request.
var sharedNetwork = newNetwork()

func newNetwork() *http.Transport {
	network := http.DefaultTransport.(*http.Transport).Clone()
	network.MaxIdleConns = 2 * idleConnections
	network.MaxIdleConnsPerHost = idleConnections
	network.MaxResponseHeaderBytes = maxHeader
	network.ResponseHeaderTimeout = 0 // the attempt's own time limit covers it
	network.IdleConnTimeout = 30 * time.Second
	return network
}
