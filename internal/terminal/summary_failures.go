package terminal

import (
	"cmp"
	"fmt"
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
			s.line(Green, "  hint:", "%s", hint)
		}
	}
	if rest > 0 {
		s.line(Dim, "", "… and %s: --output json lists them all", Plural(rest, "more failure"))
	}
}

// writeGroup writes a single failure with its name, and several with their number and an example.
func (s *summary) writeGroup(group []backfill.Failure) {
	first, name := group[0], ""
	switch {
	case first.Blueprint != "":
		name = first.Blueprint + " " + Short(first.Identifier)
	case first.Repository != "":
		name = "repository " + Short(first.Repository)
	}
	text := first.Code
	if status := strconv.Itoa(first.Status); first.Status != 0 && !strings.Contains(first.Message, status) {
		text += " (" + status + ")"
	}
	text += ": " + Shorten(first.Message, longestMessage)
	if len(group) > 1 {
		text = things(group) + ": " + text
	} else if name != "" { // the message names the row of a list
		text = name + ": " + text
	}
	s.line(Red, "failed", "%s", text)
	if len(group) > 1 && name != "" {
		s.line(Dim, "", "for example %s", name)
	}
}

// things returns how many entities, commits, repositories, rows or lists failed alike.
func things(group []backfill.Failure) string {
	f, thing := group[0], "list"
	switch {
	case f.Code == backfill.CodeCommitUnreadable:
		return commitsOf(group)
	case f.Blueprint != "":
		thing = "entity"
	case f.Repository != "":
		thing = "repository"
	case f.Code == backfill.CodeRowUnreadable:
		thing = "row"
	}
	return Plural(len(group), thing)
}

// commitsOf counts commits that could not be read, and their repositories: "5 commits of 1 repository".
func commitsOf(failures []backfill.Failure) string {
	repositories := make(map[string]bool)
	for _, f := range failures {
		repositories[f.Repository] = true
	}
	return Plural(len(failures), "commit") + " of " + Plural(len(repositories), "repository")
}

// FailuresText sums the failures up: "3 of 2,900 entities failed, 5 commits of 1 repository could not be read".
func FailuresText(r *backfill.Result) string {
	var commits []backfill.Failure
	others := 0
	for _, f := range r.Failures {
		if f.Code == backfill.CodeCommitUnreadable {
			commits = append(commits, f)
		} else if f.Blueprint == "" {
			others++
		}
	}
	total, entries := totalOf(r.Entities), len(r.EntriesWithoutIdentifier)
	entities := Plural(total.Created+total.Updated+total.Unchanged+total.Failed, "entity")
	return list(
		ifAny(total.Failed, Count(total.Failed)+" of "+entities+" failed"),
		ifAny(len(commits), commitsOf(commits)+" could not be read"),
		ifAny(others, Plural(others, "failure")+" to read from Codecov"),
		ifAny(entries, Plural(entries, "mapping entry")+" returned no identifier"),
	)
}

// GroupFailures groups failures with the same code, status and kind of message, the largest group first.
func GroupFailures(failures []backfill.Failure) [][]backfill.Failure {
	places := make(map[string]int)
	var groups [][]backfill.Failure
	for _, f := range failures {
		key := fmt.Sprint(f.Code, " ", f.Status, f.Blueprint != "", commonMessage(f))
		place, known := places[key]
		if !known {
			place = len(groups)
			places[key] = place
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

// hints are the remedies for failures: by code, or by the status of Port's response.
var hints = map[string]string{
	backfill.CodeNoSeat:           "activate a seat for the token's user in Codecov › Members, or use another user's token",
	backfill.CodeProviderLogin:    "sign in to Codecov again as the token's user: the git provider rejects the login, the token itself works",
	backfill.CodeProviderLimit:    "run sync again in an hour: the git provider limits Codecov's requests",
	backfill.CodeNoAccess:         "check the name, and the access of the token's user at the git provider",
	backfill.CodeOutage:           "run sync again later: Codecov or the git provider is down",
	backfill.CodeRowUnreadable:    "ask Codecov's support to repair the row; everything else was read",
	backfill.CodeCommitUnreadable: "ask Codecov's support to repair these commits; the others of the repository were read",
	backfill.CodeListStopped:      "name the repositories with --repo NAME: Codecov finds them by name, but cannot list what follows this row",
	backfill.CodeListIncomplete:   "run sync again: the list changed while it was read",
	backfill.CodeNoBranch:         "check the name: branches are case-sensitive",
	backfill.CodeUnreadable:       "run sync again; -vv logs every request",
	backfill.CodeUnfinished:       "run sync again: it writes what is missing",

	backfill.CodeTaken:               "put the owner into the identifier with a --mapping of your own",
	backfill.CodeOtherAccount:        "if the account was renamed, run sync --adopt; otherwise put the owner into the identifier with a --mapping of your own",
	backfill.CodeForbiddenIdentifier: "use a --mapping that replaces other characters: Port only allows letters, digits and @ _ . + : \\ / = -",
	backfill.CodeUnsendable:          "use a --mapping that leaves long properties out: an entity must be smaller than 1 MiB",
	backfill.CodeNoAnswer:            "run sync again: Port may have stored them, and sync compares first",

	"403": "use credentials that may write entities in Port",
	"404": "run codecov-port check: the blueprint or a related entity is missing in Port",
	"409": "run sync again: something else changed the entity at the same time",
	"422": "change the blueprint or the mapping: a value does not fit; codecov-port check compares them",
	"429": "run sync again later, or with a lower --port-share: Port was overloaded",
	"500": "run sync again later: Port is down",
}

// alike are statuses with the remedy of another.
var alike = map[int]string{400: "422", 401: "403", 408: "429", 413: backfill.CodeUnsendable}

// hintFor returns the remedy for a failure. Those of all statuses from 500 are the same.
func hintFor(f backfill.Failure) string {
	status := cmp.Or(alike[f.Status], strconv.Itoa(min(f.Status, 500)))
	return cmp.Or(hints[f.Code], hints[status], "run sync again with -vv, which logs every request")
}
