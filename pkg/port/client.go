// Package port is a client of Port's API: access tokens, blueprints, bulk upserts and searches of entities.
// It knows nothing of Codecov.
package port

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/codecov-port/codecov-port/internal/httpclient"
)

// The addresses of Port's API by region, before /v1.
const (
	EUBaseURL = "https://api.port.io"
	USBaseURL = "https://api.us.port.io"
)

// RegionURL gives the address for a region's name, eu or us in any case.
func RegionURL(region string) (string, error) {
	switch strings.ToLower(strings.TrimSpace(region)) {
	case "eu":
		return EUBaseURL, nil
	case "us":
		return USBaseURL, nil
	}
	return "", fmt.Errorf("unknown region %q: expected eu or us", region)
}

// Options configures a Client. ClientID and ClientSecret are needed; a zero value elsewhere means the default.
type Options struct {
	BaseURL      string           // the address before /v1; EUBaseURL where empty
	ClientID     string           `json:"-"`
	ClientSecret string           `json:"-"`
	UserAgent    string           // Port shows it as the source of what is written
	Concurrency  int              // requests under way at the most; 0: 32
	Share        float64          // of the rate limit that Port's headers tell, the organisation's; above 0 to 1, 0: 0.8
	InsecureHTTP bool             // plain http to other hosts than loopback
	Now          func() time.Time // the clock that token lifetimes are measured by; nil: time.Now
	Transport    http.RoundTripper
	Logger       *slog.Logger // told of requests at the level Debug, of repeated ones and of waits at Info; nil: nobody is
}

// String leaves the credentials out.
func (o Options) String() string { return "Port at " + o.BaseURL }

// GoString leaves the credentials out.
func (o Options) GoString() string { return o.String() }

// LogValue leaves the credentials out.
func (o Options) LogValue() slog.Value { return slog.StringValue(o.String()) }

const (
	defaultConcurrency = 32
	defaultShare       = 0.8
)

// The classes of requests that may have a rate limit of their own: Port has a higher one for entities.
const (
	entitiesClass = "entities"
	tokenClass    = "token"
)

const tokenPath = "/v1/auth/access_token"

// Client talks to one Port organisation. Credentials and tokens go to the configured origin only.
// It is safe for concurrent use.
type Client struct {
	base     *url.URL
	http     *httpclient.Client
	governor *httpclient.Governor
	stats    httpclient.Stats
}

// NewClient checks the options and gives a client. It sends nothing. The error wraps ErrInsecure
// where the address is plain http to another host than loopback and InsecureHTTP is not set.
func NewClient(o Options) (*Client, error) {
	if o.BaseURL == "" {
		o.BaseURL = EUBaseURL
	}
	base, err := httpclient.ParseBase(o.BaseURL)
	if err != nil {
		return nil, fmt.Errorf("port: %w", err)
	}
	if o.Concurrency <= 0 {
		o.Concurrency = defaultConcurrency
	}
	if o.Share == 0 {
		o.Share = defaultShare
	}
	if !(o.Share > 0 && o.Share <= 1) {
		return nil, fmt.Errorf("port: share %v of the rate limit: must be above 0 and at most 1", o.Share)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	client := &Client{base: base}
	client.stats.LogWaits(o.Logger)
	client.governor = httpclient.NewGovernor(httpclient.GovernorOptions{Concurrency: o.Concurrency, Share: o.Share, Stats: &client.stats})
	settings := httpclient.Options{
		Origin:       base,
		InsecureHTTP: o.InsecureHTTP,
		UserAgent:    o.UserAgent,
		Network:      o.Transport,
		Stats:        &client.stats,
		Limiter:      client.governor,
		Secrets:      httpclient.NewSecrets(o.ClientSecret),
		SecretsAsked: true,
		Logger:       o.Logger,
	}
	tokens, err := httpclient.New(settings)
	if err != nil {
		return nil, fmt.Errorf("port: %w", err)
	}
	settings.SecretsAsked = false
	settings.Authorizer = newTokenSource(tokens, client.address(nil, "v1", "auth", "access_token"), o, settings.Secrets)
	client.http, err = httpclient.New(settings)
	if err != nil {
		return nil, fmt.Errorf("port: %w", err)
	}
	return client, nil
}

// Counts is the traffic of a client.
type Counts struct {
	Requests      int64     `json:"requests"` // attempts, retries included
	Retries       int64     `json:"retries"`
	SentBytes     int64     `json:"sentBytes"`     // of bodies
	ReceivedBytes int64     `json:"receivedBytes"` // of bodies, uncompressed
	WaitedSeconds float64   `json:"waitedSeconds"` // back-offs and rate limits, the sum over all requests
	WaitsUntil    time.Time `json:"-"`             // end of the present wait for a rate limit; zero if there is none
}

// Counts returns the traffic so far.
func (c *Client) Counts() Counts {
	counts := c.stats.Counts()
	return Counts{
		Requests:      counts.Requests,
		Retries:       counts.Retries,
		SentBytes:     counts.SentBytes,
		ReceivedBytes: counts.ReceivedBytes,
		WaitedSeconds: math.Round(counts.Waited.Seconds()*1000) / 1000,
		WaitsUntil:    counts.WaitsUntil,
	}
}

// Rate tells how many requests for entities, bulk upserts and pages of searches, may be sent in a second: the limit
// that Port's headers told times Options.Share. It gives false where Port has told none yet.
func (c *Client) Rate() (perSecond float64, known bool) { return c.governor.Rate(entitiesClass) }

// call sends one request and decodes the answer. Numbers in untyped places become json.Number: float64
// would lose whole numbers beyond 2^53.
func (c *Client) call(ctx context.Context, request httpclient.Request, answer any) (*httpclient.Response, error) {
	response, failure := c.http.Do(ctx, request)
	if failure != nil {
		if tokenError := (*APIError)(nil); errors.As(failure.Err, &tokenError) {
			return nil, tokenError // it tells more than the request that wanted the token
		}
		return response, newAPIError(failure, response)
	}
	decoder := json.NewDecoder(bytes.NewReader(response.Body))
	decoder.UseNumber()
	if err := decoder.Decode(answer); err != nil {
		failure := &httpclient.Failure{Method: request.Method, Address: request.URL.Redacted(), Err: unreadable(err)}
		return response, newAPIError(failure, nil)
	}
	return response, nil
}

// unreadable says why an answer cannot be decoded. The cause may quote the answer, so it is made one printable line.
func unreadable(err error) error {
	return errors.New("cannot read the answer: " + httpclient.Message(err.Error()))
}

// address puts the segments, each escaped by itself, behind the base address.
func (c *Client) address(query url.Values, segments ...string) *url.URL {
	address := *c.base
	path, rawPath := c.base.Path, c.base.EscapedPath()
	for _, segment := range segments {
		path += "/" + segment
		rawPath += "/" + url.PathEscape(segment)
	}
	address.Path, address.RawPath, address.RawQuery = path, rawPath, query.Encode()
	return &address
}
