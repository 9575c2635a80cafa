package summary

import (
	"fmt"
	"strings"

	"github.com/codecov-port/codecov-port/internal/backfill"
	"github.com/codecov-port/codecov-port/internal/terminal"
)

const shownUnlisted = 10

// unlisted tells of the repositories that Port holds and that Codecov's lists do not have.
func (s *sheet) unlisted(r *backfill.Result) {
	if len(r.StaleRepositories) == 0 {
		return
	}
	var names []string
	for _, u := range r.StaleRepositories[:min(shownUnlisted, len(r.StaleRepositories))] {
		names = append(names, title(u))
	}
	if more := len(r.StaleRepositories) - shownUnlisted; more > 0 {
		names = append(names, fmt.Sprintf("and %s more", terminal.Count(more)))
	}
	s.line("not listed", "%s of Port's repositories by Codecov: %s", terminal.Count(len(r.StaleRepositories)), strings.Join(names, ", "))
	for _, u := range r.StaleRepositories {
		switch {
		case u.Removed:
			s.line(verb(r, "pruned", "would prune"), "%s: %s", title(u), terminal.Several(u.Entities, "entity"))
		case u.Entities > 0:
			s.line("pruned partly", "%s: %s: %s", title(u), terminal.Several(u.Entities, "entity"), u.Kept)
		case u.Kept != "":
			s.line("kept", "%s: %s", title(u), u.Kept)
		}
	}
}

func title(u backfill.StaleRepository) string { return u.Owner + "/" + u.Repository }
