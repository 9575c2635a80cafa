// Package progress tells on the standard error how a run goes.
package progress

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/codecov-port/codecov-port/internal/backfill"
	"github.com/codecov-port/codecov-port/internal/terminal"
)

const (
	redrawn = 100 * time.Millisecond // how often the live view is
	retold  = 5 * time.Second        // how often a plain line is written
)

// Run is backfill.Run, told of while it goes on: in a live view where the errors go to a terminal, and elsewhere in a line
// now and then. It is silent where that is asked for, and where the result runs over the same terminal meanwhile.
func Run(ctx context.Context, streams *terminal.Streams, options backfill.Options) (*backfill.Result, error) {
	if options.Preview != nil && streams.OutIsTerminal() {
		return backfill.Run(ctx, options)
	}
	options.Progress = new(backfill.Progress)
	defer follow(ctx, streams, options.Progress)()
	return backfill.Run(ctx, options)
}

// follow tells how a run goes until stop is called, or ctx ends: in a live view where there is a terminal, and elsewhere
// in a line now and then. stop leaves no trace of the view.
func follow(ctx context.Context, streams *terminal.Streams, progress *backfill.Progress) (stop func()) {
	if streams.Quiet {
		return func() {}
	}
	f := &follower{streams: streams}
	show, every := f.tell, retold
	if streams.Live().Possible() {
		show, every = f.draw, redrawn
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
				f.look(progress.Snapshot(), now)
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

// follower follows one run.
type follower struct {
	streams           *terminal.Streams
	course            course
	reading, settling meter
	furthest          float64 // share of the reading: the bar does not go back when more is expected than before
	looks             int
}

// course is how a run goes at one instant.
type course struct {
	backfill.Snapshot
	at          time.Time
	read        float64       // commits a second; 0: not known yet
	settled     float64       // entities a second; 0: not known yet
	readingLeft time.Duration // 0: not known
	writingLeft time.Duration // 0: not known
	readShare   float64       // of what there is to read, 0 to 1
	toSettle    int           // entities that there will have been to write
}

// look takes note of a snapshot.
func (f *follower) look(s backfill.Snapshot, now time.Time) {
	f.looks++
	c := course{Snapshot: s, at: now, toSettle: toSettle(s)}
	c.read, c.settled = f.reading.rate(now, s.Commits), f.settling.rate(now, s.Settled)
	if s.CommitsExpected > 0 {
		c.readingLeft = timeFor(s.CommitsExpected-s.Commits, c.read)
	}
	c.writingLeft = timeFor(c.toSettle-s.Settled, c.settled)
	f.furthest = max(f.furthest, shareRead(s))
	c.readShare = f.furthest
	f.course = c
}

// shareRead is how much of what there is to read has been read. All of it only once all is.
func shareRead(s backfill.Snapshot) float64 {
	const almost = 0.99
	switch {
	case s.Stage == backfill.Looking:
		return 0
	case s.Stage > backfill.Reading:
		return 1
	case s.CommitsExpected > 0:
		return min(float64(s.Commits)/float64(s.CommitsExpected), almost)
	}
	return min(float64(s.RepositoriesEnded)/float64(max(s.Repositories, 1)), almost)
}

// toSettle is how many entities there will have been to write, if what is still to be read gives as many as what has
// been read.
func toSettle(s backfill.Snapshot) int {
	if s.Stage != backfill.Reading || s.Commits == 0 {
		return s.Found
	}
	return max(s.Found, int(float64(s.Found)*float64(s.CommitsExpected)/float64(s.Commits)))
}

// draw shows the course in the live view.
func (f *follower) draw() {
	live := f.streams.Live()
	live.Draw(terminal.Rows(f.course.rows(spinner(f.looks)), live.Width(), f.streams.ErrStyle())...)
}

// tell shows the course in a line of its own.
func (f *follower) tell() {
	if text := f.course.sentence(); text != "" && !f.streams.Live().Away() {
		_, _ = fmt.Fprintln(f.streams.Err, text)
	}
}

// spinner shows that something goes on where there is nothing to count.
func spinner(looks int) string {
	frames := []rune("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏")
	return string(frames[looks%len(frames)])
}
