package progress

import (
	"cmp"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/codecov-port/codecov-port/internal/backfill"
	"github.com/codecov-port/codecov-port/internal/terminal"
)

// rows are the lines of the live view; busy marks those that have nothing to count.
func (c course) rows(busy string) []terminal.Row {
	switch c.Stage {
	case backfill.Looking:
		return []terminal.Row{{Label: busy, Texts: c.aside("looking at Codecov's repositories"+c.listed()+" and at what Port holds", "looking at both sides")}}
	case backfill.Reading, backfill.Writing:
		return []terminal.Row{c.readingRow(), c.writingRow()}
	case backfill.Settling:
		return []terminal.Row{{Label: busy, Texts: c.aside("asking Codecov for what its list no longer has", "asking what has gone")}}
	}
	return nil
}

// aside gives texts on what is done, or where that waits, on what it waits for.
func (c course) aside(long, short string) []string {
	waits := strings.Join(c.waits(), ", ")
	if waits == "" {
		return []string{long, short}
	}
	return []string{long + ": " + waits, short + ": " + waits, waits, shortWait(later(c.Port.WaitsUntil, c.Codecov.WaitsUntil).Sub(c.at))}
}

func (c course) listed() string {
	if c.Listed == 0 {
		return ""
	}
	return fmt.Sprintf(", %s so far,", terminal.Count(c.Listed))
}

// steps is how fine the share of a bar is.
const steps = 1000

func (c course) readingRow() terminal.Row {
	row := terminal.Row{Label: "reading", Done: int(c.readShare * steps), Total: steps}
	if c.Stage > backfill.Reading {
		row.Texts = []string{fmt.Sprintf("%s repositories, %s commits", terminal.Count(c.RepositoriesEnded), terminal.Count(c.Commits)), terminal.Count(c.Commits)}
		return row
	}
	repositories := fmt.Sprintf("%s of %s repositories", terminal.Count(c.RepositoriesEnded), terminal.Count(c.Repositories))
	commits, rate, left := terminal.Count(c.Commits), perSecond(c.read), timeLeft(c.readingLeft)
	if wait := waiting("Codecov", c.Codecov.WaitsUntil.Sub(c.at)); wait != "" {
		row.Texts = []string{repositories + ", " + wait, commits + ", " + wait, wait, shortWait(c.Codecov.WaitsUntil.Sub(c.at))}
		return row
	}
	row.Texts = []string{
		joined(repositories, commits+c.ofCommits("~")+" commits", rate, left),
		joined(commits+c.ofCommits("~")+" commits", rate, left),
		joined(commits+" commits", rate, left),
		joined(commits+" commits", left),
		joined(commits, left),
		cmp.Or(left, commits),
	}
	return row
}

func (c course) writingRow() terminal.Row {
	row := terminal.Row{Label: "writing"}
	found := terminal.Count(c.Found)
	switch {
	case c.DryRun:
		row.Texts = []string{joined(found+" entities would be written", c.unchanged()), found + " entities", found}
		return row
	case c.Found == 0:
		row.Texts = []string{joined("nothing so far", c.unchanged()), "nothing so far"}
		return row
	case c.Held && c.Settled == 0:
		row.Texts = []string{found + " entities found: to be written once all is read", found + " to write"}
		return row
	}
	row.Done, row.Total = int(float64(c.Settled)/float64(c.toSettle)*steps), steps
	done, rate, left := terminal.Count(c.Settled), perSecond(c.settled), timeLeft(c.writingLeft)
	if wait := waiting("Port", c.Port.WaitsUntil.Sub(c.at)); wait != "" {
		row.Texts = []string{joined(done+c.ofEntities("~")+" entities", wait), joined(done, wait), wait, shortWait(c.Port.WaitsUntil.Sub(c.at))}
		return row
	}
	row.Texts = []string{
		joined(done+c.ofEntities("~")+" entities", c.failed(), rate, left),
		joined(done+" entities", c.failed(), rate, left),
		joined(done, c.failed(), left),
		joined(done, left),
		cmp.Or(left, done),
	}
	return row
}

// sentence is the course in words; "" where there is nothing to tell.
func (c course) sentence() string {
	text := ""
	switch c.Stage {
	case backfill.Looking:
		text = "looking at Codecov's repositories" + c.listed() + " and at what Port holds"
	case backfill.Reading:
		text = fmt.Sprintf("reading %s of %s repositories, %s%s commits; %s", terminal.Count(c.RepositoriesEnded), terminal.Count(c.Repositories),
			terminal.Count(c.Commits), c.ofCommits("about "), c.writingWords())
	case backfill.Writing:
		text = fmt.Sprintf("read %s repositories, %s commits; %s", terminal.Count(c.RepositoriesEnded), terminal.Count(c.Commits), c.writingWords())
	case backfill.Settling:
		text = "asking Codecov for what its list no longer has"
	case backfill.Ended:
		return ""
	}
	return strings.Join(append([]string{text}, c.waits()...), "; ")
}

func (c course) writingWords() string {
	left := timeLeft(max(c.readingLeft, c.writingLeft))
	found := terminal.Count(c.Found) + " entities"
	switch {
	case c.DryRun:
		return joined(found+" would be written", left)
	case c.Found == 0:
		return joined("nothing to write so far", c.unchanged(), left)
	case c.Held && c.Settled == 0:
		return joined(found+" to be written once all is read", left)
	}
	rate := ""
	if c.settled > 0 {
		rate = speedText(c.settled) + " a second"
	}
	return joined(fmt.Sprintf("written %s%s entities", terminal.Count(c.Written), c.ofEntities("about ")), c.failed(), rate, left)
}

// waits tells of what is waited for, Port first: it is the one with a limit.
func (c course) waits() []string {
	var all []string
	for _, side := range []struct {
		name  string
		until time.Time
	}{{"Port", c.Port.WaitsUntil}, {"Codecov", c.Codecov.WaitsUntil}} {
		if wait := waiting(side.name, side.until.Sub(c.at)); wait != "" {
			all = append(all, wait)
		}
	}
	return all
}

// waiting tells of a wait for a rate limit; "" for one that is not worth a word.
func waiting(side string, left time.Duration) string {
	if left < time.Second {
		return ""
	}
	return shortWait(left) + " for " + side + "'s rate limit"
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func shortWait(left time.Duration) string {
	return fmt.Sprintf("waiting %d s", roundUp(left, time.Second)/time.Second)
}

func (c course) failed() string {
	if c.Failed == 0 {
		return ""
	}
	return terminal.Count(c.Failed) + " failed"
}

func (c course) unchanged() string {
	if c.Unchanged == 0 {
		return ""
	}
	return terminal.Count(c.Unchanged) + " unchanged"
}

// ofCommits is the number of commits that are expected, with a word before it where that is an estimate.
func (c course) ofCommits(about string) string {
	if c.CommitsCounted {
		return ofAll(c.CommitsExpected, "")
	}
	return ofAll(c.CommitsExpected, about)
}

func (c course) ofEntities(about string) string {
	if c.Stage > backfill.Reading {
		return ofAll(c.toSettle, "")
	}
	return ofAll(c.toSettle, about)
}

// ofAll tells of how many something is. An estimate has no more digits than it deserves, and does not flicker.
func ofAll(all int, about string) string {
	switch {
	case all == 0:
		return ""
	case about != "":
		all = twoDigits(all)
	}
	return " of " + about + terminal.Count(all)
}

// twoDigits rounds up to a number whose other digits are 0.
func twoDigits(n int) int {
	unit := int(math.Pow10(max(len(fmt.Sprint(n))-2, 0)))
	return (n + unit - 1) / unit * unit
}

func perSecond(rate float64) string {
	if rate <= 0 {
		return ""
	}
	return speedText(rate) + "/s"
}

func timeLeft(left time.Duration) string {
	if left <= 0 {
		return ""
	}
	return leftText(left) + " left"
}

// joined puts commas between the parts that say something.
func joined(parts ...string) string {
	var text strings.Builder
	for _, part := range parts {
		if part != "" && text.Len() > 0 {
			text.WriteString(", ")
		}
		text.WriteString(part)
	}
	return text.String()
}
