package terminal

import (
	"cmp"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/codecov-port/codecov-port/internal/backfill"
)

// cause is what several failures have in common.
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
	longestMessage = 400 // characters; --output json has all of it
)

// failures writes the failures by cause: how many, an example, and a hint.
func (s *sheet) failures(r *backfill.Result) {
	if len(r.Failures) == 0 {
		return
	}
	s.blank()
	causes := causesOf(r.Failures)
	hinted := make(map[string]bool)
	for _, c := range causes[:min(shownCauses, len(causes))] {
		s.cause(c)
		if about := adviceAbout(c.example); !hinted[about] {
			hinted[about] = true
			s.raw(s.label(nil, "") + s.hint(about))
		}
	}
	shown := min(shownCauses, len(causes))
	rest := 0
	for _, c := range causes[shown:] {
		rest += c.count
	}
	if rest > 0 {
		s.line("", "… and %s: --output json lists them all", Plural(rest, "more failure"))
	}
}

// hint returns a hint on lines of its own.
func (s *sheet) hint(about string) string {
	lines := Wrap(strings.Fields("hint: "+about), s.width-gutter)
	lines[0] = s.style.Green("hint:") + strings.TrimPrefix(lines[0], "hint:")
	return strings.Join(lines, "\n"+strings.Repeat(" ", gutter))
}

// cause writes a single failure with its name, and several with their number and an example.
func (s *sheet) cause(c cause) {
	what := c.code
	if status := strconv.Itoa(c.status); c.status != 0 && !strings.Contains(c.example.Message, status) {
		what += " (" + status + ")"
	}
	message := Shorten(c.example.Message, longestMessage)
	if c.count == 1 {
		s.colored(s.style.Red, "failed", "%s%s: %s", failed(c.example), what, message)
		return
	}
	s.colored(s.style.Red, "failed", "%s: %s: %s", c.things(), what, message)
	if name := strings.TrimSuffix(failed(c.example), ": "); name != "" {
		s.line("", "for example %s", name)
	}
}

func (c cause) things() string {
	if c.entity {
		return Plural(c.count, "entity")
	}
	switch {
	case c.example.Repository != "":
		return Plural(c.count, "repository")
	case c.code == backfill.CodeRowUnreadable:
		return Plural(c.count, "row")
	}
	return Plural(c.count, "list")
}

// failed names what failed, or returns "": the message then names the row of a list.
func failed(failure backfill.Failure) string {
	switch {
	case failure.Blueprint != "":
		return failure.Blueprint + " " + Short(failure.Identifier) + ": "
	case failure.Repository != "":
		return "repository " + Short(failure.Repository) + ": "
	}
	return ""
}

// causesOf groups failures by cause, the most frequent first.
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

// varying matches what differs between messages of one cause: addresses, quoted text, and words with a digit.
var varying = regexp.MustCompile("https?://\\S+|\"[^\"]*\"|'[^']*'|`[^`]*`|[^\\s\"'`]*[0-9][^\\s\"'`]*")

// shapeOf returns the message of a failure without what only concerns this failure.
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
