package report

import (
	"cmp"
	"fmt"
	"html/template"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/codecov-port/codecov-port/internal/backfill"
	"github.com/codecov-port/codecov-port/internal/terminal"
	"github.com/codecov-port/codecov-port/pkg/mapper"
)

// view is the data of the template.
type view struct {
	Report Report
	Result *backfill.Result
	Policy string
	Style  template.CSS
	Script template.JS
	Data   data

	Partial  bool // the run ended early: there are no figures of the account
	Account  *account
	Lists    []list
	Rows     []row
	Fell     int // repositories
	Rose     int
	Skipped  []skippedItem
	Failed   []failureGroup
	More     int // groups of failures that are not shown
	Written  int // entities; in a dry run: that would be
	Changes  []backfill.Change
	Unshown  int            // changes that are not shown
	Requests map[string]any // counts of requests by service
}

// account is the coverage of all repositories together; nil if no commit has coverage.
type account struct {
	First, Newest backfill.Point
	Trend         trend
}

// list is a short list of repositories above the table.
type list struct {
	Title string
	Rows  []row
}

// row is a repository.
type row struct {
	Key         string // owner/name
	Owner, Name string
	Page        string // at Codecov; may be empty
	First       backfill.Point
	Newest      backfill.Point
	Moved       float64 // percentage points
	Trend       trend
	Commits     int
	Spark       spark
}

// accountPoints is the number of points of the account's chart.
const accountPoints = 160

func newView(r Report) view {
	v := view{
		Report: r, Result: r.Result, Policy: policy, Style: template.CSS(style), Script: template.JS(script),
		Partial: r.Result.Interrupted || r.Err != nil, Skipped: skippedItems(r.Result),
		Requests: map[string]any{"Codecov": r.Result.Requests.Codecov, "Port": r.Result.Requests.Port},
	}
	if points := backfill.AccountCoverage(r.Result.Histories, accountPoints); len(points) > 0 && !v.Partial {
		first, newest := points[0], points[len(points)-1]
		v.Account = &account{First: first, Newest: newest, Trend: trendOf(first.Coverage, newest.Coverage)}
		v.Data.Account = newCourse(points)
	}
	v.addRows(r)
	v.Failed, v.More = groupFailures(r.Result.Failures)
	v.Changes, v.Unshown = changes(r.Result.Changes)
	for _, entities := range r.Result.Entities {
		v.Written += entities.Created + entities.Updated
	}
	return v
}

// addRows adds the repositories, those first that fell most, and the lists above them.
func (v *view) addRows(r Report) {
	histories := slices.SortedStableFunc(slices.Values(r.Result.Histories), func(a, b backfill.History) int {
		return cmp.Or(cmp.Compare(a.Moved(), b.Moved()), strings.Compare(a.Repository, b.Repository))
	})
	v.Rows = newRows(r, histories)
	v.Data.Repositories = make(map[string]course)
	for _, h := range histories {
		v.Data.Repositories[key(h)] = newCourse(h.Points)
	}
	for _, row := range v.Rows {
		switch row.Trend {
		case "down":
			v.Fell++
		case "up":
			v.Rose++
		}
	}
	if len(histories) < 2 {
		return
	}
	for _, l := range []list{
		{"Lowest coverage", newRows(r, terminal.Lowest(histories))},
		{"Fell most", newRows(r, terminal.Moved(histories, -1))},
		{"Rose most", newRows(r, terminal.Moved(histories, +1))},
	} {
		if len(l.Rows) > 0 {
			v.Lists = append(v.Lists, l)
		}
	}
}

func newRows(r Report, histories []backfill.History) []row {
	rows := make([]row, len(histories))
	for i, h := range histories {
		rows[i] = row{
			Key: key(h), Owner: h.Owner, Name: h.Repository, Page: codecovPage(r, h), First: h.Points[0], Newest: h.Newest(),
			Moved: h.Moved(), Trend: trendOf(h.Points[0].Coverage, h.Newest().Coverage), Commits: h.Commits, Spark: newSpark(h.Points),
		}
	}
	return rows
}

// key identifies a repository on the page.
func key(h backfill.History) string { return terminal.Safe(h.Owner + "/" + h.Repository) }

// AccountPage returns the address of an account's page at Codecov.
func (r Report) AccountPage(owner string) string {
	return r.AppURL + "/" + r.Service.Short() + "/" + url.PathEscape(owner)
}

// codecovPage returns the address of a repository's page at Codecov.
func codecovPage(r Report, h backfill.History) string {
	if r.AppURL == "" {
		return ""
	}
	return r.AccountPage(h.Owner) + "/" + url.PathEscape(h.Repository)
}

// trend is the direction of a change, and the name of its class in the style sheet.
type trend string

func trendOf(from, to float64) trend {
	switch text := points(from, to); {
	case strings.HasPrefix(text, "+"):
		return "up"
	case strings.HasPrefix(text, "−"):
		return "down"
	}
	return "still"
}

const maxChanges = 200

func changes(all []backfill.Change) (shown []backfill.Change, unshown int) {
	shown = slices.Clone(all[:min(maxChanges, len(all))])
	slices.SortStableFunc(shown, func(a, b backfill.Change) int {
		return cmp.Or(cmp.Compare(a.Blueprint, b.Blueprint), cmp.Compare(a.Identifier, b.Identifier))
	})
	return shown, len(all) - len(shown)
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
