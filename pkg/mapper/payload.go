package mapper

import (
	"math"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/codecov-port/codecov-port/pkg/codecov"
)

// Account is the part of a payload that is the same for all repositories of an account.
type Account struct {
	Service codecov.Service
	Owner   string // the owner's name; that of the repository's row is preferred, because it has the right case
	AppURL  string // the address of Codecov's web pages without a trailing slash: https://app.codecov.io
}

// Payload rebuilds the body that Codecov's webhook sends for a commit: {"body": {"repo", "head", "base", "compare",
// "owner", "pull"}} with the webhook's names, as recorded from Port's guide.
//
// What the REST API does not return is not invented: base, compare and pull are null, and the keys service_id, email,
// messages and diff are left out, as is service_url for self-hosted providers, whose address is unknown. Values have
// the types that gojq accepts: map[string]any, []any, string, int, float64, bool and nil.
//
// Without a commit, head is null, as for a repository without a commit that has coverage. Codecov's webhook never sends it.
func Payload(a Account, r codecov.Repository, c *codecov.Commit) map[string]any {
	owner := a.Owner
	if name := r.Author.Username; name != nil && *name != "" {
		owner = *name // Codecov accepts an owner in any case, but the webhook sends the right one
	}
	path := url.PathEscape(owner) + "/" + url.PathEscape(r.Name)
	page := a.AppURL + "/" + a.Service.Short() + "/" + path
	var head any
	if c != nil {
		sha := url.PathEscape(c.CommitID)
		fields := map[string]any{
			"author":    author(c.Author),
			"url":       page + "/commit/" + sha,
			"timestamp": timestamp(c.Timestamp),
			"totals":    totals(c.Totals),
			"commitid":  c.CommitID,
			"branch":    orNull(c.Branch),
			"message":   orNull(c.Message),
		}
		if provider, known := commitPages[a.Service]; known {
			fields["service_url"] = provider[0] + strings.ReplaceAll(path, ":", "/") + provider[1] + sha
		}
		head = fields
	}
	return map[string]any{"body": map[string]any{
		"repo":    map[string]any{"url": page, "name": r.Name, "private": r.Private},
		"head":    head,
		"base":    nil,
		"compare": nil,
		"owner":   map[string]any{"username": owner, "service": string(a.Service)},
		"pull":    nil,
	}}
}

// commitPages holds the parts of a commit's address before and behind the repository's path. The addresses of self-hosted
// git providers are unknown. A GitLab subgroup, group:subgroup at Codecov, is a path there.
var commitPages = map[codecov.Service][2]string{
	codecov.GitHub:    {"https://github.com/", "/commit/"},
	codecov.GitLab:    {"https://gitlab.com/", "/commit/"},
	codecov.Bitbucket: {"https://bitbucket.org/", "/commits/"},
}

func author(a *codecov.Author) any {
	if a == nil {
		return nil
	}
	return map[string]any{"username": orNull(a.Username), "service": a.Service, "name": orNull(a.Name)}
}

// timestamp formats a time as the webhook does, with Python's isoformat of a UTC time without its zone: six decimals
// if they are not zero, else none.
func timestamp(t time.Time) string {
	layout := "2006-01-02T15:04:05"
	if t.Nanosecond() >= int(time.Microsecond) {
		layout += ".000000"
	}
	return t.UTC().Format(layout)
}

// totals has the webhook's keys; complexity_ratio is not among them.
func totals(t *codecov.Totals) any {
	if t == nil {
		return nil
	}
	coverage := any(Coverage(*t))
	if coverage == "" {
		coverage = nil
	}
	return map[string]any{
		"files":            number(t.Files),
		"lines":            number(t.Lines),
		"hits":             number(t.Hits),
		"misses":           number(t.Misses),
		"partials":         number(t.Partials),
		"coverage":         coverage,
		"branches":         number(t.Branches),
		"methods":          number(t.Methods),
		"sessions":         number(t.Sessions),
		"complexity":       number(t.Complexity),
		"complexity_total": number(t.ComplexityTotal),
	}
}

// tolerance is how far REST's coverage, which is cut to two decimals with a float error, may lie off the exact figure.
const tolerance = 0.011

// Coverage returns the exact figure in percent as the webhook sends it, "97.22222", or "" if there is none. Old rows
// can contradict themselves: if the figure from hits and lines is off by more than the tolerance, REST's own figure
// is right.
func Coverage(t codecov.Totals) string {
	if t.Coverage == nil {
		return ""
	}
	ratio := t.Ratio()
	if exact, err := strconv.ParseFloat(ratio, 64); err == nil && math.Abs(exact-*t.Coverage) <= tolerance {
		return ratio
	}
	if *t.Coverage == 0 || *t.Coverage == 100 {
		return strconv.Itoa(int(*t.Coverage))
	}
	return strconv.FormatFloat(*t.Coverage, 'f', 5, 64)
}

// number returns a whole number as an int, as the webhook's JSON would be parsed, unless it is too large for one. It
// returns nil for a null.
func number[N int64 | float64](n *N) any {
	switch {
	case n == nil:
		return nil
	case N(int(*n)) == *n:
		return int(*n)
	default:
		return float64(*n)
	}
}

func orNull(s *string) any {
	if s == nil {
		return nil
	}
	return *s
}

// Reason is why a commit is not replayed.
type Reason string

// The reasons. The webhook does not report such a commit, or reports no coverage.
const (
	Pending      Reason = "pending"       // reports are still being processed
	Errored      Reason = "error"         // the reports could not be processed
	Skipped      Reason = "skipped"       // Codecov skipped it
	NoState      Reason = "no state"      // the state is null
	UnknownState Reason = "unknown state" // a state that Codecov's API did not have when this was written
	NoTotals     Reason = "no totals"
	NoCoverage   Reason = "no coverage"
)

// SkipReason returns why the webhook would not have reported the commit with coverage, and "" if it would: the commit is
// complete and has totals with a coverage.
func SkipReason(c codecov.Commit) Reason {
	switch {
	case c.State == nil:
		return NoState
	case *c.State == string(Pending), *c.State == string(Errored), *c.State == string(Skipped):
		return Reason(*c.State)
	case *c.State != codecov.StateComplete:
		return UnknownState
	case c.Totals == nil:
		return NoTotals
	case c.Totals.Coverage == nil:
		return NoCoverage
	}
	return ""
}
