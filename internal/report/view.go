package report

import (
	"cmp"
	"fmt"
	"html/template"
	"maps"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/codecov-port/codecov-port/internal/backfill"
	"github.com/codecov-port/codecov-port/internal/terminal"
	"github.com/codecov-port/codecov-port/pkg/mapper"
)

// view is the data of the template.
type view struct {
	Report Report
	Policy string
	Style  template.CSS
	Script template.JS
	Data   data

	Partial  bool              // the run ended early: there are no figures of the account
	Account  *backfill.History // all repositories together; nil if no commit has coverage
	Lists    []list
	Rows     []backfill.History // those first that fell most
	Fell     int                // repositories
	Rose     int
	Skipped  []skippedItem
	Failed   []failureGroup
	More     int // groups of failures that are not shown
	Written  int // entities; in a dry run: that would be
	Changes  []backfill.Change
	Unshown  int            // changes that are not shown
	Requests map[string]any // counts of requests by service
}

// list is a short list of repositories above the table.
type list struct {
	Title string
	Rows  []backfill.History
}

const (
	accountPoints = 160 // of the account's chart
	maxChanges    = 200
)

func newView(r Report) view {
	v := view{
		Report: r, Policy: policy, Style: template.CSS(style), Script: template.JS(script), Data: data{Repositories: make(map[string]course)},
		Partial: r.Result.Interrupted || r.Err != nil, Skipped: skippedItems(r.Result),
		Requests: map[string]any{"Codecov": r.Result.Requests.Codecov, "Port": r.Result.Requests.Port},
	}
	if points := backfill.AccountCoverage(r.Result.Histories, accountPoints); len(points) > 0 && !v.Partial {
		v.Account, v.Data.Account = &backfill.History{Points: points}, newCourse(points)
	}
	v.Rows = slices.SortedStableFunc(slices.Values(r.Result.Histories), func(a, b backfill.History) int {
		return cmp.Or(cmp.Compare(a.Moved(), b.Moved()), strings.Compare(a.Repository, b.Repository))
	})
	for _, h := range v.Rows {
		v.Data.Repositories[key(h)] = newCourse(h.Points)
		switch trend(h) {
		case "down":
			v.Fell++
		case "up":
			v.Rose++
		}
	}
	if len(v.Rows) > 1 {
		v.Lists = slices.DeleteFunc([]list{
			{"Lowest coverage", terminal.Lowest(v.Rows)}, {"Fell most", terminal.Moved(v.Rows, -1)}, {"Rose most", terminal.Moved(v.Rows, +1)},
		}, func(l list) bool { return len(l.Rows) == 0 })
	}
	v.Failed, v.More = groupFailures(r.Result.Failures)
	v.Changes = slices.Clone(r.Result.Changes[:min(maxChanges, len(r.Result.Changes))])
	v.Unshown = len(r.Result.Changes) - len(v.Changes)
	slices.SortStableFunc(v.Changes, func(a, b backfill.Change) int {
		return cmp.Or(cmp.Compare(a.Blueprint, b.Blueprint), cmp.Compare(a.Identifier, b.Identifier))
	})
	for _, entities := range r.Result.Entities {
		v.Written += entities.Created + entities.Updated
	}
	return v
}

// AccountPage returns the address of an account's page at Codecov.
func (r Report) AccountPage(owner string) string {
	return r.AppURL + "/" + r.Service.Short() + "/" + url.PathEscape(owner)
}

// Page returns the address of a repository's page at Codecov, or "".
func (r Report) Page(h backfill.History) string {
	if r.AppURL == "" {
		return ""
	}
	return r.AccountPage(h.Owner) + "/" + url.PathEscape(h.Repository)
}

// functions are the functions of the template.
var functions = template.FuncMap{
	"key": key, "points": points, "trend": trend, "spark": newSpark,
	"plain": terminal.Safe, "percent": terminal.Percent, "json": terminal.ShortJSON,
	"count": count, "bytes": bytes, "rate": rate,
	"shorten": func(text string) string { return terminal.Shorten(terminal.Safe(text), longestMessage) },
	"day":     func(at time.Time) string { return at.UTC().Format("2 Jan 2006") },
	"instant": func(at time.Time) string { return at.UTC().Format(time.RFC3339) },
	"took":    func(s backfill.Seconds) string { return terminal.Duration(time.Duration(s)) },
	"seconds": func(s float64) string { return terminal.Duration(time.Duration(s * float64(time.Second))) },
}

const longestMessage = 500

// key identifies a repository on the page.
func key(h backfill.History) string { return terminal.Safe(h.Owner + "/" + h.Repository) }

// points formats a change of coverage as its ends are shown, with a minus sign that is as wide as the plus sign.
func points(h backfill.History) string {
	from, to := h.Points[0].Coverage, h.Newest().Coverage
	if math.IsNaN(from) || math.IsNaN(to) {
		return "–"
	}
	return strings.Replace(terminal.Points(within(from), within(to)), "-", "−", 1)
}

// trend returns the direction of a change: the name of its class in the style sheet.
func trend(h backfill.History) string {
	switch text := points(h); {
	case strings.HasPrefix(text, "+"):
		return "up"
	case strings.HasPrefix(text, "−"):
		return "down"
	}
	return "still"
}

// count formats an integer of any type with a comma between thousands.
func count(n any) (string, error) {
	number, err := strconv.ParseInt(fmt.Sprint(n), 10, 64)
	return terminal.Count(number), err
}

// bytes formats a number of bytes with a unit.
func bytes(n int64) string {
	switch {
	case n < 1<<10:
		return fmt.Sprintf("%d B", n)
	case n < 1<<20:
		return fmt.Sprintf("%.0f KiB", float64(n)/(1<<10))
	}
	return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
}

// rate formats a number per second.
func rate(n int, s backfill.Seconds) string {
	if s <= 0 {
		return "–"
	}
	return terminal.Rate(float64(n) / time.Duration(s).Seconds())
}

// skippedItem is something that was skipped, and why.
type skippedItem struct {
	Name, Reason string
	Count        int
}

// reasons explain the reasons of mapper.
var reasons = map[mapper.Reason]string{
	mapper.Pending:      "Codecov is still processing their reports",
	mapper.Errored:      "Codecov could not process their reports",
	mapper.Skipped:      "Codecov skipped them",
	mapper.NoState:      "Codecov returns no state",
	mapper.UnknownState: "their state is unknown to this program",
	mapper.NoTotals:     "they have no totals",
	mapper.NoCoverage:   "their totals hold no coverage",
}

func skippedItems(r *backfill.Result) []skippedItem {
	var all []skippedItem
	for _, reason := range slices.Sorted(maps.Keys(r.Commits.Skipped)) {
		all = append(all, skippedItem{"commits: " + reason, reasons[mapper.Reason(reason)], r.Commits.Skipped[reason]})
	}
	for _, l := range r.DroppedValues {
		all = append(all, skippedItem{"values of " + l.Property + " of " + l.Blueprint, l.Reason, l.Count})
	}
	if r.NotWritten > 0 {
		all = append(all, skippedItem{"new entities that were not written", "the run was interrupted", r.NotWritten})
	}
	for _, entry := range r.EntriesWithoutIdentifier {
		all = append(all, skippedItem{fmt.Sprintf("entry %d of the mapping", entry), "it returned no identifier for any commit", r.Commits.Replayed})
	}
	return all
}

// failureGroup is a group of failures of the same kind.
type failureGroup struct {
	First    backfill.Failure // without a blueprint: reading from Codecov
	Count    int
	Failures []backfill.Failure
	More     int // not shown
}

const (
	maxFailures = 300 // of all groups together
	minFailures = 3   // of each group
	maxGroups   = 40
)

// groupFailures returns the largest groups, and the number of the other groups.
func groupFailures(failures []backfill.Failure) (shown []failureGroup, more int) {
	groups := terminal.GroupFailures(failures)
	room := maxFailures
	for _, group := range groups[:min(maxGroups, len(groups))] {
		count := min(len(group), max(room, minFailures))
		room -= count
		shown = append(shown, failureGroup{group[0], len(group), group[:count], len(group) - count})
	}
	return shown, len(groups) - len(shown)
}

// data is what script.js draws the charts from.
type data struct {
	Account      course            `json:"account"`
	Repositories map[string]course `json:"repositories"` // by owner/name
}

// course is a trend, oldest first: for each point Unix seconds, hundredths of a percent, and lines.
type course [][3]int64

func newCourse(points []backfill.Point) course {
	c := make(course, len(points))
	for i, p := range points {
		c[i] = [3]int64{p.At.Unix(), int64(backfill.Hundredths(within(p.Coverage))), p.Lines}
	}
	return c
}

// within limits a coverage to what is possible.
func within(coverage float64) float64 {
	if math.IsNaN(coverage) {
		return 0
	}
	return min(max(coverage, 0), 100)
}

// spark is a trend in the size of a word, in scales of its own: an SVG path and its last point.
type spark struct {
	Path      string
	X, Y      string
	Low, High float64
}

const (
	sparkWidth  = 112
	sparkHeight = 26
	sparkMargin = 3
	minSpread   = 2 // percentage points: a smaller change does not look like a large one
)

func newSpark(points []backfill.Point) spark {
	s := spark{Low: 100, High: 0}
	for _, p := range points {
		s.Low, s.High = min(s.Low, within(p.Coverage)), max(s.High, within(p.Coverage))
	}
	middle, spread := (s.Low+s.High)/2, max(s.High-s.Low, minSpread)
	var path strings.Builder
	command := "M"
	for _, p := range points {
		x := coordinate(timeShare(points, p.At), sparkWidth)
		y := coordinate(0.5-(within(p.Coverage)-middle)/spread, sparkHeight)
		if x != s.X || y != s.Y {
			path.WriteString(command + x + " " + y)
			command = "L"
		}
		s.X, s.Y = x, y
	}
	s.Path = path.String()
	return s
}

// timeShare returns where in the span of the points a time is, from 0 to 1. It counts seconds: a time.Duration ends at 292 years.
func timeShare(points []backfill.Point, at time.Time) float64 {
	first, last := points[0].At.Unix(), points[len(points)-1].At.Unix()
	if last <= first {
		return 1
	}
	return float64(at.Unix()-first) / float64(last-first)
}

// coordinate returns a share of a length as a coordinate inside of the margins, with at most one decimal.
func coordinate(share float64, length int) string {
	at := sparkMargin + share*float64(length-2*sparkMargin)
	return strconv.FormatFloat(math.Round(at*10)/10, 'f', -1, 64)
}
