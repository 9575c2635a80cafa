package terminal

import (
	"context"
	"fmt"
	"math"
	"strings"
	"sync"
	"time"

	"github.com/codecov-port/codecov-port/internal/backfill"
)

const (
	drawInterval = 100 * time.Millisecond // of the live view
	lineInterval = 5 * time.Second        // of plain lines
)

// RunBackfill is backfill.Run with progress: a live view if errors go to a terminal, and otherwise a line after 2 seconds and
// then every 5 seconds, with the time.
// It shows no progress if streams.Quiet is set or if previews are printed to the same terminal.
func RunBackfill(ctx context.Context, streams *Streams, options backfill.Options) (*backfill.Result, error) {
	if streams.Quiet || options.Preview != nil && IsTerminal(streams.Out) {
		return backfill.Run(ctx, options)
	}
	options.Progress = new(backfill.Progress)
	defer follow(ctx, streams, options.Progress)()
	return backfill.Run(ctx, options)
}

// follow shows progress until stop is called or ctx ends. stop erases the live view.
func follow(ctx context.Context, streams *Streams, progress *backfill.Progress) (stop func()) {
	s := &state{streams: streams}
	show, first, interval := s.printLine, patience, lineInterval
	if streams.LiveView().Possible() {
		show, first, interval = s.draw, drawInterval, drawInterval
	}
	ctx, cancel := context.WithCancel(ctx)
	var following sync.WaitGroup
	following.Go(func() {
		ticker := time.NewTicker(first)
		defer ticker.Stop()
		defer streams.LiveView().Draw()
		for {
			select {
			case now := <-ticker.C:
				s.update(progress.Snapshot(), now)
				show()
				ticker.Reset(interval)
			case <-ctx.Done():
				return
			}
		}
	})
	return func() {
		cancel()
		following.Wait()
	}
}

// state is the progress of a run at one moment.
type state struct {
	streams   *Streams
	snapshot  backfill.Snapshot
	at        time.Time
	updates   int
	readShare float64 // of all commits, from 0 to 1; the bar does not go back when more is expected
	readRate  float64 // commits per second; 0: unknown
	writeRate float64 // entities per second; 0: unknown

	reading, writing meter
}

func (s *state) update(snapshot backfill.Snapshot, now time.Time) {
	s.snapshot, s.at = snapshot, now
	s.updates++
	s.readShare = max(s.readShare, readShare(snapshot))
	s.readRate, s.writeRate = s.reading.rate(now, snapshot.Commits), s.writing.rate(now, snapshot.Settled)
}

// readShare returns the share of the commits that has been read; 1 only when all are.
func readShare(s backfill.Snapshot) float64 {
	done, of := s.RepositoriesDone, s.Repositories
	if s.CommitsExpected > 0 {
		done, of = s.Commits, s.CommitsExpected
	}
	switch {
	case s.Stage == backfill.Discovering:
		return 0
	case s.Stage > backfill.Reading:
		return 1
	}
	return min(float64(done)/float64(max(of, 1)), 0.99)
}

// draw draws the live view. A spinner shows activity where there is nothing to count.
func (s *state) draw() {
	spinner := []rune("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏")
	view := s.streams.LiveView()
	view.Draw(alignRows(s.rows(string(spinner[s.updates%len(spinner)])), Width(view), s.streams.Style(s.streams.Err))...)
}

func (s *state) printLine() {
	if text := s.line(); text != "" && !s.streams.LiveView().Asking() {
		_ = s.streams.note(s.at, text)
	}
}

// meter measures how fast a count grows. The zero value is ready to use.
type meter []reading

type reading struct {
	at    time.Time
	count int
}

// rate records the count and returns its growth per second over the last 20 seconds; 0 if less than 2 are known.
func (m *meter) rate(now time.Time, count int) float64 {
	readings := append(*m, reading{now, count})
	for len(readings) > 1 && (now.Sub(readings[1].at) >= 20*time.Second || readings[1].count == 0) {
		readings = readings[1:]
	}
	*m = readings
	took := now.Sub(readings[0].at)
	if took < 2*time.Second {
		return 0
	}
	return float64(count-readings[0].count) / took.Seconds()
}

// note prints a line about what goes on, with the time unless a terminal shows it at once.
func (s *Streams) note(at time.Time, text string) error {
	if !IsTerminal(s.Err) {
		text = at.Format(time.TimeOnly) + " " + text
	}
	_, err := fmt.Fprintln(s.Err, text)
	return err
}

// rows returns the lines of the live view; busy is the label of a row without a count.
func (s *state) rows(busy string) []row {
	switch c := s.snapshot; c.Stage {
	case backfill.Discovering:
		listed := ""
		if c.Listed > 0 {
			listed = Plural(c.Listed, "repository") + " so far"
		}
		return []row{{label: busy, share: -1, parts: nonempty("listing Codecov's repositories and reading back Port", listed,
			waitText("Port", c.Port.WaitsUntil.Sub(s.at)), waitText("Codecov", c.Codecov.WaitsUntil.Sub(s.at)))}}
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
	return fmt.Sprintf("waiting %d s for %s's rate limit", (left+time.Second-1)/time.Second, side)
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
	if rate <= 0 {
		return ""
	}
	if rate >= 10 {
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
	left, unit := time.Duration(float64(count)/rate*float64(time.Second)), 5*time.Second
	switch {
	case left <= 10*time.Second:
		return "seconds left"
	case left > 90*time.Minute:
		unit = time.Hour
	case left > 90*time.Second:
		unit = time.Minute
	}
	return Duration((left+unit-1)/unit*unit) + " left"
}
