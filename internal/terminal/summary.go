package terminal

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/codecov-port/codecov-port/internal/backfill"
)

// WriteSummary writes the summary of a run to streams.Out, as wide as its terminal or 80 columns.
func WriteSummary(streams *Streams, r *backfill.Result) error {
	s := newSheet(streams)
	s.status(r)
	s.reading(r)
	if !isUnchanged(r) {
		s.entities(r)
	}
	s.work(r)
	s.remarks(r)
	s.coverage(r)
	if r.PortURL != nil && !r.DryRun {
		s.blank()
		s.line("in Port", "%s", *r.PortURL)
	}
	s.failures(r)
	s.preview(r)
	_, err := io.WriteString(streams.Out, s.text.String())
	return err
}

// isUnchanged reports whether Port held everything already and nothing is missing.
func isUnchanged(r *backfill.Result) bool {
	if !r.Complete || len(r.CreatedBlueprints) > 0 {
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

// status writes what applies to everything below.
func (s *sheet) status(r *backfill.Result) {
	if r.Interrupted {
		s.colored(s.style.Yellow, "interrupted", "this was done before; run sync again to continue")
	}
	if r.DryRun {
		s.line("dry run", "nothing was written")
	}
	if isUnchanged(r) {
		s.colored(s.style.Green, "unchanged", "Port is up to date: %s", unchangedText(r))
	}
}

func unchangedText(r *backfill.Result) string {
	var parts []string
	for _, entities := range r.Entities {
		if entities.Unchanged > 0 {
			parts = append(parts, Count(entities.Unchanged)+" of "+entities.Blueprint)
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

// reading writes what was read from Codecov.
func (s *sheet) reading(r *backfill.Result) {
	c := r.Repositories
	text := fmt.Sprintf("%s listed, %s read", Count(c.Listed), Count(c.Read))
	for _, part := range []struct {
		count int
		what  string
	}{{c.Failed, "failed"}, {c.WithoutCoverage, "without coverage"}, {c.Private, "private"}} {
		if part.count > 0 {
			text += fmt.Sprintf(", %s %s", Count(part.count), part.what)
		}
	}
	s.line("repositories", "%s", text)
	words := []string{Count(r.Commits.Read) + " read,", Count(r.Commits.Replayed) + " replayed"}
	if len(r.Commits.Skipped) > 0 {
		words[1] += ";"
		words = append(words, skipped(r.Commits.Skipped)...)
	}
	s.words(s.style.Dim, "commits", words)
}

// skipped returns the reasons for skipped commits, the most frequent first.
func skipped(reasons map[string]int) []string {
	byCount := func(a, b string) int { return cmp.Or(cmp.Compare(reasons[b], reasons[a]), cmp.Compare(a, b)) }
	var words []string
	for i, reason := range slices.SortedFunc(maps.Keys(reasons), byCount) {
		word := Count(reasons[reason]) + " " + Safe(reason)
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

// entities writes a row for each blueprint.
func (s *sheet) entities(r *backfill.Result) {
	rows := [][]Cell{{
		{Text: "entities", Color: s.style.Dim}, s.title(verb(r, "created", "to create")), s.title(verb(r, "updated", "to update")), s.title("unchanged"), s.title("failed"),
	}}
	for _, e := range r.Entities {
		rows = append(rows, []Cell{
			{Text: "  " + Short(Safe(e.Blueprint))},
			countCell(e.Created, s.style.Green), countCell(e.Updated, s.style.Green), countCell(e.Unchanged, nil), countCell(e.Failed, s.style.Red),
		})
	}
	if Wide(rows) <= s.width {
		for _, line := range Columns(rows) {
			s.raw(line)
		}
	} else {
		s.narrowEntities(r)
	}
	if len(r.CreatedBlueprints) > 0 {
		s.line("blueprints", "%s %s", verb(r, "created", "to create:"), strings.Join(r.CreatedBlueprints, ", "))
	}
}

// narrowEntities is for terminals that are too narrow for columns.
func (s *sheet) narrowEntities(r *backfill.Result) {
	label := "entities"
	for _, e := range r.Entities {
		s.words(s.style.Dim, label, []string{
			Short(Safe(e.Blueprint)) + ":",
			Count(e.Created) + verb(r, " created,", " to create,"), Count(e.Updated) + verb(r, " updated,", " to update,"),
			Count(e.Unchanged) + " unchanged,", Count(e.Failed) + " failed",
		})
		label = ""
	}
}

func (s *sheet) title(text string) Cell { return Cell{Text: text, Right: true, Color: s.style.Dim} }

// countCell is a cell with a count, colored unless it is 0.
func countCell(count int, color func(string) string) Cell {
	if count == 0 {
		color = nil
	}
	return Cell{Text: Count(count), Right: true, Color: color}
}

// work writes the time and the requests.
func (s *sheet) work(r *backfill.Result) {
	entities := 0
	for _, e := range r.Entities {
		entities += e.Created + e.Updated + e.Unchanged
	}
	took, text := time.Duration(r.Duration), Duration(time.Duration(r.Duration))
	if entities > 0 && took > 0 {
		text += ", " + speedText(float64(entities)/took.Seconds()) + " entities per second"
	}
	s.line("time", "%s", text)
	codecov, port := r.Requests.Codecov, r.Requests.Port
	text = fmt.Sprintf("%s to Codecov, %s to Port", Count(codecov.Requests), Count(port.Requests))
	if retries := codecov.Retries + port.Retries; retries > 0 {
		text += fmt.Sprintf("; %s were retries", Count(retries))
	}
	if waited := codecov.WaitedSeconds + port.WaitedSeconds; waited >= 1 {
		text += "; waited " + Duration(time.Duration(waited*float64(time.Second))) + " in all"
	}
	s.line("requests", "%s", text)
}

// maxShown is the number of repositories and changes that are shown at most.
const maxShown = 20

// remarks writes what is unexpected, but not a failure.
func (s *sheet) remarks(r *backfill.Result) {
	for _, value := range r.DroppedValues {
		s.line("dropped", "%s of %s in %s: %s", value.Property, value.Blueprint, Plural(value.Count, "entity"), value.Reason)
	}
	s.stale(r.StaleRepositories)
	for _, change := range r.Changes[:min(maxShown, len(r.Changes))] {
		s.line("would update", "%s %s: %s from %s to %s", change.Blueprint, change.Identifier, change.Property, ShortJSON(change.From), ShortJSON(change.To))
	}
	if more := len(r.Changes) - maxShown; more > 0 {
		s.line("", "… and %s", Plural(more, "more change"))
	}
	if r.NotWritten > 0 {
		s.line("not written", "%s, because the run was interrupted", Plural(r.NotWritten, "new entity"))
	}
	for _, entry := range r.EntriesWithoutIdentifier {
		s.colored(s.style.Yellow, "mapping", "entry %d returned no identifier for any commit", entry)
	}
}

// stale writes the repositories that Codecov no longer lists.
func (s *sheet) stale(repositories []backfill.StaleRepository) {
	if len(repositories) == 0 {
		return
	}
	var names []string
	for _, r := range repositories[:min(maxShown, len(repositories))] {
		names = append(names, r.Owner+"/"+r.Repository)
	}
	if more := len(repositories) - maxShown; more > 0 {
		names = append(names, fmt.Sprintf("and %s more", Count(more)))
	}
	verb := "are"
	if len(repositories) == 1 {
		verb = "is"
	}
	s.line("stale", "%s %s in Port but no longer in Codecov: %s", Plural(len(repositories), "repository"), verb, strings.Join(names, ", "))
}

// preview ends a dry run with what the real run would do.
func (s *sheet) preview(r *backfill.Result) {
	if !r.DryRun || isUnchanged(r) {
		return
	}
	var created, updated, unchanged int
	for _, e := range r.Entities {
		created, updated, unchanged = created+e.Created, updated+e.Updated, unchanged+e.Unchanged
	}
	s.blank()
	s.raw(fmt.Sprintf("would create %s, update %s, leave %s unchanged", Count(created), Count(updated), Count(unchanged)))
}
