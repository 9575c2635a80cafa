package terminal

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/codecov-port/codecov-port/internal/backfill"
)

// state is the progress of a run at one moment.
type state struct {
	snapshot  backfill.Snapshot
	at        time.Time
	readShare float64 // of all commits, from 0 to 1
	readRate  float64 // commits per second; 0: unknown
	writeRate float64 // entities per second; 0: unknown
}

// rows returns the lines of the live view; busy is the label of a row without a count.
func (s state) rows(busy string) []row {
	switch s.snapshot.Stage {
	case backfill.Discovering:
		return []row{s.discovering(busy)}
	case backfill.Reading, backfill.Writing:
		return []row{s.reading(), s.writing()}
	}
	return nil
}

// line returns the progress as one line, and "" after the end.
func (s state) line() string {
	var texts []string
	for _, r := range s.rows("") {
		text := strings.Join(r.parts, ", ")
		if r.label != "" {
			text = r.label + " " + text
		}
		texts = append(texts, text)
	}
	return strings.Join(texts, "; ")
}

func (s state) discovering(label string) row {
	listed := ""
	if s.snapshot.Listed > 0 {
		listed = Plural(s.snapshot.Listed, "repository") + " so far"
	}
	return row{label: label, share: -1, parts: nonempty("listing Codecov's repositories and reading back Port", listed,
		waitText("Port", s.snapshot.Port.WaitsUntil.Sub(s.at)), waitText("Codecov", s.snapshot.Codecov.WaitsUntil.Sub(s.at)))}
}

func (s state) reading() row {
	c := s.snapshot
	if c.Stage > backfill.Reading {
		return row{label: "reading", share: 1, parts: []string{Plural(c.RepositoriesDone, "repository"), Plural(c.Commits, "commit")}}
	}
	repositories := fmt.Sprintf("%s of %s", Count(c.RepositoriesDone), Plural(c.Repositories, "repository"))
	commits := Count(c.Commits) + ofTotal(c.CommitsExpected, c.CommitsCounted) + " commits"
	if wait := waitText("Codecov", c.Codecov.WaitsUntil.Sub(s.at)); wait != "" {
		return row{label: "reading", share: s.readShare, parts: []string{repositories, commits, wait}}
	}
	left := 0
	if c.CommitsExpected > 0 {
		left = c.CommitsExpected - c.Commits
	}
	return row{label: "reading", share: s.readShare, parts: nonempty(repositories, commits, rateText(s.readRate), timeLeft(left, s.readRate))}
}

func (s state) writing() row {
	c, unchanged, failed := s.snapshot, "", ""
	if c.Unchanged > 0 {
		unchanged = Count(c.Unchanged) + " unchanged"
	}
	if c.Failed > 0 {
		failed = Count(c.Failed) + " failed"
	}
	r := row{label: "writing", share: -1}
	switch total := s.toWrite(); {
	case c.DryRun:
		r.parts = nonempty(unchanged, Count(c.Found)+" would be written")
	case c.Found == 0:
		r.parts = nonempty(unchanged, "nothing to write yet")
	case c.Held && c.Settled == 0:
		r.parts = []string{Plural(c.Found, "new entity") + " wait until everything is read"}
	default:
		r.share = float64(c.Settled) / float64(total)
		entities := Count(c.Settled) + ofTotal(total, c.Stage > backfill.Reading) + " entities"
		r.parts = nonempty(entities, failed, rateText(s.writeRate), timeLeft(total-c.Settled, s.writeRate))
		if wait := waitText("Port", c.Port.WaitsUntil.Sub(s.at)); wait != "" {
			r.parts = nonempty(entities, failed, wait)
		}
	}
	return r
}

// toWrite estimates the number of entities to write in all: the rest returns as many as what has been read.
func (s state) toWrite() int {
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
	return fmt.Sprintf("waiting %d s for %s's rate limit", roundUp(left, time.Second)/time.Second, side)
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

func nonempty(texts ...string) []string {
	return slices.DeleteFunc(texts, func(text string) bool { return text == "" })
}

// meter measures how fast a count grows, over the last 20 seconds. The zero value is ready to use.
type meter struct{ readings []reading }

type reading struct {
	at    time.Time
	count int
}

const (
	meterWindow = 20 * time.Second
	meterStep   = 500 * time.Millisecond
	meterLeast  = 2 * time.Second // a rate over less time is a guess
)

// rate records the count and returns its growth per second; 0 if it is not known yet.
func (m *meter) rate(now time.Time, count int) float64 {
	if last := len(m.readings) - 1; last < 0 || now.Sub(m.readings[last].at) >= meterStep {
		m.readings = append(m.readings, reading{now, count})
	}
	for len(m.readings) > 1 && now.Sub(m.readings[1].at) >= meterWindow {
		m.readings = m.readings[1:]
	}
	if len(m.readings) > 1 && m.readings[1].count == 0 { // it has only begun
		m.readings = m.readings[1:]
	}
	first := m.readings[0]
	if now.Sub(first.at) < meterLeast {
		return 0
	}
	return float64(count-first.count) / now.Sub(first.at).Seconds()
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
		return fmt.Sprintf("%d s left", roundUp(left, 5*time.Second)/time.Second)
	case left <= 90*time.Minute:
		return fmt.Sprintf("%d min left", roundUp(left, time.Minute)/time.Minute)
	default:
		return fmt.Sprintf("%d h left", roundUp(left, time.Hour)/time.Hour)
	}
}

func roundUp(d, unit time.Duration) time.Duration { return (d + unit - 1) / unit * unit }
