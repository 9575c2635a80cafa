package summary

import (
	"fmt"
	"strings"

	"github.com/codecov-port/codecov-port/internal/ui"
	"github.com/codecov-port/codecov-port/pkg/backfill"
)

const shownUnlisted = 10

// unlisted tells of the repositories that Port holds and that Codecov's lists do not have.
func (s *sheet) unlisted(r *backfill.Result) {
	if len(r.Unlisted) == 0 {
		return
	}
	var names []string
	for _, u := range r.Unlisted[:min(shownUnlisted, len(r.Unlisted))] {
		names = append(names, title(u))
	}
	if more := len(r.Unlisted) - shownUnlisted; more > 0 {
		names = append(names, fmt.Sprintf("and %s more", ui.Count(more)))
	}
	s.line("not listed", "%s of Port's repositories by Codecov: %s", ui.Count(len(r.Unlisted)), strings.Join(names, ", "))
	for _, u := range r.Unlisted {
		switch {
		case u.Removed:
			s.line(verb(r, "pruned", "would prune"), "%s: %s", title(u), ui.Several(u.Entities, "entity"))
		case u.Entities > 0:
			s.line("pruned partly", "%s: %s: %s", title(u), ui.Several(u.Entities, "entity"), u.Kept)
		case u.Kept != "":
			s.line("kept", "%s: %s", title(u), u.Kept)
		}
	}
}

func title(u backfill.Unlisted) string { return u.Owner + "/" + u.Repository }
