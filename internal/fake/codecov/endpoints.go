package codecov

import (
	"fmt"
	"net/http"
	"strings"
)

// requestLineLimit is the longest request line that the server in front of Codecov takes, in bytes.
const requestLineLimit = 4094

// call is a request, read.
type call struct {
	*http.Request
	route
	query query
	user  user
}

// answer makes a request's answer. The order of the checks is that of the real one.
func (s *Server) answer(r *http.Request) answer {
	if refusal := refuseLongLine(r); refusal != nil {
		return *refusal
	}
	to := s.route(r.URL.Path)
	if refusal := refuseRoute(r, to); refusal != nil {
		return *refusal
	}
	return s.view(r, to)
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
	return &answer{status: http.StatusBadRequest, body: []byte(page), mediaType: "text/html", bare: true}
}

func refuseRoute(r *http.Request, to route) *answer {
	switch to.endpoint {
	case pageNotFound:
		return notFound()
	case withoutSlash:
		location := escapePath(r.URL.Path) + "/"
		if r.URL.RawQuery != "" {
			location += "?" + r.URL.RawQuery
		}
		return redirected(location)
	case notEmulated:
		return failed(http.StatusNotImplemented, "codecovtest does not emulate this address")
	default:
		return nil
	}
}

// view answers what the API's views answer.
func (s *Server) view(r *http.Request, to route) answer {
	if to.endpoint == suffixNotFound {
		return *detailed(http.StatusNotFound, "Not found.")
	}
	user, refusal := s.authenticate(r.Header.Get("Authorization"))
	if refusal != nil {
		return *refusal
	}
	c := call{Request: r, route: to, query: parseQuery(r.URL.RawQuery), user: user}
	switch {
	case isSafe(r.Method) && r.Method != http.MethodOptions, to.endpoint == listCommits && !isSafe(r.Method):
		return s.endpointAnswer(c)
	case r.Method == http.MethodOptions:
		return options(to.endpoint)
	default:
		return *detailed(http.StatusMethodNotAllowed, fmt.Sprintf("Method %q not allowed.", r.Method))
	}
}

func isSafe(method string) bool {
	return method == http.MethodGet || method == http.MethodHead || method == http.MethodOptions
}

// options describes an endpoint.
func options(e endpoint) answer {
	return encoded(struct {
		Name        string   `json:"name"`
		Description string   `json:"description"`
		Renders     []string `json:"renders"`
		Parses      []string `json:"parses"`
	}{e.view(), "", []string{jsonType, "text/html"}, []string{jsonType, "application/x-www-form-urlencoded", "multipart/form-data"}})
}

func (s *Server) endpointAnswer(c call) answer {
	switch c.endpoint {
	case listOwners:
		return s.owners(c)
	case showOwner:
		return s.owner(c)
	case listRepositories:
		return s.repositories(c)
	case showRepository:
		return s.repository(c)
	case repositoryIndex:
		return index(c)
	default:
		return s.commitsPage(c)
	}
}

// owners lists the accounts that the user sees at a service.
func (s *Server) owners(c call) answer {
	if c.user.anonymous() {
		return *challenged("Authentication credentials were not provided.")
	}
	service, known := longName(c.service)
	if !known {
		return *detailed(http.StatusNotFound, "Service not found: "+c.service)
	}
	var owners rawRows
	for _, account := range s.options.Accounts {
		if account.Service() == service && c.user.access.covers(account) {
			owners = append(owners, encode(account.Owner()))
		}
	}
	return c.list(owners.Len(), owners.AppendRow)
}

func (s *Server) owner(c call) answer {
	if _, known := longName(c.service); !known {
		return *detailed(http.StatusNotFound, "Service not found: "+c.service)
	}
	account, refusal := s.account(c)
	if refusal != nil {
		return *refusal
	}
	return encoded(account.Owner())
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

// list answers with a page of a list of so many rows.
func (c call) list(count int, appendRow func([]byte, int) []byte) answer {
	page, ok := pageOf(c.query, count)
	if !ok {
		return *invalidPage()
	}
	return page.respond(c.Request, c.query, appendRow)
}

func invalidPage() *answer { return detailed(http.StatusNotFound, "Invalid page.") }

// repository answers with a repository's detail.
func (s *Server) repository(c call) answer {
	if _, known := longName(c.service); !known {
		return *serverError()
	}
	account, refusal := s.account(c)
	if refusal != nil {
		return *refusal
	}
	i, found := account.Find(c.repository)
	if !found {
		return *unknownDetail(c.user, account)
	}
	facts := account.Repository(i)
	if refusal := refuseDetail(c.user, account, facts); refusal != nil {
		return *refusal
	}
	if s.changesTo(account, facts.Name).poison != Sound {
		return *serverError()
	}
	return answer{status: http.StatusOK, body: account.AppendRepository(nil, i), rows: 1}
}

// unknownDetail: the git provider is asked for a repository that Codecov doesn't know, too.
func unknownDetail(u user, account Account) *answer {
	if u.anonymous() {
		return detailed(http.StatusNotFound, "Not found.")
	}
	if refusal := refusedByProvider(u.access.modeFor(account), account); refusal != nil {
		return refusal
	}
	return providerError(account, http.StatusNotFound, ": Not Found")
}

// index is the folder of links that takes the place of the detail of a repository with an odd name.
func index(c call) answer {
	var links []string
	path := strings.TrimSuffix(c.URL.Path, "/")
	for _, part := range []string{"pulls", "commits", "branches", "flags", "components", "test-results", "test-analytics"} {
		links = append(links, quote(part)+":"+quote(absolute(c.Request, path+"/"+part)))
	}
	return answer{status: http.StatusOK, body: []byte("{" + strings.Join(links, ",") + "}")}
}
