package report

import (
	"cmp"
	"html/template"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/codecov-port/codecov-port/internal/backfill"
)

// view is what the template shows.
type view struct {
	Report
	*backfill.Result
	Policy string
	Style  template.CSS
	Script template.JS

	Chart    *chart // nil: there is nothing to draw
	Account  account
	Rows     []row
	Many     bool // more rows than one looks at without scrolling
	LeftOut  []leftOut
	Causes   []cause
	More     int // causes that are not shown
	Written  int // entities; under a dry run: that would be
	Changes  []change
	Unshown  int // changes that are not shown
	Attempts []attempts
}

// account is the accounts' coverage as a whole.
type account struct {
	Known         bool
	First, Newest backfill.Point
	Trend         trend
}

// row is a repository.
type row struct {
	Owner, Name, Page string
	Coverage, Moved   float64
	Trend             trend
	Newest            backfill.Point
	Commits           int
	Spark             spark
}

// attempts are the requests to one side.
type attempts struct {
	Side                     string
	Requests, Retries        int64
	Waited                   string
	SentBytes, ReceivedBytes int64
}

const (
	chartMoments = 160
	fewRows      = 20
)

func newView(r Report) view {
	v := view{Report: r, Result: r.Result, LeftOut: leftOuts(r.Result)}
	course := backfill.AccountCoverage(r.Result.Histories, chartMoments)
	v.Account = accountOf(course)
	v.Chart = newChart(course)
	for _, history := range r.Result.Histories {
		v.Rows = append(v.Rows, newRow(r, history))
	}
	v.Many = len(v.Rows) > fewRows
	v.Causes, v.More = causes(r.Result.Failures)
	v.Changes, v.Unshown = changes(r.Result.Changes)
	for _, entities := range r.Result.Entities {
		v.Written += entities.Created + entities.Updated
	}
	codecov, port := r.Result.Requests.Codecov, r.Result.Requests.Port
	v.Attempts = []attempts{
		{"Codecov", codecov.Requests, codecov.Retries, took(backfill.Seconds(codecov.WaitedSeconds * float64(time.Second))), codecov.SentBytes, codecov.ReceivedBytes},
		{"Port", port.Requests, port.Retries, took(backfill.Seconds(port.WaitedSeconds * float64(time.Second))), port.SentBytes, port.ReceivedBytes},
	}
	return v
}

func accountOf(course []backfill.Point) account {
	if len(course) == 0 {
		return account{}
	}
	first, newest := course[0], course[len(course)-1]
	return account{Known: true, First: first, Newest: newest, Trend: trendOf(first.Coverage, newest.Coverage)}
}

func newRow(r Report, h backfill.History) row {
	return row{
		Owner: h.Owner, Name: h.Repository, Page: pageOf(r, h),
		Coverage: h.Newest().Coverage, Moved: h.Moved(), Trend: trendOf(h.Points[0].Coverage, h.Newest().Coverage),
		Newest: h.Newest(), Commits: h.Commits, Spark: newSpark(h.Points),
	}
}

// pageOf is the address of the repository's page at Codecov.
func pageOf(r Report, h backfill.History) string {
	if r.AppURL == "" {
		return ""
	}
	return r.AppURL + "/" + r.Service.Short() + "/" + url.PathEscape(h.Owner) + "/" + url.PathEscape(h.Repository)
}

// trend is which way a coverage went: the name of a class of the style sheet.
type trend string

func trendOf(from, to float64) trend {
	switch written := points(from, to); {
	case strings.HasPrefix(written, "+"):
		return "up"
	case strings.HasPrefix(written, "−"):
		return "down"
	}
	return "still"
}

// change is a backfill.Change in text.
type change struct{ Blueprint, Identifier, Property, From, To string }

const shownChanges = 200

func changes(all []backfill.Change) (shown []change, unshown int) {
	for _, c := range all[:min(shownChanges, len(all))] {
		shown = append(shown, change{c.Blueprint, c.Identifier, c.Property, inJSON(c.From), inJSON(c.To)})
	}
	slices.SortStableFunc(shown, func(a, b change) int {
		return cmp.Or(cmp.Compare(a.Blueprint, b.Blueprint), cmp.Compare(a.Identifier, b.Identifier))
	})
	return shown, len(all) - len(shown)
}
