// Package summary tells what became of a run, as a person wants to know it.
package summary

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/codecov-port/codecov-port/internal/backfill"
	"github.com/codecov-port/codecov-port/internal/terminal"
)

// Places are where there is more than a summary tells.
type Places struct {
	Port     string // address of the blueprint's page; "" where it is not known
	Failures string // the file that lists all failures; "": none was asked for
}

// Write tells what became of a run, as wide as the terminal that it goes to, or 80 columns. The error is that of
// streams.Out.
func Write(streams *terminal.Streams, places Places, r *backfill.Result) error {
	s := newSheet(streams)
	s.tell(places, r)
	_, err := io.WriteString(streams.Out, s.text.String())
	return err
}

func (s *sheet) tell(places Places, r *backfill.Result) {
	s.lead(r)
	s.read(r)
	if !untouched(r) {
		s.entities(r)
	}
	s.work(r)
	s.remarks(r)
	s.coverage(r)
	if places.Port != "" && !r.DryRun {
		s.blank()
		s.line("in Port", "%s", places.Port)
	}
	s.failures(r, places.Failures)
}

// untouched tells that Port held everything already, and that nothing is missing.
func untouched(r *backfill.Result) bool {
	if !r.Complete || len(r.CreatedBlueprints) > 0 || slices.ContainsFunc(r.StaleRepositories, func(u backfill.StaleRepository) bool { return u.Removed }) {
		return false
	}
	unchanged := 0
	for _, entities := range r.Entities {
		if entities.Created+entities.Updated > 0 {
			return false
		}
		unchanged += entities.Unchanged
	}
	return unchanged > 0
}

// lead tells first what all else is to be read with.
func (s *sheet) lead(r *backfill.Result) {
	if r.Interrupted {
		s.colored(s.style.Yellow, "interrupted", "there is more to do; this is what was done")
	}
	if r.DryRun {
		s.line("dry run", "nothing was written")
	}
	if untouched(r) {
		s.colored(s.style.Green, "unchanged", "%s: Port holds all of it already", verb(r, "nothing had changed", "nothing would change"))
		s.below("%s", unchangedText(r))
	}
}

func unchangedText(r *backfill.Result) string {
	var parts []string
	for _, entities := range r.Entities {
		if entities.Unchanged > 0 {
			parts = append(parts, terminal.Count(entities.Unchanged)+" of "+entities.Blueprint)
		}
	}
	return strings.Join(parts, ", ")
}

func verb(r *backfill.Result, done, would string) string {
	if r.DryRun {
		return would
	}
	return done
}

// read tells of what Codecov has.
func (s *sheet) read(r *backfill.Result) {
	c := r.Repositories
	text := fmt.Sprintf("%s listed, %s read", terminal.Count(c.Listed), terminal.Count(c.Read))
	for _, part := range []struct {
		count int
		what  string
	}{{c.Failed, "failed"}, {c.WithoutCoverage, "without coverage"}, {c.Private, "private"}} {
		if part.count > 0 {
			text += fmt.Sprintf(", %s %s", terminal.Count(part.count), part.what)
		}
	}
	s.line("repositories", "%s", text)
	words := []string{terminal.Count(r.Commits.Read) + " read,", terminal.Count(r.Commits.Replayed) + " replayed"}
	if len(r.Commits.Skipped) > 0 {
		words[1] += ";"
		words = append(words, skipped(r.Commits.Skipped)...)
	}
	s.words(s.style.Dim, "commits", words)
}

// skipped tells why commits were skipped, the most frequent reason first.
func skipped(reasons map[string]int) []string {
	byCount := func(a, b string) int { return cmp.Or(cmp.Compare(reasons[b], reasons[a]), cmp.Compare(a, b)) }
	var words []string
	for i, reason := range slices.SortedFunc(maps.Keys(reasons), byCount) {
		word := terminal.Count(reasons[reason]) + " " + terminal.Safe(reason)
		if i == 0 {
			word = "skipped: " + word
		}
		if i < len(reasons)-1 {
			word += ","
		}
		words = append(words, word)
	}
	return words
}

// entities tells what became of them, a line a blueprint.
func (s *sheet) entities(r *backfill.Result) {
	rows := [][]terminal.Cell{{
		{Text: "entities", Color: s.style.Dim}, s.head(verb(r, "created", "to create")), s.head(verb(r, "updated", "to update")), s.head("unchanged"), s.head("failed"),
	}}
	for _, e := range r.Entities {
		rows = append(rows, []terminal.Cell{
			{Text: "  " + terminal.Short(terminal.Safe(e.Blueprint))},
			tally(e.Created, s.style.Green), tally(e.Updated, s.style.Green), tally(e.Unchanged, nil), tally(e.Failed, s.style.Red),
		})
	}
	if terminal.Wide(rows) <= s.width {
		for _, line := range terminal.Columns(rows) {
			s.raw(line)
		}
	} else {
		s.narrowEntities(r)
	}
	if len(r.CreatedBlueprints) > 0 {
		s.line("blueprints", "%s: %s", verb(r, "created", "would be created"), strings.Join(r.CreatedBlueprints, ", "))
	}
}

// narrowEntities is for terminals that are too narrow for columns.
func (s *sheet) narrowEntities(r *backfill.Result) {
	label := "entities"
	for _, e := range r.Entities {
		s.words(s.style.Dim, label, []string{
			terminal.Short(terminal.Safe(e.Blueprint)) + ":",
			terminal.Count(e.Created) + verb(r, " created,", " to create,"), terminal.Count(e.Updated) + verb(r, " updated,", " to update,"),
			terminal.Count(e.Unchanged) + " unchanged,", terminal.Count(e.Failed) + " failed",
		})
		label = ""
	}
}

func (s *sheet) head(text string) terminal.Cell {
	return terminal.Cell{Text: text, Right: true, Color: s.style.Dim}
}

// tally is a cell with a count, colored unless it is 0.
func tally(count int, color func(string) string) terminal.Cell {
	if count == 0 {
		color = nil
	}
	return terminal.Cell{Text: terminal.Count(count), Right: true, Color: color}
}

// work tells how long it took and what was asked of both sides.
func (s *sheet) work(r *backfill.Result) {
	entities := 0
	for _, e := range r.Entities {
		entities += e.Created + e.Updated + e.Unchanged
	}
	s.line("time", "%s%s", durationText(time.Duration(r.Duration)), rateText(entities, time.Duration(r.Duration)))
	text := fmt.Sprintf("%s to Codecov, %s to Port", terminal.Count(r.Requests.Codecov.Requests), terminal.Count(r.Requests.Port.Requests))
	if retries := r.Requests.Codecov.Retries + r.Requests.Port.Retries; retries > 0 {
		text += fmt.Sprintf("; %s of them again after a failure", terminal.Count(retries))
	}
	if waited := time.Duration((r.Requests.Codecov.WaitedSeconds + r.Requests.Port.WaitedSeconds) * float64(time.Second)); waited >= time.Second {
		text += fmt.Sprintf("; waits of %s, taken together", durationText(waited))
	}
	s.line("requests", "%s", text)
}

// remarks tells what is not as one may expect it, though it is no failure.
func (s *sheet) remarks(r *backfill.Result) {
	for _, leftOut := range r.DroppedValues {
		s.line("left out", "%s of %s, %s: %s", leftOut.Property, leftOut.Blueprint, terminal.Several(leftOut.Count, "time"), leftOut.Reason)
	}
	s.unlisted(r)
	s.changes(r.Changes)
	if r.NotWritten > 0 {
		s.line("held back", "%s read and not written", terminal.Several(r.NotWritten, "new entity"))
	}
	for _, entry := range r.EntriesWithoutIdentifier {
		s.colored(s.style.Yellow, "barren", "entry %d of the mapping gave no identifier on any commit", entry)
	}
}

const shownChanges = 20

// changes tells what updates would change.
func (s *sheet) changes(changes []backfill.Change) {
	for _, change := range changes[:min(shownChanges, len(changes))] {
		s.line("would update", "%s %s: %s from %s to %s", change.Blueprint, change.Identifier, change.Property, shortJSON(change.From), shortJSON(change.To))
	}
	if more := len(changes) - shownChanges; more > 0 {
		s.below("… and %s", terminal.Several(more, "more change"))
	}
}

// shortJSON writes a value on one line of at most 60 characters.
func shortJSON(value any) string {
	if value == nil {
		return "nothing"
	}
	encoded, err := json.Marshal(value)
	if err != nil {
		return "?"
	}
	return terminal.Short(terminal.Safe(string(encoded)))
}
