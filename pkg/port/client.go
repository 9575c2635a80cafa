// Package port is a client of Port's API: blueprints, entities and webhooks of one organisation.
//
// The client signs in by itself, retries what may pass, and keeps to its share of Port's rate limit. Entities are
// written in batches, with one outcome per entity; searches are iterators. A failed request is an *APIError, and
// errors.Is matches it with the errors of this package.
package port

import (
	"cmp"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/codecov-port/codecov-port/internal/httpclient"
)

// The addresses of Port's API by region, without /v1.
const (
	EUBaseURL = "https://api.port.io"
	USBaseURL = "https://api.us.port.io"
)

// RegionURL returns the address of a region: eu or us, in upper or lower case.
func RegionURL(region string) (string, error) {
	switch strings.ToLower(strings.TrimSpace(region)) {
	case "eu":
		return EUBaseURL, nil
	case "us":
		return USBaseURL, nil
	}
	return "", fmt.Errorf("unknown region %q: expected eu or us", region)
}

// Options configures a Client. ClientID and ClientSecret are required.
type Options struct {
	BaseURL      string            // with or without /v1, default: EUBaseURL
	ClientID     string            `json:"-"`
	ClientSecret string            `json:"-"`
	UserAgent    string            // optional; Port shows it as the source of what is written
	Concurrency  int               // maximum requests under way, default: 64
	Share        float64           // of the organisation's rate limit, above 0 to 1, default: 0.8
	InsecureHTTP bool              // allow http:// for remote hosts
	Transport    http.RoundTripper // default: a transport of its own
	Logger       *slog.Logger      // receives requests at Debug, retries and waits at Info; nil disables logging
}

// String returns the address, without the credentials.
func (o Options) String() string { return "Port at " + o.BaseURL }

// GoString returns the same as String.
func (o Options) GoString() string { return o.String() }

// Classes of requests that may have a rate limit of their own: Port has a higher one for entities.
const (
	entitiesClass = "entities"
	tokenClass    = "token"
)

// Client reads and writes one Port organisation. It sends credentials and tokens to the configured origin only.
//
// In each window of Port's rate limit it sends requests at once until its share is used or 3 % of the limit remain, and
// waits for the reset then. The share does not protect others: where they have used 70 %, the client uses 27 %.
//
// It is safe for concurrent use.
type Client struct {
	base *url.URL
	http *httpclient.Client
}

// NewClient returns a client, without sending a request. The error wraps ErrInsecure if the address is http:// and
// remote, and InsecureHTTP is not set.
func NewClient(o Options) (*Client, error) {
	base, err := httpclient.ParseBase(cmp.Or(o.BaseURL, EUBaseURL))
	if err != nil {
		return nil, fmt.Errorf("port: %w", err)
	}
	base.Path = strings.TrimRight(strings.TrimSuffix(base.Path, "/v1"), "/")
	base.RawPath = strings.TrimRight(strings.TrimSuffix(base.RawPath, "/v1"), "/")
	if o.Share = cmp.Or(o.Share, 0.8); !(o.Share > 0 && o.Share <= 1) {
		return nil, fmt.Errorf("port: share %v of the rate limit: must be above 0 and at most 1", o.Share)
	}
	client, secrets := &Client{base: base}, httpclient.NewSecrets(o.ClientSecret)
	credentials, _ := json.Marshal(map[string]string{"clientId": o.ClientID, "clientSecret": o.ClientSecret})
	tokens := &tokenSource{client: client, credentials: credentials, secrets: secrets, turn: make(chan struct{}, 1)}
	client.http, err = httpclient.New(httpclient.Options{
		Origin: base, InsecureHTTP: o.InsecureHTTP, UserAgent: o.UserAgent, Concurrency: o.Concurrency, Share: o.Share,
		Authorize: tokens.authorize, Secrets: secrets, Network: o.Transport, Logger: o.Logger,
	})
	if err != nil {
		return nil, fmt.Errorf("port: %w", err)
	}
	return client, nil
}

// Counts is the traffic of a client since it was created.
type Counts struct {
	Requests      int64     `json:"requests"` // attempts, retries included
	Retries       int64     `json:"retries"`
	SentBytes     int64     `json:"sentBytes"`     // of bodies
	ReceivedBytes int64     `json:"receivedBytes"` // of bodies, uncompressed
	WaitedSeconds float64   `json:"waitedSeconds"` // back-offs and rate limits, the sum over all requests
	WaitsUntil    time.Time `json:"-"`             // end of the present wait for a rate limit; zero if there is none
	Answered      bool      `json:"-"`             // the server has answered, whatever the status
}

// Counts returns the traffic so far.
func (c *Client) Counts() Counts { return Counts(c.http.Counts()) }

// EstimateDuration returns how long so many requests for entities (bulk upserts, deletions, pages of a search) wait for
// the rate limit: 0 if they fit into the present window. It returns false if no answer has shown a limit.
func (c *Client) EstimateDuration(requests int) (time.Duration, bool) {
	return c.http.EstimateWait(entitiesClass, requests)
}
