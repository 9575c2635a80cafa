package codecov

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

const noNull = "Null characters are not allowed."

// repositories answers with a page of the list of repositories.
func (s *Server) repositories(c call) answer {
	account, refusal := s.account(c)
	if refusal != nil {
		return *refusal
	}
	shown, poison := s.shownRepositories(c, account)
	page, ok := c.page(len(shown))
	if !ok {
		return *invalidPage()
	}
	if slices.Contains(poison[:page.to], Unreadable) || slices.Contains(poison[page.from:page.to], Malformed) {
		return *serverError()
	}
	return page.respond(c, func(body []byte, i int) []byte {
		return account.AppendRepository(body, shown[i])
	})
}

// shownRepositories returns the indices of the repositories that the user sees, those of names if there are any, and how each is poisoned.
func (s *Server) shownRepositories(c call, account Account) (shown []int, poison []Poison) {
	names, byName := c.query["names"]
	for i := range account.Repositories() {
		facts := account.Repository(i)
		if byName && !containsFold(names, facts.Name) || !c.access.lists(account, facts) {
			continue
		}
		if changed := s.changesTo(account, facts.Name); !changed.hidden {
			shown = append(shown, i)
			poison = append(poison, changed.poison)
		}
	}
	return shown, poison
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
	if refusal := c.access.refuse(account, account.Repository(i)); refusal != nil {
		return *refusal
	}
	branch := c.last("branch")
	if strings.ContainsRune(branch, 0) {
		return answer{status: http.StatusBadRequest, body: fmt.Appendf(nil, `{"branch":[%q]}`, noNull)}
	}
	rows, poisoned := s.commits(account, i, strings.TrimSpace(branch))
	page, ok := c.page(rows.Len())
	if !ok {
		return *invalidPage()
	}
	if s.options.Ties {
		rows = orderTies(rows, page.to)
	}
	if page.holdsAny(rows, poisoned) {
		return *serverError()
	}
	return page.respond(c, rows.AppendRow)
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
