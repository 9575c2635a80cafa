package terminal

import (
	"cmp"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/codecov-port/codecov-port/internal/backfill"
)

// rows returns the lines of the live view; busy marks those without a count.
func (c state) rows(busy string) []Row {
	switch c.snapshot.Stage {
	case backfill.Discovering:
		return []Row{{Label: busy, Texts: c.aside("listing Codecov's repositories"+c.listed()+" and reading back Port", "reading both sides")}}
	case backfill.Reading, backfill.Writing:
		return []Row{c.readingRow(), c.writingRow()}
	}
	return nil
}

// aside returns texts about an activity, or about what it waits for.
func (c state) aside(long, short string) []string {
	waits := strings.Join(c.waits(), ", ")
	if waits == "" {
		return []string{long, short}
	}
	return []string{long + ": " + waits, short + ": " + waits, waits, shortWait(later(c.snapshot.Port.WaitsUntil, c.snapshot.Codecov.WaitsUntil).Sub(c.at))}
}

func (c state) listed() string {
	if c.snapshot.Listed == 0 {
		return ""
	}
	return fmt.Sprintf(", %s so far,", Count(c.snapshot.Listed))
}

// steps is the resolution of a bar.
const steps = 1000

func (c state) readingRow() Row {
	row := Row{Label: "reading", Done: int(c.readShare * steps), Total: steps}
	if c.snapshot.Stage > backfill.Reading {
		row.Texts = []string{fmt.Sprintf("%s repositories, %s commits", Count(c.snapshot.RepositoriesDone), Count(c.snapshot.Commits)), Count(c.snapshot.Commits)}
		return row
	}
	repositories := fmt.Sprintf("%s of %s repositories", Count(c.snapshot.RepositoriesDone), Count(c.snapshot.Repositories))
	commits, rate, left := Count(c.snapshot.Commits), perSecond(c.read), timeLeft(c.readingLeft)
	if wait := waiting("Codecov", c.snapshot.Codecov.WaitsUntil.Sub(c.at)); wait != "" {
		row.Texts = []string{repositories + ", " + wait, commits + ", " + wait, wait, shortWait(c.snapshot.Codecov.WaitsUntil.Sub(c.at))}
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

func (c state) writingRow() Row {
	row := Row{Label: "writing"}
	found := Count(c.snapshot.Found)
	switch {
	case c.snapshot.DryRun:
		row.Texts = []string{joined(found+" entities would be written", c.unchanged()), found + " entities", found}
		return row
	case c.snapshot.Found == 0:
		row.Texts = []string{joined("nothing yet", c.unchanged()), "nothing yet"}
		return row
	case c.snapshot.Held && c.snapshot.Settled == 0:
		row.Texts = []string{found + " new entities wait until everything is read", found + " to write"}
		return row
	}
	row.Done, row.Total = int(float64(c.snapshot.Settled)/float64(c.toSettle)*steps), steps
	done, rate, left := Count(c.snapshot.Settled), perSecond(c.settled), timeLeft(c.writingLeft)
	if wait := waiting("Port", c.snapshot.Port.WaitsUntil.Sub(c.at)); wait != "" {
		row.Texts = []string{joined(done+c.ofEntities("~")+" entities", wait), joined(done, wait), wait, shortWait(c.snapshot.Port.WaitsUntil.Sub(c.at))}
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

// sentence returns the progress as a sentence, or "".
func (c state) sentence() string {
	text := ""
	switch c.snapshot.Stage {
	case backfill.Discovering:
		text = "listing Codecov's repositories" + c.listed() + " and reading back Port"
	case backfill.Reading:
		text = fmt.Sprintf("reading %s of %s repositories, %s%s commits; %s", Count(c.snapshot.RepositoriesDone), Count(c.snapshot.Repositories),
			Count(c.snapshot.Commits), c.ofCommits("about "), c.writingWords())
	case backfill.Writing:
		text = fmt.Sprintf("read %s repositories, %s commits; %s", Count(c.snapshot.RepositoriesDone), Count(c.snapshot.Commits), c.writingWords())
	case backfill.Ended:
		return ""
	}
	return strings.Join(append([]string{text}, c.waits()...), "; ")
}

func (c state) writingWords() string {
	left := timeLeft(max(c.readingLeft, c.writingLeft))
	found := Count(c.snapshot.Found) + " entities"
	switch {
	case c.snapshot.DryRun:
		return joined(found+" would be written", left)
	case c.snapshot.Found == 0:
		return joined("nothing to write yet", c.unchanged(), left)
	case c.snapshot.Held && c.snapshot.Settled == 0:
		return joined(found+" wait until everything is read", left)
	}
	rate := ""
	if c.settled > 0 {
		rate = speedText(c.settled) + " per second"
	}
	return joined(fmt.Sprintf("wrote %s%s entities", Count(c.snapshot.Written), c.ofEntities("about ")), c.failed(), rate, left)
}

// waits describes the current waits, Port first: it has the rate limit.
func (c state) waits() []string {
	var all []string
	for _, side := range []struct {
		name  string
		until time.Time
	}{{"Port", c.snapshot.Port.WaitsUntil}, {"Codecov", c.snapshot.Codecov.WaitsUntil}} {
		if wait := waiting(side.name, side.until.Sub(c.at)); wait != "" {
			all = append(all, wait)
		}
	}
	return all
}

// waiting describes a wait for a rate limit; "" for one below a second.
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

func (c state) failed() string {
	if c.snapshot.Failed == 0 {
		return ""
	}
	return Count(c.snapshot.Failed) + " failed"
}

func (c state) unchanged() string {
	if c.snapshot.Unchanged == 0 {
		return ""
	}
	return Count(c.snapshot.Unchanged) + " unchanged"
}

// ofCommits returns the number of expected commits, with a word before it if it is an estimate.
func (c state) ofCommits(about string) string {
	if c.snapshot.CommitsCounted {
		return ofAll(c.snapshot.CommitsExpected, "")
	}
	return ofAll(c.snapshot.CommitsExpected, about)
}

func (c state) ofEntities(about string) string {
	if c.snapshot.Stage > backfill.Reading {
		return ofAll(c.toSettle, "")
	}
	return ofAll(c.toSettle, about)
}

// ofAll formats a total. An estimate has two significant digits, so that it does not flicker.
func ofAll(all int, about string) string {
	switch {
	case all == 0:
		return ""
	case about != "":
		all = twoDigits(all)
	}
	return " of " + about + Count(all)
}

// twoDigits rounds up to two significant digits.
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

// joined joins the parts that are not empty with commas.
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
