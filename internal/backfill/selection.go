package backfill

import (
	"fmt"
	"path"
	"strconv"
	"strings"
	"time"
)

// Selection says what is brought in. The zero value is every usable commit of each repository's default branch.
type Selection struct {
	Repositories    []string  // globs over names, without case; one that starts with ! excludes; none: all
	Branches        []string  // read in this order; none: the default branch
	AllBranches     bool      // the default branch first, then all others, pull requests and forks included
	Since           time.Time // older commits are not read; zero: all
	MaxCommits      int       // replayed commits a repository; 0: all
	Every           Period    // one commit a period; "": each commit
	Latest          bool      // the newest usable commit of each repository, nothing else
	IncludeInactive bool      // an entity without coverage for each repository that has none
}

// Narrowed tells whether the selection leaves any repository out.
func (s Selection) Narrowed() bool { return len(s.Repositories) > 0 }

// filters tells whether the selection leaves anything of the accounts' default branches out.
func (s Selection) filters() bool {
	every := s.Every != "" && s.Every != EveryCommit
	return s.Narrowed() || len(s.Branches) > 0 || !s.Since.IsZero() || s.MaxCommits > 0 || s.Latest || every
}

// Check refuses selections that contradict themselves.
func (s Selection) Check() error {
	if s.AllBranches && len(s.Branches) > 0 {
		return fmt.Errorf("all branches and branch %q: one or the other", s.Branches[0])
	}
	if s.MaxCommits < 0 {
		return fmt.Errorf("max commits %d: expected a number from 1, or 0 for all", s.MaxCommits)
	}
	for _, glob := range s.Repositories {
		if _, err := path.Match(strings.TrimPrefix(glob, "!"), ""); err != nil || strings.TrimPrefix(glob, "!") == "" {
			return fmt.Errorf("repository pattern %q: not a pattern", glob)
		}
	}
	return nil
}

// selects tells whether a repository of this name is wanted: by one of the patterns, or by none where all exclude.
func (s Selection) selects(name string) bool {
	name = strings.ToLower(name)
	wanted, positives := false, false
	for _, glob := range s.Repositories {
		pattern, excludes := strings.CutPrefix(strings.ToLower(glob), "!")
		matches, _ := path.Match(pattern, name)
		if excludes && matches {
			return false
		}
		positives = positives || !excludes
		wanted = wanted || !excludes && matches
	}
	return wanted || !positives
}

// exact gives the names where the patterns name repositories and nothing else, so that they can be asked for.
func (s Selection) exact() []string {
	var names []string
	for _, glob := range s.Repositories {
		switch {
		case strings.HasPrefix(glob, "!"):
		case strings.ContainsAny(glob, `*?[\`):
			return nil
		default:
			names = append(names, glob)
		}
	}
	return names
}

// Period is how often a commit is brought in.
type Period string

// The periods. Weeks start on Monday; all are in UTC.
const (
	EveryCommit Period = "commit"
	EveryDay    Period = "day"
	EveryWeek   Period = "week"
	EveryMonth  Period = "month"
)

// ParsePeriod reads the name of a period.
func ParsePeriod(name string) (Period, error) {
	switch p := Period(strings.ToLower(strings.TrimSpace(name))); p {
	case EveryCommit, EveryDay, EveryWeek, EveryMonth:
		return p, nil
	}
	return "", fmt.Errorf("unknown period %q: expected commit, day, week or month", name)
}

// start gives the beginning of the period that a time lies in.
func (p Period) start(at time.Time) time.Time {
	at = at.UTC()
	day := time.Date(at.Year(), at.Month(), at.Day(), 0, 0, 0, 0, time.UTC)
	switch p {
	case EveryWeek:
		return day.AddDate(0, 0, -(int(day.Weekday())+6)%7)
	case EveryMonth:
		return day.AddDate(0, 0, 1-day.Day())
	}
	return day
}

// end gives the end of the period that begins at start.
func (p Period) end(start time.Time) time.Time {
	switch p {
	case EveryWeek:
		return start.AddDate(0, 0, 7)
	case EveryMonth:
		return start.AddDate(0, 1, 0)
	}
	return start.AddDate(0, 0, 1)
}

// ParseSince reads a date (2024-01-01, UTC), a time (RFC 3339), or how long before now (36h, 90d, 12w, 6mo, 2y;
// months and years by the calendar).
func ParseSince(text string, now time.Time) (time.Time, error) {
	text = strings.TrimSpace(text)
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if at, err := time.Parse(layout, text); err == nil {
			return at.UTC(), nil
		}
	}
	digits := strings.TrimRight(text, "abcdefghijklmnopqrstuvwxyz")
	const most = 10000 // of any unit: further back than Codecov's oldest row of the year 1 when in years
	count, err := strconv.Atoi(digits)
	if err != nil || count < 0 || count > most {
		return time.Time{}, fmt.Errorf("%q: expected a date (2024-01-01) or a duration (90d, 12w, 6mo, 2y)", text)
	}
	switch now = now.UTC(); text[len(digits):] {
	case "h":
		return now.Add(-time.Duration(count) * time.Hour), nil
	case "d":
		return now.AddDate(0, 0, -count), nil
	case "w":
		return now.AddDate(0, 0, -7*count), nil
	case "mo":
		return now.AddDate(0, -count, 0), nil
	case "y":
		return now.AddDate(-count, 0, 0), nil
	}
	return time.Time{}, fmt.Errorf("%q: unknown unit: expected h, d, w, mo or y", text)
}
