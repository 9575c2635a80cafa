package terminal

import (
	"cmp"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/codecov-port/codecov-port/internal/backfill"
)

const (
	maxGroups      = 10
	longestMessage = 400 // characters; --output json has all of it
)

// writeFailures writes the groups of failures: how many, an example, and a hint.
func (s *summary) writeFailures(failures []backfill.Failure) {
	if len(failures) == 0 {
		return
	}
	s.text.WriteByte('\n')
	groups := GroupFailures(failures)
	hinted := make(map[string]bool)
	rest := len(failures)
	for _, group := range groups[:min(maxGroups, len(groups))] {
		rest -= len(group)
		s.writeGroup(group)
		if hint := hintFor(group[0]); !hinted[hint] {
			hinted[hint] = true
			s.colored(s.style.Green, "  hint:", "%s", hint)
		}
	}
	if rest > 0 {
		s.line("", "… and %s: --output json lists them all", Plural(rest, "more failure"))
	}
}

// writeGroup writes a single failure with its name, and several with their number and an example.
func (s *summary) writeGroup(group []backfill.Failure) {
	first := group[0]
	text := first.Code
	if status := strconv.Itoa(first.Status); first.Status != 0 && !strings.Contains(first.Message, status) {
		text += " (" + status + ")"
	}
	text += ": " + Shorten(first.Message, longestMessage)
	name := nameOf(first)
	switch {
	case len(group) > 1:
		text = things(group) + ": " + text
	case name != "":
		text = name + ": " + text
	}
	s.colored(s.style.Red, "failed", "%s", text)
	if len(group) > 1 && name != "" {
		s.line("", "for example %s", name)
	}
}

// things returns how many entities, commits, repositories, rows or lists failed alike.
func things(group []backfill.Failure) string {
	f, count := group[0], len(group)
	switch {
	case f.Code == backfill.CodeCommitUnreadable:
		return CommitsOf(group)
	case f.Blueprint != "":
		return Plural(count, "entity")
	case f.Repository != "":
		return Plural(count, "repository")
	case f.Code == backfill.CodeRowUnreadable:
		return Plural(count, "row")
	}
	return Plural(count, "list")
}

// CommitsOf formats the number of commits that could not be read, and of their repositories: "5 commits of 1 repository".
func CommitsOf(failures []backfill.Failure) string {
	repositories := make(map[string]bool)
	for _, f := range failures {
		repositories[f.Repository] = true
	}
	return Plural(len(failures), "commit") + " of " + Plural(len(repositories), "repository")
}

// nameOf names what failed, or returns "" for a row of a list, which the message names.
func nameOf(f backfill.Failure) string {
	switch {
	case f.Blueprint != "":
		return f.Blueprint + " " + Short(f.Identifier)
	case f.Repository != "":
		return "repository " + Short(f.Repository)
	}
	return ""
}

// GroupFailures groups failures with the same code, status and kind of message, the largest group first.
func GroupFailures(failures []backfill.Failure) [][]backfill.Failure {
	type key struct {
		code, message string
		status        int
		isEntity      bool
	}
	places := make(map[key]int)
	var groups [][]backfill.Failure
	for _, f := range failures {
		k := key{f.Code, commonMessage(f), f.Status, f.Blueprint != ""}
		place, known := places[k]
		if !known {
			place = len(groups)
			places[k] = place
			groups = append(groups, nil)
		}
		groups[place] = append(groups[place], f)
	}
	slices.SortStableFunc(groups, func(a, b []backfill.Failure) int { return cmp.Compare(len(b), len(a)) })
	return groups
}

// varying matches what differs between messages of one kind: addresses, quoted text, and words with a digit.
var varying = regexp.MustCompile("https?://\\S+|\"[^\"]*\"|'[^']*'|`[^`]*`|[^\\s\"'`]*[0-9][^\\s\"'`]*")

// commonMessage returns the message of a failure without what only concerns this failure.
func commonMessage(f backfill.Failure) string {
	words := strings.Fields(f.Message)
	for i, word := range words {
		name := strings.Trim(word, `"'.,:;()`)
		if name != "" && (name == f.Identifier || name == f.Repository || strings.HasSuffix(name, "/"+f.Repository)) {
			words[i] = "…"
		}
	}
	return varying.ReplaceAllString(strings.Join(words, " "), "…")
}
