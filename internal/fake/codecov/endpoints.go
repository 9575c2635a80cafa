package codecov

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// requestLineLimit is the longest request line that the server in front of Codecov takes, in bytes.
const requestLineLimit = 4094

// call is a request, read.
type call struct {
	*http.Request
	kind                       Kind   // Other is none that is served
	missing                    bool   // there is no such address, as for a repository's name with a slash
	service, owner, repository string // as they stand in the address
	query                      url.Values
	access                     Access
}

// parameters are those that codecov-port sends.
var parameters = []string{"page", "page_size", "names", "branch"}

// read reads a request's address.
func (s *Server) read(r *http.Request) call {
	c := call{Request: r, kind: Other, query: r.URL.Query()}
	below, isBelow := strings.CutPrefix(r.URL.Path, s.options.BasePath+"/")
	for name := range c.query {
		if !slices.Contains(parameters, name) {
			return c
		}
	}
	switch parts := strings.Split(below, "/"); {
	case !isBelow || len(parts) > 5 && parts[len(parts)-1] == "commits":
		c.missing = true
	case len(parts) == 2 && parts[1] == "":
		c.kind, c.service = Owners, parts[0]
	case len(parts) == 3 && parts[2] == "repos":
		c.kind, c.service, c.owner = Repositories, parts[0], parts[1]
	case len(parts) == 5 && parts[2] == "repos" && parts[4] == "commits":
		c.kind, c.service, c.owner, c.repository = Commits, parts[0], parts[1], parts[3]
	}
	return c
}

// last returns the last value of a repeated parameter, or "" where it is missing.
func (c call) last(name string) string {
	values := c.query[name]
	if len(values) == 0 {
		return ""
	}
	return values[len(values)-1]
}

// answer makes a request's answer. The order of the checks is that of the real one.
func (s *Server) answer(r *http.Request) answer {
	if refusal := refuseLongLine(r); refusal != nil {
		return *refusal
	}
	c := s.read(r)
	switch {
	case c.missing:
		return *failed(http.StatusNotFound, "Page Not Found (404)")
	case c.kind == Other || r.Method != http.MethodGet:
		return *failed(http.StatusNotImplemented, "the fake does not serve this request")
	}
	var known bool
	if c.access, known = s.authenticate(r.Header.Get("Authorization")); !known {
		return *challenged("Invalid token.")
	}
	switch c.kind {
	case Owners:
		return s.owners(c)
	case Repositories:
		return s.repositories(c)
	default:
		return s.commitsPage(c)
	}
}

func refuseLongLine(r *http.Request) *answer {
	target := r.RequestURI
	if target == "" {
		target = r.URL.RequestURI()
	}
	length := len(r.Method) + len(" ") + len(target) + len(" ") + len(r.Proto)
	if length <= requestLineLimit {
		return nil
	}
	text := fmt.Sprintf("Request Line is too large (%d &gt; %d)", min(length, 8192), requestLineLimit)
	page := "<html>\n  <head>\n    <title>Bad Request</title>\n  </head>\n  <body>\n    <h1><p>Bad Request</p></h1>\n    " + text + "\n  </body>\n</html>\n"
	return &answer{status: http.StatusBadRequest, body: []byte(page), mediaType: "text/html"}
}

// owners lists the accounts that the user sees at a service.
func (s *Server) owners(c call) answer {
	if c.access.Mode == anonymous {
		return *challenged("Authentication credentials were not provided.")
	}
	service, known := longName(c.service)
	if !known {
		return *detailed(http.StatusNotFound, "Service not found: "+c.service)
	}
	var owners rawRows
	for _, account := range s.options.Accounts {
		if account.Service() == service && c.access.covers(account) {
			owners = append(owners, encode(account.Owner()))
		}
	}
	page, ok := c.page(owners.Len())
	if !ok {
		return *invalidPage()
	}
	return page.respond(c, owners.AppendRow)
}

// account finds the account that an address names.
func (s *Server) account(c call) (Account, *answer) {
	service, known := longName(c.service)
	if !known {
		return nil, detailed(http.StatusNotFound, "Invalid service for Owner.")
	}
	if strings.ContainsRune(c.owner, 0) {
		return nil, serverError()
	}
	account, found := s.accounts[accountKey(service, c.owner)]
	if !found {
		return nil, detailed(http.StatusNotFound, "No Owner matches the given query.")
	}
	return account, nil
}

func invalidPage() *answer { return detailed(http.StatusNotFound, "Invalid page.") }

// longNames are the names that the API takes for a service, long and short.
var longNames = map[string]string{
	"github": "github", "gh": "github",
	"github_enterprise": "github_enterprise", "ghe": "github_enterprise",
	"gitlab": "gitlab", "gl": "gitlab",
	"gitlab_enterprise": "gitlab_enterprise", "gle": "gitlab_enterprise",
	"bitbucket": "bitbucket", "bb": "bitbucket",
	"bitbucket_server": "bitbucket_server", "bbs": "bitbucket_server",
}

// longName returns a service's long name from its long or short one in any case.
func longName(service string) (string, bool) {
	long, known := longNames[strings.ToLower(service)]
	return long, known
}
