package codecov

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/codecov-port/codecov-port/internal/fake/journal"
)

// requestLineLimit is the longest request line that the server in front of Codecov takes, in bytes.
const requestLineLimit = 4094

// call is a request, read.
type call struct {
	request                    *http.Request
	kind                       journal.Kind // Other is none that is served
	missing                    bool         // there is no such address, as for a repository's name with a slash
	service, owner, repository string       // as they stand in the address
	query                      url.Values
}

// parameters are those that codecov-port sends.
var parameters = []string{"page", "page_size", "names", "branch"}

// read reads a request's address.
func (s *Server) read(r *http.Request) call {
	c := call{request: r, kind: Other, query: r.URL.Query()}
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
	values := append([]string{""}, c.query[name]...)
	return values[len(values)-1]
}

// longNames are the names that the API takes for a service, long and short.
var longNames = map[string]string{
	"github": "github", "gh": "github",
	"github_enterprise": "github_enterprise", "ghe": "github_enterprise",
	"gitlab": "gitlab", "gl": "gitlab",
	"gitlab_enterprise": "gitlab_enterprise", "gle": "gitlab_enterprise",
	"bitbucket": "bitbucket", "bb": "bitbucket",
	"bitbucket_server": "bitbucket_server", "bbs": "bitbucket_server",
}

// answer makes a request's answer. The order of the checks is that of the real one.
func (s *Server) answer(c call) *answer {
	if length := len(c.request.Method) + len(c.request.RequestURI) + len(c.request.Proto) + 2; length > requestLineLimit {
		return tooLong(length)
	}
	switch {
	case c.missing:
		return failed(http.StatusNotFound, "Page Not Found (404)")
	case c.kind == Other || c.request.Method != http.MethodGet:
		return failed(http.StatusNotImplemented, "the fake does not serve this request")
	}
	access, known := s.access(c.request.Header.Get("Authorization"))
	if !known {
		return challenged("Invalid token.")
	}
	service := longNames[strings.ToLower(c.service)]
	if c.kind == Owners {
		return s.owners(c, access, service)
	}
	switch {
	case service == "":
		return detailed(http.StatusNotFound, "Invalid service for Owner.")
	case strings.ContainsRune(c.owner, 0):
		return serverError()
	}
	account := s.accounts[accountKey(service, c.owner)]
	if account == nil {
		return detailed(http.StatusNotFound, "No Owner matches the given query.")
	}
	mode := access.modeFor(service, c.owner)
	if c.kind == Repositories {
		return account.list(c, mode == Everything || mode == NoSeat)
	}
	repository := account.byName[strings.ToLower(c.repository)]
	if repository == nil {
		return detailed(http.StatusNotFound, "No Repository matches the given query.")
	}
	if refusal := mode.refuse(service); refusal != nil && repository.data.Private {
		return refusal
	}
	return s.commits(c, repository)
}

func tooLong(length int) *answer {
	text := fmt.Sprintf("Request Line is too large (%d &gt; %d)", min(length, 8192), requestLineLimit)
	page := "<html>\n  <head>\n    <title>Bad Request</title>\n  </head>\n  <body>\n    <h1><p>Bad Request</p></h1>\n    " + text + "\n  </body>\n</html>\n"
	return &answer{status: http.StatusBadRequest, body: []byte(page), mediaType: "text/html"}
}

// owners lists the accounts that the user sees at a service.
func (s *Server) owners(c call, access Access, service string) *answer {
	switch {
	case access.Mode == anonymous:
		return challenged("Authentication credentials were not provided.")
	case service == "":
		return detailed(http.StatusNotFound, "Service not found: "+c.service)
	}
	var owners []json.RawMessage
	for _, account := range s.options.Accounts {
		if account.Service == service && access.covers(service, account.Owner.Username) {
			owners = append(owners, encode(account.Owner))
		}
	}
	page, refusal := c.page(len(owners))
	if refusal != nil {
		return refusal
	}
	return page.respond(c, rowsOf(owners))
}

// list answers with the repositories, private ones only if the user sees them, those of names if there are any.
func (a *account) list(c call, private bool) *answer {
	var rows []json.RawMessage
	var poison []Poison
	names, byName := c.query["names"]
	for _, r := range a.repositories {
		if (!byName || containsFold(names, r.data.Name)) && (private || !r.data.Private) && !r.hidden {
			rows, poison = append(rows, r.data.Row), append(poison, r.poison)
		}
	}
	page, refusal := c.page(len(rows))
	switch {
	case refusal != nil:
		return refusal
	case slices.Contains(poison[:page.to], Unreadable) || slices.Contains(poison[page.from:page.to], Malformed):
		return serverError()
	}
	return page.respond(c, rowsOf(rows))
}

// commits answers with a page of a repository's list of commits.
func (s *Server) commits(c call, r *repository) *answer {
	branch := c.last("branch")
	if strings.ContainsRune(branch, 0) {
		return &answer{status: http.StatusBadRequest, body: []byte(`{"branch":["Null characters are not allowed."]}`)}
	}
	rows := r.commits(strings.TrimSpace(branch))
	page, refusal := c.page(rows.Len)
	if refusal != nil {
		return refusal
	}
	if s.options.Ties {
		rows = orderTies(rows, page.to)
	}
	if r.isPoisoned(rows, page) {
		return serverError()
	}
	return page.respond(c, rows)
}
