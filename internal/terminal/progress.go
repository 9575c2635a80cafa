package terminal

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/codecov-port/codecov-port/internal/backfill"
)

const (
	drawInterval = 100 * time.Millisecond // of the live view
	lineInterval = 5 * time.Second        // of plain lines
)

// RunBackfill is backfill.Run with progress: a live view if errors go to a terminal, and a line every few seconds otherwise. It shows
// no progress if streams.Quiet is set or if previews are printed to the same terminal.
func RunBackfill(ctx context.Context, streams *Streams, options backfill.Options) (*backfill.Result, error) {
	if options.Preview != nil && streams.OutIsTerminal() {
		return backfill.Run(ctx, options)
	}
	options.Progress = new(backfill.Progress)
	defer follow(ctx, streams, options.Progress)()
	return backfill.Run(ctx, options)
}

// follow shows progress until stop is called or ctx ends. stop erases the live view.
func follow(ctx context.Context, streams *Streams, progress *backfill.Progress) (stop func()) {
	if streams.Quiet {
		return func() {}
	}
	f := &follower{streams: streams}
	show, every := f.printLine, lineInterval
	if streams.Live().Possible() {
		show, every = f.draw, drawInterval
	}
	ctx, cancel := context.WithCancel(ctx)
	var following sync.WaitGroup
	following.Go(func() {
		ticker := time.NewTicker(every)
		defer ticker.Stop()
		defer streams.Live().Draw()
		for {
			select {
			case now := <-ticker.C:
				f.update(progress.Snapshot(), now)
				show()
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

// follower shows the progress of one run.
type follower struct {
	streams           *Streams
	state             state
	reading, settling meter
	furthest          float64 // share of the reading: the bar does not go back when more is expected
	updates           int
}

// state is the progress of a run at one moment.
type state struct {
	snapshot    backfill.Snapshot
	at          time.Time
	read        float64       // commits per second; 0: unknown
	settled     float64       // entities per second; 0: unknown
	readingLeft time.Duration // 0: unknown
	writingLeft time.Duration // 0: unknown
	readShare   float64       // of everything to read, 0 to 1
	toSettle    int           // entities to write in all, estimated
}

// update records a snapshot.
func (f *follower) update(s backfill.Snapshot, now time.Time) {
	f.updates++
	c := state{snapshot: s, at: now, toSettle: toSettle(s)}
	c.read, c.settled = f.reading.rate(now, s.Commits), f.settling.rate(now, s.Settled)
	if s.CommitsExpected > 0 {
		c.readingLeft = timeFor(s.CommitsExpected-s.Commits, c.read)
	}
	c.writingLeft = timeFor(c.toSettle-s.Settled, c.settled)
	f.furthest = max(f.furthest, shareRead(s))
	c.readShare = f.furthest
	f.state = c
}

// shareRead returns the share that has been read; 1 only when everything has.
func shareRead(s backfill.Snapshot) float64 {
	const almost = 0.99
	switch {
	case s.Stage == backfill.Discovering:
		return 0
	case s.Stage > backfill.Reading:
		return 1
	case s.CommitsExpected > 0:
		return min(float64(s.Commits)/float64(s.CommitsExpected), almost)
	}
	return min(float64(s.RepositoriesDone)/float64(max(s.Repositories, 1)), almost)
}

// toSettle estimates the number of entities to write, if the rest returns as many as what has been read.
func toSettle(s backfill.Snapshot) int {
	if s.Stage != backfill.Reading || s.Commits == 0 {
		return s.Found
	}
	return max(s.Found, int(float64(s.Found)*float64(s.CommitsExpected)/float64(s.Commits)))
}

// draw draws the live view.
func (f *follower) draw() {
	live := f.streams.Live()
	live.Draw(Rows(f.state.rows(spinner(f.updates)), live.Width(), f.streams.ErrStyle())...)
}

// printLine prints the progress as a line.
func (f *follower) printLine() {
	if text := f.state.sentence(); text != "" && !f.streams.Live().Hidden() {
		_, _ = fmt.Fprintln(f.streams.Err, text)
	}
}

// spinner shows activity where there is nothing to count.
func spinner(updates int) string {
	frames := []rune("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏")
	return string(frames[updates%len(frames)])
}
