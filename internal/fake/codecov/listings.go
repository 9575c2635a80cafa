package codecov

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"unicode"
)

const noNull = "Null characters are not allowed."

// repositories answers with a page of the list of repositories.
func (s *Server) repositories(c call) answer {
	account, refusal := s.account(c)
	if refusal != nil {
		return *refusal
	}
	if strings.ContainsRune(c.query.last("search"), 0) {
		return answer{status: http.StatusBadRequest, body: encode([]string{noNull})}
	}
	shown, poison := s.shownRepositories(c, account)
	page, ok := pageOf(c.query, len(shown))
	if !ok {
		return *invalidPage()
	}
	if slices.Contains(poison[:page.to], Unreadable) || slices.Contains(poison[page.from:page.to], Malformed) {
		return *serverError()
	}
	return page.respond(c.Request, c.query, func(body []byte, i int) []byte {
		return account.AppendRepository(body, shown[i])
	})
}

// shownRepositories returns the indices of the repositories that the user sees and the filters let through, and how each is poisoned.
func (s *Server) shownRepositories(c call, account Account) (shown []int, poison []Poison) {
	wanted := repositoryFilter(c.query)
	for i := range account.Repositories() {
		facts := account.Repository(i)
		if !wanted(facts) || !s.lists(c.user, account, facts) {
			continue
		}
		if changed := s.changesTo(account, facts.Name); !changed.hidden {
			shown = append(shown, i)
			poison = append(poison, changed.poison)
		}
	}
	return shown, poison
}

// repositoryFilter reads active, names and search. Other parameters and other spellings are no filters.
func repositoryFilter(q query) func(Repository) bool {
	active, byActive := activeFilter(q.last("active"))
	names, byName := q["names"]
	terms := strings.FieldsFunc(strings.ToLower(q.last("search")), func(r rune) bool { return r == ',' || unicode.IsSpace(r) })
	return func(r Repository) bool {
		if byActive && (r.Active == nil || *r.Active != active) {
			return false
		}
		if byName && !containsFold(names, r.Name) {
			return false
		}
		name := strings.ToLower(r.Name)
		return !slices.ContainsFunc(terms, func(term string) bool { return !strings.Contains(name, term) })
	}
}

func activeFilter(text string) (active, given bool) {
	switch text {
	case "true", "True":
		return true, true
	case "false", "False":
		return false, true
	default:
		return false, false
	}
}

// commitsPage answers with a page of a repository's list of commits.
func (s *Server) commitsPage(c call) answer {
	account, refusal := s.account(c)
	if refusal != nil {
		return *refusal
	}
	i, found := account.Find(c.repository)
	if !found {
		return *detailed(http.StatusNotFound, "No Repository matches the given query.")
	}
	if !isSafe(c.Method) {
		return *detailed(http.StatusNotFound, "Not found.")
	}
	if refusal := s.refuseCommits(c.user, account, account.Repository(i)); refusal != nil {
		return *refusal
	}
	branch := c.query.last("branch")
	if strings.ContainsRune(branch, 0) {
		return answer{status: http.StatusBadRequest, body: fmt.Appendf(nil, `{"branch":[%q]}`, noNull)}
	}
	rows, poisoned := s.commits(account, i, strings.TrimSpace(branch))
	page, ok := pageOf(c.query, rows.Len())
	if !ok {
		return *invalidPage()
	}
	if s.options.Ties {
		rows = orderTies(rows, page.to)
	}
	if page.holdsAny(rows, poisoned) {
		return *serverError()
	}
	return page.respond(c.Request, c.query, rows.AppendRow)
}

// holdsAny reports whether one of the page's commits is poisoned.
func (p page) holdsAny(rows Rows, poisoned map[string]bool) bool {
	if len(poisoned) == 0 {
		return false
	}
	for i := p.from; i < p.to; i++ {
		if poisoned[commitID(rows.AppendRow(nil, i))] {
			return true
		}
	}
	return false
}
