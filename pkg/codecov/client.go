// Package codecov is a client of Codecov's REST API v2: the accounts of a git provider, their repositories, and the
// coverage of their commits.
//
// Lists are iterators over typed rows. The client counts pages itself, retries what may pass, asks for smaller pages
// where the server cannot answer large ones, skips rows that the server cannot return, and ends a list with an error
// when rows are missing. Service selects the git provider, Token is a user API token of Codecov.
package codecov

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/codecov-port/codecov-port/internal/httpclient"
)

// DefaultBaseURL is the address of the cloud's API. A self-hosted server has it at {its address}/api/v2.
const DefaultBaseURL = "https://api.codecov.io/api/v2"

// Options configures a Client. Service is required.
type Options struct {
	BaseURL      string            // default: DefaultBaseURL
	Token        string            `json:"-"` // a user API token; without it the server lists public repositories only
	Service      Service           // the git provider whose accounts are read
	UserAgent    string            // optional
	PageSize     int               // maximum rows of a request, default: DefaultPageSize; a power of two shrinks in the fewest requests
	Concurrency  int               // maximum requests under way, default: 64; halved while the server is overloaded
	InsecureHTTP bool              // allow http:// for remote hosts
	Transport    http.RoundTripper // default: a transport of its own
	Logger       *slog.Logger      // receives requests at Debug, retries and waits at Info; nil disables logging
}

// String returns service and address, without the token.
func (o Options) String() string { return fmt.Sprintf("%s at %s", o.Service, o.BaseURL) }

// GoString returns the same as String.
func (o Options) GoString() string { return o.String() }

// Client reads from one Codecov server, for one service. It sends the token to the configured origin only.
//
// A page that the server fails to return as if it were too large (502, 503, 504, no answer in time) is requested
// again with the next smaller power of two as its size, and all lists of the client go on with that size. After
// several full pages, lists begin with a larger size again, at most with Options.PageSize.
//
// It is safe for concurrent use.
type Client struct {
	base    *url.URL
	service Service
	size    *pageSize
	ahead   chan struct{} // a slot for each page that is read ahead
	http    *httpclient.Client
}

// NewClient returns a client, without sending a request. The error wraps ErrInsecure if the address is http:// and
// remote, and InsecureHTTP is not set.
func NewClient(o Options) (*Client, error) {
	base, err := httpclient.ParseBase(cmp.Or(o.BaseURL, DefaultBaseURL))
	if err != nil {
		return nil, fmt.Errorf("codecov: %w", err)
	}
	if o.Service == "" {
		return nil, errors.New("codecov: service is required")
	}
	if o.PageSize <= 0 {
		o.PageSize = DefaultPageSize
	}
	client := &Client{
		base: base, service: o.Service, ahead: make(chan struct{}, maxClientPagesAhead),
		size: &pageSize{size: o.PageSize, limit: o.PageSize, needed: pagesToGrow},
	}
	client.http, err = httpclient.New(httpclient.Options{
		Origin: base, InsecureHTTP: o.InsecureHTTP, UserAgent: o.UserAgent, Concurrency: o.Concurrency,
		Secrets: httpclient.NewSecrets(o.Token), Network: o.Transport, Logger: o.Logger,
		Authorize: func(_ context.Context, rejected string) (string, error) {
			if o.Token == "" || rejected != "" {
				return "", nil // a user API token cannot be renewed
			}
			return "Bearer " + o.Token, nil
		},
	})
	if err != nil {
		return nil, fmt.Errorf("codecov: %w", err)
	}
	return client, nil
}

// Service returns the git provider whose accounts the client reads.
func (c *Client) Service() Service { return c.service }

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

// get sends a request. Its errors are *APIError.
func (c *Client) get(ctx context.Context, r httpclient.Request) error {
	r.Method = http.MethodGet
	response, failure := c.http.Do(ctx, r)
	if failure != nil {
		return newAPIError(failure, response)
	}
	return nil
}

// address returns an address with an escaped path element for each of segments.
func (c *Client) address(segments []string, query url.Values) (*url.URL, error) {
	path := ""
	for _, segment := range segments {
		if segment == "." || segment == ".." {
			return nil, fmt.Errorf("codecov: name %q cannot be part of an address", segment)
		}
		path += "/" + url.PathEscape(segment)
	}
	return httpclient.AddressBelow(c.base, path+"?"+query.Encode()), nil
}

// Service is the long name of a git provider, as Codecov writes it in every answer.
type Service string

// The six services that Codecov's REST API knows.
const (
	GitHub           Service = "github"
	GitHubEnterprise Service = "github_enterprise"
	GitLab           Service = "gitlab"
	GitLabEnterprise Service = "gitlab_enterprise"
	Bitbucket        Service = "bitbucket"
	BitbucketServer  Service = "bitbucket_server"
)

// services are in the order of Codecov's documentation.
var services = []Service{GitHub, GitHubEnterprise, Bitbucket, BitbucketServer, GitLab, GitLabEnterprise}

var shortNames = map[Service]string{
	GitHub: "gh", GitHubEnterprise: "ghe", Bitbucket: "bb", BitbucketServer: "bbs", GitLab: "gl", GitLabEnterprise: "gle",
}

// Services returns every service, in the order of Codecov's documentation.
func Services() []Service { return slices.Clone(services) }

// ParseService returns the service of a long or short name in any case. Blanks around the name are ignored.
// The error lists the known names.
func ParseService(name string) (Service, error) {
	wanted := Service(strings.ToLower(strings.TrimSpace(name)))
	known := make([]string, len(services))
	for i, service := range services {
		if wanted == service || string(wanted) == service.Short() {
			return service, nil
		}
		known[i] = string(service)
	}
	return "", fmt.Errorf("unknown service %q: expected one of %s", name, strings.Join(known, ", "))
}

// Short returns the abbreviation that the addresses of Codecov's web pages use: "gh" for github.
// The name of an unknown service is returned unchanged.
func (s Service) Short() string { return cmp.Or(shortNames[s], string(s)) }

// String returns the long name.
func (s Service) String() string { return string(s) }
