// Package codecov is a client of Codecov's REST API v2: the repositories of an account and the coverage of
// their commits. It knows nothing of Port.
package codecov

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"

	"github.com/codecov-port/codecov-port/internal/httpclient"
)

// DefaultBaseURL is the address of the cloud's API. A self-hosted server has it at {its address}/api/v2.
const DefaultBaseURL = "https://api.codecov.io/api/v2"

// Options configures a Client. Service is needed; a zero value elsewhere means the default.
type Options struct {
	BaseURL      string  // DefaultBaseURL where empty
	Token        string  `json:"-"` // a user API token; without one the server shows public repositories only
	Service      Service // the git provider whose accounts are read
	UserAgent    string
	PageSize     int  // rows a request at the most; 0: DefaultPageSize. The server sets no upper bound
	Concurrency  int  // requests under way at the most; 0: 32
	InsecureHTTP bool // plain http to other hosts than loopback
	Transport    http.RoundTripper
	Logger       *slog.Logger // told of requests at the level Debug, of repeated ones and of waits at Info; nil: nobody is
}

// String leaves the token out.
func (o Options) String() string { return fmt.Sprintf("%s at %s", o.Service, o.BaseURL) }

// GoString leaves the token out.
func (o Options) GoString() string { return o.String() }

// LogValue leaves the token out.
func (o Options) LogValue() slog.Value { return slog.StringValue(o.String()) }

const defaultConcurrency = 28

// Client reads from one Codecov server, for one service. The token goes to the configured origin only.
//
// Pages are as large as Options.PageSize says, until the server fails as if it had been asked for too much (502,
// 503, 504, no answer in time): then the page is asked for again with the next smaller power of two, and all lists
// of the client go on with that size. Many full pages in a row make it grow again.
//
// It is safe for concurrent use.
type Client struct {
	base    *url.URL
	service Service
	size    *pageSize
	ahead   chan struct{} // held by the lists that read a page ahead
	http    *httpclient.Client
	stats   httpclient.Stats
}

// NewClient checks the options and gives a client. It sends nothing. The error wraps ErrInsecure
// where the address is plain http to another host than loopback and InsecureHTTP is not set.
func NewClient(o Options) (*Client, error) {
	if o.BaseURL == "" {
		o.BaseURL = DefaultBaseURL
	}
	base, err := httpclient.ParseBase(o.BaseURL)
	if err != nil {
		return nil, fmt.Errorf("codecov: %w", err)
	}
	if o.Service == "" {
		return nil, fmt.Errorf("codecov: no service given")
	}
	if o.PageSize <= 0 {
		o.PageSize = DefaultPageSize
	}
	client := &Client{base: base, service: o.Service, size: newPageSize(o.PageSize), ahead: make(chan struct{}, mostAhead)}
	if o.Concurrency <= 0 {
		o.Concurrency = defaultConcurrency
	}
	client.stats.LogWaits(o.Logger)
	client.http, err = httpclient.New(httpclient.Options{
		Origin:       base,
		InsecureHTTP: o.InsecureHTTP,
		UserAgent:    o.UserAgent,
		Authorizer:   httpclient.Bearer(o.Token),
		Limiter:      httpclient.NewGovernor(httpclient.GovernorOptions{Concurrency: o.Concurrency, Stats: &client.stats}),
		Network:      o.Transport,
		Stats:        &client.stats,
		Secrets:      httpclient.NewSecrets(o.Token),
		Logger:       o.Logger,
	})
	if err != nil {
		return nil, fmt.Errorf("codecov: %w", err)
	}
	return client, nil
}

// Service is the git provider whose accounts the client reads.
func (c *Client) Service() Service { return c.service }

// Counts is what a client has sent and received: requests with each of their attempts, bytes of bodies, waits.
type Counts = httpclient.Counts

// Counts tells what the client has sent and received so far.
func (c *Client) Counts() Counts { return c.stats.Counts() }

// answer is what an answer's body is decoded into.
type answer interface{ decode(body []byte) error }

// get asks for one page and decodes it into answer. Each of segments is escaped by itself.
func (c *Client) get(ctx context.Context, tries *httpclient.Tries, segments []string, query url.Values, answer answer) error {
	address, err := c.address(segments, query)
	if err != nil {
		return err
	}
	var unreadable error
	decode := func(body []byte) bool {
		unreadable = answer.decode(body)
		syntax := (*json.SyntaxError)(nil)
		return !errors.As(unreadable, &syntax)
	}
	response, failure := c.http.Do(ctx, httpclient.Request{Method: http.MethodGet, URL: address, Valid: decode, Tries: tries})
	if failure != nil {
		return newAPIError(failure, response)
	}
	if unreadable != nil {
		// The error may quote the answer, so it is made printable.
		err = fmt.Errorf("cannot read the answer: %s", httpclient.Message(unreadable.Error()))
		return newAPIError(&httpclient.Failure{Method: http.MethodGet, Address: address.String(), Err: err}, nil)
	}
	return nil
}

func (c *Client) address(segments []string, query url.Values) (*url.URL, error) {
	escaped := make([]string, len(segments))
	for i, segment := range segments {
		if segment == "." || segment == ".." {
			return nil, fmt.Errorf("codecov: name %q cannot stand in an address", segment)
		}
		escaped[i] = url.PathEscape(segment)
	}
	address := *c.base
	address.RawPath = c.base.EscapedPath() + "/" + strings.Join(escaped, "/")
	path, err := url.PathUnescape(address.RawPath)
	if err != nil {
		return nil, fmt.Errorf("codecov: address %q: %w", address.RawPath, err)
	}
	address.Path = path
	address.RawQuery = query.Encode()
	return &address, nil
}
