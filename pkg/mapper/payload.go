package mapper

import (
	"math"
	"math/big"
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
// the types that gojq accepts: map[string]any, []any, string, int, float64, bool, nil, and *big.Int for whole numbers
// beyond the platform's int.
func Payload(a Account, r codecov.Repository, c codecov.Commit) map[string]any {
	return payload(a, r, &c)
}

// InactivePayload is the payload of a repository without a commit that has coverage: as from Payload, with head null.
// Codecov's webhook never sends it.
func InactivePayload(a Account, r codecov.Repository) map[string]any { return payload(a, r, nil) }

func payload(a Account, r codecov.Repository, c *codecov.Commit) map[string]any {
	owner := a.Owner
	if name := r.Author.Username; name != nil && *name != "" {
		owner = *name // Codecov accepts an owner in any case, but the webhook sends the right one
	}
	page := a.AppURL + "/" + a.Service.Short() + "/" + url.PathEscape(owner) + "/" + url.PathEscape(r.Name)
	var head any
	if c != nil {
		address, known := serviceURL(a.Service, owner, r.Name, c.CommitID)
		head = headOf(*c, page, address, known)
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

func headOf(c codecov.Commit, page, serviceURL string, known bool) map[string]any {
	head := map[string]any{
		"author":    author(c.Author),
		"url":       page + "/commit/" + url.PathEscape(c.CommitID),
		"timestamp": timestamp(c.Timestamp),
		"totals":    totals(c.Totals),
		"commitid":  c.CommitID,
		"branch":    orNull(c.Branch),
		"message":   orNull(c.Message),
	}
	if known {
		head["service_url"] = serviceURL
	}
	return head
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
	t = t.UTC()
	if t.Nanosecond() < int(time.Microsecond) {
		return t.Format("2006-01-02T15:04:05")
	}
	return t.Format("2006-01-02T15:04:05.000000")
}

// serviceURL returns the commit's page at the git provider, and false for self-hosted ones. A GitLab subgroup,
// group:subgroup at Codecov, is a path there.
func serviceURL(service codecov.Service, owner, repo, sha string) (address string, ok bool) {
	host, commit := "", "/commit/"
	switch service {
	case codecov.GitHub:
		host = "https://github.com/"
	case codecov.GitLab:
		host = "https://gitlab.com/"
	case codecov.Bitbucket:
		host, commit = "https://bitbucket.org/", "/commits/"
	default:
		return "", false
	}
	path := strings.ReplaceAll(url.PathEscape(owner), ":", "/")
	return host + path + "/" + url.PathEscape(repo) + commit + url.PathEscape(sha), true
}

// totals has the webhook's keys; complexity_ratio is not among them.
func totals(t *codecov.Totals) any {
	if t == nil {
		return nil
	}
	return map[string]any{
		"files":            whole(t.Files),
		"lines":            whole(t.Lines),
		"hits":             whole(t.Hits),
		"misses":           whole(t.Misses),
		"partials":         whole(t.Partials),
		"coverage":         coverage(*t),
		"branches":         whole(t.Branches),
		"methods":          whole(t.Methods),
		"sessions":         whole(t.Sessions),
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

func coverage(t codecov.Totals) any {
	if exact := Coverage(t); exact != "" {
		return exact
	}
	return nil
}

// whole returns an int, or a *big.Int if the platform's int is too small.
func whole(n int64) any {
	if int64(int(n)) == n {
		return int(n)
	}
	return big.NewInt(n)
}

// maxExact is the largest whole number up to which a float64 holds every whole number: 2^53.
const maxExact = 1 << 53

// number returns a whole number as an int, as the webhook's JSON would be parsed.
func number(f *float64) any {
	switch {
	case f == nil:
		return nil
	case *f == math.Trunc(*f) && math.Abs(*f) <= maxExact:
		return whole(int64(*f))
	default:
		return *f
	}
}

func orNull(s *string) any {
	if s == nil {
		return nil
	}
	return *s
}
