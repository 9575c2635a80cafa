package terminal

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/codecov-port/codecov-port/internal/backfill"
)

// rows returns the lines of the live view; busy is the label of a row without a count.
func (s *state) rows(busy string) []row {
	switch s.snapshot.Stage {
	case backfill.Discovering:
		return []row{s.discovering(busy)}
	case backfill.Reading, backfill.Writing:
		return []row{s.readingRow(), s.writingRow()}
	}
	return nil
}

// line returns the progress as one line, and "" after the end.
func (s *state) line() string {
	var texts []string
	for _, r := range s.rows("") {
		texts = append(texts, strings.TrimSpace(r.label+" "+strings.Join(r.parts, ", ")))
	}
	return strings.Join(texts, "; ")
}

func (s *state) discovering(label string) row {
	c, listed := s.snapshot, ""
	if c.Listed > 0 {
		listed = Plural(c.Listed, "repository") + " so far"
	}
	return row{label: label, share: -1, parts: nonempty("listing Codecov's repositories and reading back Port", listed,
		waitText("Port", c.Port.WaitsUntil.Sub(s.at)), waitText("Codecov", c.Codecov.WaitsUntil.Sub(s.at)))}
}

func (s *state) readingRow() row {
	c := s.snapshot
	if c.Stage > backfill.Reading {
		return row{label: "reading", share: 1, parts: []string{Plural(c.RepositoriesDone, "repository"), Plural(c.Commits, "commit")}}
	}
	repositories := Count(c.RepositoriesDone) + " of " + Plural(c.Repositories, "repository")
	commits := Count(c.Commits) + ofTotal(c.CommitsExpected, c.CommitsCounted) + " commits"
	pace := s.pace("Codecov", c.Codecov.WaitsUntil, c.CommitsExpected-c.Commits, s.readRate)
	return row{label: "reading", share: s.readShare, parts: append([]string{repositories, commits}, pace...)}
}

func (s *state) writingRow() row {
	c, total := s.snapshot, s.toWrite()
	r := row{label: "writing", share: -1}
	switch {
	case c.DryRun:
		r.parts = nonempty(counted(c.Unchanged, "unchanged"), Count(c.Found)+" would be written")
	case c.Found == 0:
		r.parts = nonempty(counted(c.Unchanged, "unchanged"), "nothing to write yet")
	case c.Held && c.Settled == 0:
		r.parts = []string{Plural(c.Found, "new entity") + " wait until everything is read"}
	default:
		r.share = float64(c.Settled) / float64(total)
		entities := Count(c.Settled) + ofTotal(total, c.Stage > backfill.Reading) + " entities"
		r.parts = append(nonempty(entities, counted(c.Failed, "failed")), s.pace("Port", c.Port.WaitsUntil, total-c.Settled, s.writeRate)...)
	}
	return r
}

// pace returns the rate and the time left for a count, or the wait for the rate limit of a service.
func (s *state) pace(service string, waitsUntil time.Time, left int, rate float64) []string {
	if wait := waitText(service, waitsUntil.Sub(s.at)); wait != "" {
		return []string{wait}
	}
	return nonempty(rateText(rate), timeLeft(left, rate))
}

// toWrite estimates the number of entities to write in all: the rest returns as many as what has been read.
func (s *state) toWrite() int {
	c := s.snapshot
	if c.Stage != backfill.Reading || c.Commits == 0 {
		return c.Found
	}
	return max(c.Found, int(float64(c.Found)*float64(c.CommitsExpected)/float64(c.Commits)))
}

// waitText describes a wait for a rate limit; "" for one below a second.
func waitText(side string, left time.Duration) string {
	if left < time.Second {
		return ""
	}
	return fmt.Sprintf("waiting %d s for %s's rate limit", roundUp(left, time.Second), side)
}

// ofTotal formats a total. An estimate has two significant digits, so that it does not flicker.
func ofTotal(total int, exact bool) string {
	switch {
	case total == 0:
		return ""
	case exact:
		return " of " + Count(total)
	}
	return " of ~" + Count(twoDigits(total))
}

// twoDigits rounds up to two significant digits.
func twoDigits(n int) int {
	unit := int(math.Pow10(max(len(fmt.Sprint(n))-2, 0)))
	return (n + unit - 1) / unit * unit
}

// rateText formats a rate with two digits: 960/s. It returns "" if the rate is unknown.
func rateText(rate float64) string {
	switch {
	case rate <= 0:
		return ""
	case rate >= 10:
		rate = float64(twoDigits(int(rate)))
	}
	return Rate(rate) + "/s"
}

// timeLeft formats how long a count takes at a rate, rounded up: "40 s left". It returns "" if that is unknown.
func timeLeft(count int, rate float64) string {
	const tooLong = 100 * 60 * 60
	if rate <= 0 || count <= 0 || float64(count)/rate > tooLong {
		return ""
	}
	switch left := time.Duration(float64(count) / rate * float64(time.Second)); {
	case left <= 10*time.Second:
		return "seconds left"
	case left <= 90*time.Second:
		return fmt.Sprintf("%d s left", 5*roundUp(left, 5*time.Second))
	case left <= 90*time.Minute:
		return fmt.Sprintf("%d min left", roundUp(left, time.Minute))
	default:
		return fmt.Sprintf("%d h left", roundUp(left, time.Hour))
	}
}

// roundUp returns how many units a duration takes.
func roundUp(d, unit time.Duration) time.Duration { return (d + unit - 1) / unit }
