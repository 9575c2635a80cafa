package summary

import (
	"cmp"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/codecov-port/codecov-port/internal/backfill"
	"github.com/codecov-port/codecov-port/internal/terminal"
)

// cause is what several failures have in common: all but what they are about.
type cause struct {
	code    string
	status  int
	shape   string // of the message
	entity  bool   // not a repository
	count   int
	example backfill.Failure // the first
}

const (
	shownCauses    = 10
	longestMessage = 400 // characters; the file of failures has all of it
)

// failures tells what failed by its cause: how often, one example, and what can be done about it.
func (s *sheet) failures(r *backfill.Result, file string) {
	if len(r.Failures) == 0 {
		return
	}
	s.blank()
	causes := causesOf(r.Failures)
	advised := make(map[string]bool)
	for _, c := range causes[:min(shownCauses, len(causes))] {
		s.cause(c)
		if about := adviceAbout(c.example); !advised[about] {
			advised[about] = true
			s.raw(s.label(nil, "") + s.hint(about))
		}
	}
	shown := min(shownCauses, len(causes))
	switch more := len(r.Failures) - shown; {
	case file != "":
		s.below("%s: all of them are listed in %s", terminal.Several(len(r.Failures), "failure"), file)
	case more > 0:
		s.below("… and %s more: --failures FILE lists them all", terminal.Count(more))
	}
}

// hint is advice on lines of its own.
func (s *sheet) hint(about string) string {
	lines := terminal.Wrap(strings.Fields("hint: "+about), s.width-gutter)
	lines[0] = s.style.Green("hint:") + strings.TrimPrefix(lines[0], "hint:")
	return strings.Join(lines, "\n"+strings.Repeat(" ", gutter))
}

// cause tells of one: a single failure by its name, several by their number and the first one's name.
func (s *sheet) cause(c cause) {
	what := c.code
	if status := strconv.Itoa(c.status); c.status != 0 && !strings.Contains(c.example.Message, status) {
		what += " (" + status + ")"
	}
	message := terminal.Shorten(c.example.Message, longestMessage)
	if c.count == 1 {
		s.colored(s.style.Red, "failed", "%s%s: %s", failed(c.example), what, message)
		return
	}
	s.colored(s.style.Red, "failed", "%s: %s: %s", c.things(), what, message)
	if name := strings.TrimSuffix(failed(c.example), ": "); name != "" {
		s.below("for example %s", name)
	}
}

func (c cause) things() string {
	if c.entity {
		return terminal.Several(c.count, "entity")
	}
	switch {
	case c.example.Repository != "":
		return terminal.Several(c.count, "repository")
	case c.code == backfill.CodeRowUnreadable:
		return terminal.Several(c.count, "row")
	}
	return terminal.Several(c.count, "list")
}

// failed tells what failed; a row of a list that has no name is told by the message.
func failed(failure backfill.Failure) string {
	switch {
	case failure.Blueprint != "":
		return failure.Blueprint + " " + terminal.Short(failure.Identifier) + ": "
	case failure.Repository != "":
		return "repository " + terminal.Short(failure.Repository) + ": "
	}
	return ""
}

// causesOf groups failures by cause, those of most failures first.
func causesOf(failures []backfill.Failure) []cause {
	type key struct {
		code   string
		status int
		shape  string
		entity bool
	}
	places := make(map[key]int)
	var causes []cause
	for _, f := range failures {
		k := key{f.Code, f.Status, shapeOf(f), f.Blueprint != ""}
		place, known := places[k]
		if !known {
			place = len(causes)
			places[k] = place
			causes = append(causes, cause{code: k.code, status: k.status, shape: k.shape, entity: k.entity, example: f})
		}
		causes[place].count++
	}
	slices.SortStableFunc(causes, func(a, b cause) int { return cmp.Compare(b.count, a.count) })
	return causes
}

// varying matches what differs between messages of one cause: addresses, what is quoted, and words with a digit in them,
// which are counts, commits and request ids.
var varying = regexp.MustCompile("https?://\\S+|\"[^\"]*\"|'[^']*'|`[^`]*`|[^\\s\"'`]*[0-9][^\\s\"'`]*")

// shapeOf gives the failure's message without what is about this failure alone.
func shapeOf(f backfill.Failure) string {
	words := strings.Fields(f.Message)
	for i, word := range words {
		name := strings.Trim(word, `"'.,:;()`)
		if name != "" && (name == f.Identifier || name == f.Repository || strings.HasSuffix(name, "/"+f.Repository)) {
			words[i] = "…"
		}
	}
	return varying.ReplaceAllString(strings.Join(words, " "), "…")
}
