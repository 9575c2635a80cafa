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

// summary is text in lines of a limited width. All text is made safe to print.
type summary struct {
	text  strings.Builder
	width int
	style Style
}

// WriteSummary writes the summary of a run to streams.Out, as wide as its terminal or 80 columns.
func WriteSummary(streams *Streams, r *backfill.Result) error {
	s := &summary{width: Width(streams.Out), style: streams.Style(streams.Out)}
	s.writeStatus(r)
	s.writeReading(r)
	if !isUnchanged(r) {
		s.writeEntities(r)
	}
	s.writeRequests(r)
	s.writeRemarks(r)
	s.writeCoverage(r)
	if r.PortURL != nil && !r.DryRun {
		s.text.WriteByte('\n')
		s.line(Dim, "in Port", "%s", *r.PortURL)
	}
	s.writeFailures(r.Failures)
	s.writePreview(r)
	_, err := io.WriteString(streams.Out, s.text.String())
	return err
}

// labelWidth is the width of the labels, with the blanks after them.
const labelWidth = 14

func (s *summary) line(ink Ink, label, format string, args ...any) {
	s.entry(ink, label, s.fit(fmt.Sprintf(format, args...)))
}

func (s *summary) fit(text string) string { return Fit(Safe(text), s.width-labelWidth) }

// entry writes a label and lines that are safe to print and short enough.
func (s *summary) entry(ink Ink, label, lines string) {
	lines = strings.ReplaceAll(lines, "\n", "\n"+strings.Repeat(" ", labelWidth))
	s.text.WriteString(cell{text: label, ink: ink}.padded(labelWidth, s.style) + lines + "\n")
}

func (s *summary) table(rows [][]cell) {
	for _, line := range alignCells(rows, s.style) {
		s.text.WriteString(line + "\n")
	}
}

// isUnchanged reports whether Port held everything already and nothing is missing.
func isUnchanged(r *backfill.Result) bool {
	total := totalOf(r.Entities)
	return r.Complete && len(r.CreatedBlueprints) == 0 && total.Created+total.Updated == 0 && total.Unchanged > 0
}

func totalOf(entities []backfill.EntityCounts) backfill.EntityCounts {
	var total backfill.EntityCounts
	for _, e := range entities {
		total.Created += e.Created
		total.Updated += e.Updated
		total.Unchanged += e.Unchanged
		total.Failed += e.Failed
	}
	return total
}

// writeStatus writes what applies to everything below.
func (s *summary) writeStatus(r *backfill.Result) {
	if r.Interrupted {
		s.line(Yellow, "interrupted", "the run was stopped before its end; run sync again to continue")
	}
	if r.DryRun {
		s.line(Dim, "dry run", "nothing was written")
	}
	if isUnchanged(r) {
		var parts []string
		for _, e := range r.Entities {
			parts = append(parts, counted(e.Unchanged, "of "+e.Blueprint))
		}
		s.line(Green, "unchanged", "Port is up to date: %s", list(parts...))
	}
}

func (s *summary) writeReading(r *backfill.Result) {
	c := r.Repositories
	s.line(Dim, "repositories", "%s", list(Count(c.Listed)+" listed", Count(c.Read)+" read", counted(c.Failed, "failed"),
		counted(c.WithoutCoverage, "without coverage"), counted(c.Private, "private")))
	text := Count(r.Commits.Read) + " read, " + Count(r.Commits.Replayed) + " replayed"
	if every := r.Commits.Every; every != "" && every != backfill.EveryCommit {
		text = fmt.Sprintf("%s of %s replayed: the last of each %s", Count(r.Commits.Replayed), Count(r.Commits.Read), every)
	}
	if len(r.Commits.Skipped) > 0 {
		text += "; skipped: " + skippedText(r.Commits.Skipped)
	}
	s.line(Dim, "commits", "%s", text)
}

// skippedText returns the reasons for skipped commits, the most frequent first.
func skippedText(reasons map[string]int) string {
	var texts []string
	for _, reason := range slices.SortedFunc(maps.Keys(reasons), func(a, b string) int {
		return cmp.Or(cmp.Compare(reasons[b], reasons[a]), cmp.Compare(a, b))
	}) {
		texts = append(texts, Count(reasons[reason])+" "+reason)
	}
	return strings.Join(texts, ", ")
}

func (s *summary) writeEntities(r *backfill.Result) {
	created, updated := "created", "updated"
	if r.DryRun {
		created, updated = "to create", "to update"
	}
	rows := [][]cell{{{text: "entities", ink: Dim}}}
	for _, title := range []string{created, updated, "unchanged", "failed"} {
		rows[0] = append(rows[0], cell{text: title, right: true, ink: Dim})
	}
	for _, e := range r.Entities {
		rows = append(rows, []cell{
			{text: "  " + Short(Safe(e.Blueprint))},
			countCell(e.Created, Green), countCell(e.Updated, Green), countCell(e.Unchanged, ""), countCell(e.Failed, Red),
		})
	}
	s.table(rows)
	if len(r.CreatedBlueprints) > 0 {
		s.line(Dim, "blueprints", "%s: %s", created, strings.Join(r.CreatedBlueprints, ", "))
	}
}

// countCell is a cell with a count, colored unless it is 0.
func countCell(count int, ink Ink) cell {
	if count == 0 {
		ink = ""
	}
	return cell{text: Count(count), right: true, ink: ink}
}

func (s *summary) writeRequests(r *backfill.Result) {
	total, took := totalOf(r.Entities), time.Duration(r.Duration)
	text := Duration(took)
	if entities := total.Created + total.Updated + total.Unchanged; entities > 0 && took > 0 {
		text += ", " + Rate(float64(entities)/took.Seconds()) + " entities per second"
	}
	s.line(Dim, "time", "%s", text)
	codecov, port := r.Requests.Codecov, r.Requests.Port
	retries, waited := codecov.Retries+port.Retries, codecov.WaitedSeconds+port.WaitedSeconds
	s.line(Dim, "requests", "%s", strings.Join(nonempty(
		Count(codecov.Requests)+" to Codecov, "+Count(port.Requests)+" to Port",
		ifAny(int(retries), "retries: "+Count(retries)),
		ifAny(int(waited), "waited "+Duration(time.Duration(waited*float64(time.Second)))),
	), "; "))
}

// maxShown is the number of repositories and changes that are shown at most.
const maxShown = 20

// writeRemarks writes what is unexpected, but not a failure.
func (s *summary) writeRemarks(r *backfill.Result) {
	for _, value := range r.DroppedValues {
		s.line(Dim, "dropped", "%s of %s in %s: %s", value.Property, value.Blueprint, Plural(value.Count, "entity"), value.Reason)
	}
	for _, relation := range r.Relations {
		unrelated := fmt.Sprintf("%s unrelated; Port has no %s for %s", Count(relation.Unrelated), relation.Target, Names(relation.Repositories, 5))
		s.line(Dim, "relation", "%s of %s: %s", relation.Relation, relation.Blueprint, list(Count(relation.Related)+" related", ifAny(relation.Unrelated, unrelated)))
	}
	s.writeStale(r.StaleRepositories)
	for _, change := range r.Changes[:min(maxShown, len(r.Changes))] {
		s.line(Dim, "would update", "%s %s: %s from %s to %s", change.Blueprint, change.Identifier, change.Property, ShortJSON(change.From), ShortJSON(change.To))
	}
	if more := len(r.Changes) - maxShown; more > 0 {
		s.line(Dim, "", "… and %s", Plural(more, "more change"))
	}
	if r.NotWritten > 0 {
		s.line(Dim, "not written", "%s, because the run was interrupted", Plural(r.NotWritten, "new entity"))
	}
	for _, entry := range r.EntriesWithoutIdentifier {
		s.line(Yellow, "mapping", "entry %d returned no identifier for any commit", entry)
	}
}

// Names lists names up to a number, and counts the others.
func Names(names []string, most int) string {
	if more := len(names) - most; more > 0 {
		names = append(slices.Clone(names[:most]), "and "+Count(more)+" more")
	}
	return strings.Join(names, ", ")
}

// writeStale writes the repositories that Codecov no longer lists.
func (s *summary) writeStale(repositories []backfill.StaleRepository) {
	if len(repositories) == 0 {
		return
	}
	names, verb := make([]string, len(repositories)), "are"
	for i, r := range repositories {
		names[i] = r.Owner + "/" + r.Repository
		if r.RenamedTo != "" {
			names[i] += " (renamed to " + r.RenamedTo + ")"
		}
	}
	if len(names) == 1 {
		verb = "is"
	}
	s.line(Dim, "stale", "%s %s in Port but no longer in Codecov: %s", Plural(len(names), "repository"), verb, Names(names, maxShown))
}

// writePreview ends a dry run with what the real run would do.
func (s *summary) writePreview(r *backfill.Result) {
	if !r.DryRun || isUnchanged(r) {
		return
	}
	if plan := r.Plan; plan != nil {
		s.text.WriteByte('\n')
		s.line(Dim, "sync needs", "%s", BulkRequests(plan.Requests, time.Duration(plan.Delay)))
		if plan.NeedsConfirmation {
			s.line(Yellow, "", "your confirmation to create more than %s, or --yes", Plural(plan.MaxEntities, "entity"))
		}
	}
	total := totalOf(r.Entities)
	fmt.Fprintf(&s.text, "\nwould create %s, update %s, leave %s unchanged\n", Count(total.Created), Count(total.Updated), Count(total.Unchanged))
}

// BulkRequests formats a number of bulk requests, and how long Port's rate limit makes them take.
func BulkRequests(count int, delay time.Duration) string {
	text := Plural(count, "bulk request")
	if delay > 0 {
		text += ", about " + Duration(delay.Round(time.Second)) + " at Port's rate limit"
	}
	return text
}

const (
	ranked       = 5  // repositories in each list
	shortTrend   = 8  // bars of a repository
	longTrend    = 24 // bars of the account
	longestName  = 32 // characters of a repository's name
	shortestName = 8
	besideName   = labelWidth + 28 // columns of a ranking without the name
)

// writeCoverage writes the coverage of the account, and the repositories that are lowest or changed most. An interrupted
// run has none: the figures would look final.
func (s *summary) writeCoverage(r *backfill.Result) {
	if r.Coverage == nil || r.Interrupted {
		return
	}
	s.text.WriteByte('\n')
	s.writeAccount(r.Coverage)
	if isUnchanged(r) || len(r.Histories) < 2 {
		return
	}
	var rows [][]cell
	several := slices.ContainsFunc(r.Histories, func(h backfill.History) bool { return h.Owner != r.Histories[0].Owner })
	for _, ranking := range []struct {
		label     string
		histories []backfill.History
	}{
		{"lowest", Lowest(r.Histories)}, {"fell most", Moved(r.Histories, -1)}, {"rose most", Moved(r.Histories, +1)},
	} {
		for i, h := range ranking.histories {
			if i > 0 {
				ranking.label = ""
			}
			label := cell{text: fmt.Sprintf("%-*s", labelWidth-2, ranking.label), ink: Dim}
			rows = append(rows, append([]cell{label}, s.rankedCells(h, several)...))
		}
	}
	s.table(rows)
}

// writeAccount writes the current coverage, its change and, if there is room, its trend.
func (s *summary) writeAccount(account *backfill.AccountTrend) {
	percent := Percent(account.Percent)
	text, change := percent+" of "+Plural(int(account.Lines), "line"), cell{}
	if len(account.Trend) > 1 {
		first := account.Trend[0]
		change = changeCell(first.Coverage, account.Percent)
		text += ", " + change.text + " since " + first.At.Format(time.DateOnly)
		if room := s.width - labelWidth - len(text) - 2; room >= shortTrend {
			text += "  " + Trend(account.Trend, min(room, longTrend))
		}
	}
	text = strings.Replace(s.fit(text), percent, s.style.Paint(Bold, percent), 1)
	s.entry(Dim, "coverage", strings.Replace(text, change.text+" since", s.style.Paint(change.ink, change.text)+" since", 1))
}

// changeCell is a cell with a change in percentage points, red or green.
func changeCell(from, to float64) cell {
	text := Points(from, to)
	return cell{text: text, right: true, ink: map[byte]Ink{'-': Red, '+': Green}[text[0]]}
}

// rankedCells returns a repository's name, coverage, change in percentage points, and trend.
func (s *summary) rankedCells(h backfill.History, withOwner bool) []cell {
	if withOwner {
		h.Repository = h.Owner + "/" + h.Repository
	}
	name := Shorten(Safe(h.Repository), min(max(s.width-besideName, shortestName), longestName))
	row := []cell{{text: name}, {text: Percent(h.Newest().Coverage), right: true}, changeCell(h.Points[0].Coverage, h.Newest().Coverage)}
	if s.width >= besideName+shortestName {
		row = append(row, cell{text: Trend(h.Points, shortTrend)})
	}
	return row
}

// Lowest returns the five repositories with the lowest coverage.
func Lowest(histories []backfill.History) []backfill.History {
	sorted := slices.SortedStableFunc(slices.Values(histories), func(a, b backfill.History) int {
		return cmp.Compare(a.Newest().Coverage, b.Newest().Coverage)
	})
	return sorted[:min(ranked, len(sorted))]
}

// Moved returns the five repositories whose coverage fell (direction -1) or rose (+1) most, by the change that is shown.
func Moved(histories []backfill.History, direction int) []backfill.History {
	change := func(h backfill.History) int {
		return direction * (backfill.Hundredths(h.Newest().Coverage) - backfill.Hundredths(h.Points[0].Coverage))
	}
	sorted := slices.DeleteFunc(slices.Clone(histories), func(h backfill.History) bool { return change(h) <= 0 })
	slices.SortStableFunc(sorted, func(a, b backfill.History) int { return cmp.Compare(change(b), change(a)) })
	return sorted[:min(ranked, len(sorted))]
}
